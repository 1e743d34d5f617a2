"""The supervisor's process: `run` in a terminal, or `supervise` in the background, from the lock to the last stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping

from deploy.local import demo_project, ports, record, stack, stores
from deploy.local.home import Home, Secrets
from deploy.local.settings import Settings
from deploy.local.supervisor import Supervisor
from ingest_api import stream

Say = Callable[[str], None]
#: what is done once the stack is ready; takes the variables of demo.env
Show = Callable[[Mapping[str, str]], Awaitable[None]]


async def serve(home: Home, settings: Settings, say: Say, show: Show) -> None:
    """Run the stack until SIGINT, SIGTERM or SIGHUP; a second signal ends the parts at once.

    Raises `HomeTaken`, `PortTaken` or `StartFailed`; whatever had started is stopped by then.
    """
    home.make()
    with home.lock():
        _sweep(home, say)
        secrets, chosen = home.secrets(), _choose_ports(home, settings, say)
        stores.write_redis_conf(home, chosen["redis"], secrets, settings.redis_maxmemory)
        specs = stack.specs(home, settings, chosen, secrets)
        supervisor = Supervisor(home, specs, start_seconds=settings.start_seconds, say=say)
        stopped = _stop_on_signal(supervisor)
        try:
            async with supervisor:
                await supervisor.start()
                home.write_demo_env(await _demo_environment(home, chosen, secrets))
                supervisor.ready()
                await show(home.read_demo_env())
                await supervisor.hold()
        except asyncio.CancelledError:
            if not stopped.is_set():
                raise


def _sweep(home: Home, say: Say) -> None:
    """Stop what a supervisor left behind that was killed before it could."""
    left = record.leftovers(record.read(home.stack_json).parts)
    for part in left:
        say(f"{part.name} (pid {part.pid}) was left over from a stack that was killed; stopping it")
    record.stop(left)


def _choose_ports(home: Home, settings: Settings, say: Say) -> dict[str, int]:
    chosen, sentences = ports.choose(settings.ports, home.read_ports(), strict=settings.strict_ports)
    home.write_ports(chosen)
    for sentence in sentences:
        say(sentence)
    return {name: choice.got for name, choice in chosen.items()}


async def _demo_environment(home: Home, chosen: Mapping[str, int], secrets: Secrets) -> dict[str, str]:
    at = stack.urls(chosen, secrets)
    redis = stream.connect(at.redis)
    try:
        return demo_project.environment(at, await demo_project.ensure(redis, home.read_demo_env()))
    finally:
        await redis.aclose()


def _stop_on_signal(supervisor: Supervisor) -> asyncio.Event:
    stopped, task, loop = asyncio.Event(), asyncio.current_task(), asyncio.get_running_loop()

    def on_signal() -> None:
        if stopped.is_set():
            supervisor.kill()
        elif task is not None:
            stopped.set()
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    return stopped
