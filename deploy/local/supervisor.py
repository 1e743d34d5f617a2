"""The supervisor: starts the parts one after the other, keeps them running, and stops them, stores last."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from signal import SIGKILL, SIGTERM

from deploy.local import record
from deploy.local.home import Home
from deploy.local.part import Part, Spec
from deploy.local.record import StackRecord

#: what the services and then the stores get between SIGTERM and SIGKILL; together under five seconds
SERVICE_SECONDS = 2.8
STORE_SECONDS = 1.8


class Supervisor:
    """Owns the processes of one stack. Use it as an async context manager: leaving it stops every part."""

    def __init__(self, home: Home, specs: Sequence[Spec], *, start_seconds: float, say: Callable[[str], None]) -> None:
        self._home = home
        self._start_seconds = start_seconds
        self._say = say
        self._parts = [Part(spec, home.logs, changed=self._write, say=self._say_when) for spec in specs]
        self._keepers: set[asyncio.Task[None]] = set()
        self._state = "starting"

    async def __aenter__(self) -> "Supervisor":
        self._write()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stop()

    async def start(self) -> None:
        """Start every part when the one before is ready. Raises `part.StartFailed`."""
        for part in self._parts:
            began = time.monotonic()
            await part.start(self._start_seconds)
            seconds = time.monotonic() - began
            if part.spec.probe is None:
                self._say(f"{part.spec.label:<12} done    {'':<16} {seconds:4.1f} s")
                continue
            where = f"127.0.0.1:{part.spec.port}" if part.spec.port else f"pid {part.record.pid}"
            self._say(f"{part.spec.label:<12} ready   {where:<16} {seconds:4.1f} s")
            self._keepers.add(asyncio.get_running_loop().create_task(part.keep()))

    def ready(self) -> None:
        """Let stack.json say that the stack can be used."""
        self._state = "ready"
        self._write()

    async def hold(self) -> None:
        """Keep the parts running. Returns only by cancellation, or raises what broke the supervision itself."""
        await asyncio.gather(*self._keepers)

    def kill(self) -> None:
        """End every part at once, for an operator who does not want to wait."""
        for part in self._parts:
            part.signal(SIGKILL)

    async def _stop(self) -> None:
        self._state = "stopping"
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await _end([part for part in self._parts if not part.spec.store], SERVICE_SECONDS)
        await _end([part for part in self._parts if part.spec.store], STORE_SECONDS)
        self._state = "stopped"
        self._write()

    def _say_when(self, text: str) -> None:
        self._say(f"{time.strftime('%H:%M:%S')} {text}")

    def _write(self) -> None:
        parts = tuple(part.record for part in self._parts if part.listed)
        try:
            record.write(self._home.stack_json, StackRecord(parts, self._state, os.getpid()))
        except OSError as error:  # a full disk must not end the supervision
            self._say_when(f"stack.json could not be written: {error}")


async def _end(parts: list[Part], grace: float) -> None:
    """SIGTERM in reverse order, SIGKILL for those that stay longer than `grace` seconds."""
    for part in reversed(parts):
        part.signal(SIGTERM)
    try:
        async with asyncio.timeout(grace):
            await _all_ended(parts)
    except TimeoutError:
        for part in parts:
            part.signal(SIGKILL)
        await _all_ended(parts)


def _all_ended(parts: Iterable[Part]) -> Awaitable[object]:
    return asyncio.gather(*(part.ended() for part in parts))
