"""One part of the stack: a process that is started, known to be ready, restarted when it dies, and stopped."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.local.backoff import Backoff
from deploy.local.leash import leashed
from deploy.local.process import start_time
from deploy.local.ready import Probe
from deploy.local.record import PartRecord

_POLL_SECONDS = 0.05
_LOG_BYTES = 16 * 1024 * 1024
_TAIL_LINES = 20


class StartFailed(RuntimeError):
    """A part did not become ready. The text says which one and why, and ends with its last log lines."""


@dataclass(frozen=True, slots=True)
class Spec:
    """How to start a part and how to know that it is ready."""

    name: str
    command: tuple[str, ...]
    #: None for a command that has done its work when it ends with exit code 0
    probe: Probe | None
    env: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    #: a store is stopped after everything that uses it
    store: bool = False
    #: tells parts of one name apart
    number: int = 1

    @property
    def label(self) -> str:
        """What the console and the log file call it."""
        return self.name if self.number == 1 else f"{self.name}-{self.number}"


class Part:
    """A running `Spec`. `changed` is called after every change of pid or restarts; `say` gets one line."""

    def __init__(self, spec: Spec, logs: Path, *, changed: Callable[[], None], say: Callable[[str], None]) -> None:
        self.spec = spec
        self.log = logs / f"{spec.label}.log"
        self.restarts = 0
        #: from its first start until it is stopped, also between a death and the restart
        self.listed = False
        self._changed = changed
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._started = 0.0
        self._problem = ""

    @property
    def record(self) -> PartRecord:
        """What stack.json says about it."""
        pid = self._process.pid if self._process else None
        return PartRecord(self.spec.name, pid, self.spec.port, self.restarts, self._started)

    async def start(self, timeout: float) -> None:
        """Start it and return when it is ready (or done). Raises `StartFailed` when it ends or `timeout` passes."""
        process = await self._spawn()
        try:
            async with asyncio.timeout(timeout):
                await self._until_ready(process)
        except TimeoutError:
            raise self._failed(f"is not ready after {timeout:g} s: {self._problem}") from None
        if process.returncode != (0 if self.spec.probe is None else None):
            raise self._failed(f"ended too early ({_reason(process)})")

    async def keep(self) -> None:
        """Start a part that became ready again whenever it dies, for ever, waiting longer each time."""
        backoff, healthy_since, process = Backoff(), time.monotonic(), self._process
        while process is not None:
            await process.wait()
            self._process = None
            self._changed()
            delay = backoff.after(time.monotonic() - healthy_since)
            self._say(f"{self.spec.label} died ({_reason(process)}); starting it again in {delay:g} s")
            await asyncio.sleep(delay)
            self.restarts += 1
            healthy_since = float("inf")
            try:
                process = await self._spawn()
            except OSError as error:  # no memory or no file descriptors: as good as another death
                self._say(f"{self.spec.label} could not be started: {error}")
                continue
            await self._until_ready(process)
            if process.returncode is None:
                healthy_since = time.monotonic()
                self._say(f"{self.spec.label} is ready again (pid {process.pid}, restart {self.restarts})")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def ended(self) -> None:
        """Return when the process is gone."""
        if self._process is not None:
            await self._process.wait()
        self._process, self.listed = None, False
        self._changed()

    async def _spawn(self) -> asyncio.subprocess.Process:
        with open_log(self.log) as log:
            self._process = process = await asyncio.create_subprocess_exec(
                *leashed(self.spec.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.spec.env},
                start_new_session=True,  # so that Ctrl-C in the terminal reaches the supervisor alone
            )
        self._started, self.listed = start_time(process.pid), True
        self._changed()
        return process

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        """Return when it is ready, or ended."""
        if self.spec.probe is None:
            self._problem = "it still runs"
            await process.wait()
            self._process, self.listed = None, False
            self._changed()
            return
        while process.returncode is None:
            self._problem = await self.spec.probe(process.pid)
            if not self._problem:
                return
            await asyncio.sleep(_POLL_SECONDS)

    def _failed(self, what: str) -> StartFailed:
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        tail = "\n".join(f"  {line}" for line in lines)
        return StartFailed(f"{self.spec.label} {what}. The end of {self.log}:\n{tail}")


def open_log(file: Path) -> IO[bytes]:
    """Open for appending; a file that has grown large makes room first, keeping one predecessor."""
    if file.exists() and file.stat().st_size > _LOG_BYTES:
        file.replace(file.with_suffix(".log.1"))
    return file.open("ab")


def _reason(process: asyncio.subprocess.Process) -> str:
    code = process.returncode or 0
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
