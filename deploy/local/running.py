"""A stack held by a test or a benchmark: `with running(home) as stack`. It ends with the process that holds it."""

import asyncio
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.local import background, record, status
from deploy.local.home import Home
from deploy.local.part import StartFailed
from deploy.local.record import PartRecord
from deploy.local.settings import Settings, variable

#: any free port for every part that listens
ANY_PORTS = {variable(field): "0" for field in Settings.model_fields if field == "port" or field.endswith("_port")}
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05


class RunningStack:
    """What its holder can ask and do. A part is killed by its pid; the supervisor then starts it again."""

    def __init__(self, home: Home, supervisor: "subprocess.Popen[bytes]") -> None:
        self.home = home
        self.supervisor = supervisor

    @property
    def env(self) -> dict[str, str]:
        """The variables of demo.env: URLs and keys."""
        return self.home.read_demo_env()

    def parts(self, name: str = "") -> list[PartRecord]:
        """The parts as stack.json has them now, all or those of one name."""
        parts = record.read(self.home.stack_json).parts
        return [part for part in parts if name in {"", part.name}]

    async def until_healthy(self, timeout: float = 30.0) -> None:
        """Wait until every part is healthy and every shard has an owner. Raises `TimeoutError` with what is not."""
        deadline = time.monotonic() + timeout
        while not (found := await status.ask(self.home, Settings())).healthy:
            if time.monotonic() > deadline:
                raise TimeoutError(str(found))
            await asyncio.sleep(_POLL_SECONDS)

    def stop(self) -> int:
        """Stop every part and wait for it. Returns the supervisor's exit code."""
        self.supervisor.terminate()
        return self.supervisor.wait(_STOP_SECONDS)


@contextmanager
def running(home: Path, environ: Mapping[str, str] | None = None) -> Iterator[RunningStack]:
    """Start a stack in this home, on any free ports unless `environ` says otherwise, and stop it at the end.

    The kernel ends it with the thread that called this: call it in the main thread. Raises `HomeTaken`, or
    `StartFailed` with everything that the supervisor said.
    """
    launch = background.launch(Home(home), environ={**ANY_PORTS, **(environ or {})}, die_with_parent=True)
    said: list[str] = []
    stack = RunningStack(launch.home, launch.supervisor)
    try:
        if not launch.until_ready(said.append):
            raise StartFailed("\n".join(said))
        yield stack
    finally:
        stack.stop()
