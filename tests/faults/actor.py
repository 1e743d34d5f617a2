"""An actor: one real process of the stage, which is started, ended in any way, and started again."""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.leash import leashed
from deploy.local.ready import Probe
from ingest_api import fault
from tests.waiting import until

#: of a machine on which much else runs
READY_SECONDS = 60.0


class NotReady(RuntimeError):
    """An actor ended, or took too long, before it was ready. The text ends with its last log lines."""


@dataclass(slots=True)
class Actor:
    """A command with its environment, and the process that runs it now."""

    name: str
    command: tuple[str, ...]
    #: takes the pid; answers what is wrong, "" when nothing is
    probe: Probe
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs now. Raises `ProcessLookupError` when none does."""
        if self._process is None or self._process.returncode is not None:
            raise ProcessLookupError(f"{self.name} does not run")
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def launch(self, kill_point: str = "", **env: str) -> None:
        """Start it and do not wait. `kill_point` is a value of HEADRACE_FAULT."""
        armed = {fault.VARIABLE: kill_point} if kill_point else {}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *leashed(self.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.env, **armed, **env},
            )

    async def start(self, kill_point: str = "", **env: str) -> None:
        """Start it and wait until it is ready. Raises `NotReady`."""
        await self.launch(kill_point, **env)
        await self.ready()

    async def ready(self, within: float = READY_SECONDS) -> None:
        """Wait until the probe finds nothing wrong. Raises `NotReady`."""
        said = ""

        async def look() -> bool:
            nonlocal said
            if not self.lives:
                raise NotReady(f"{self.name} ended. {self.tail()}")
            said = await self.probe(self.pid)
            return not said

        try:
            await until(look, within=within)
        except TimeoutError:
            raise NotReady(f"{self.name} is not ready after {within:g} s: {said}. {self.tail()}") from None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    async def ended(self, within: float = READY_SECONDS) -> int:
        """Wait for its end. Returns the exit code, negative for a signal. Raises `TimeoutError`."""
        if self._process is None:
            raise ProcessLookupError(f"{self.name} was never started")
        async with asyncio.timeout(within):
            return await self._process.wait()

    async def kill(self) -> None:
        """SIGKILL, and wait. Nothing happens when it does not run."""
        if self.lives:
            self.signal(signal.SIGKILL)
            await self.ended()

    async def stop(self) -> int:
        """SIGTERM, and wait. Returns the exit code; 0 when it did not run."""
        if not self.lives:
            return 0
        self.signal(signal.SIGTERM)
        return await self.ended()

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:] if self.log.exists() else []
        return "\n".join((f"The end of {self.log}:", *(f"  {line}" for line in text)))
