"""What the pipeline says of itself during a step, and how busy processors are where they can be seen."""

import asyncio
import contextlib
import os
import socket
import time
from pathlib import Path

from clients.cli.errors import Transient, Unreachable
from clients.cli.service import Service
from clients.cli.top.flow import Pipeline, PipelineAnswer

_EVERY_SECONDS = 1.0
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Watch:
    """Asks GET /api/v1/pipeline once a second with the admin key. Beside it, the processors of this machine."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._began, self._before = time.monotonic(), _Spent()
        #: the last answer
        self.seen: Pipeline | None = None

    async def look(self) -> Pipeline:
        """How it is now. Raises what ends a command."""
        try:
            return await self._ask()
        except Transient as why:
            raise Unreachable(f"{why} Without it nobody can tell how the pipeline is.") from why

    async def run(self) -> None:
        """Look until cancelled; a question without an answer is asked again."""
        while True:
            with contextlib.suppress(Transient):
                await self._ask()
            await asyncio.sleep(_EVERY_SECONDS)

    def begin(self) -> None:
        """What is busy counts from now on."""
        self._began, self._before = time.monotonic(), _Spent(self._pids())

    def busy(self) -> tuple[float, float | None]:
        """Shares of a processor since `begin`: of this command, and of the busiest worker; None where none is here."""
        seconds, now = max(1e-3, time.monotonic() - self._began), _Spent(self._pids())
        shares = [
            (spent - self._before.workers[pid]) / seconds
            for pid, spent in now.workers.items()
            if pid in self._before.workers
        ]
        return (now.own - self._before.own) / seconds, max(shares, default=None)

    async def _ask(self) -> Pipeline:
        answer = await self._service.manage("GET", "/api/v1/pipeline", params={})
        self.seen = answer.decode(PipelineAnswer).data
        return self.seen

    def _pids(self) -> list[int]:
        workers = (self.seen.workers if self.seen else None) or []
        return [one.pid for one in workers if one.host == socket.gethostname()]


class _Spent:
    """Processor seconds: of this process, and of workers that run on this machine."""

    def __init__(self, pids: list[int] | None = None) -> None:
        self.own = time.process_time()
        self.workers: dict[int, float] = {}
        for pid in pids or []:
            with contextlib.suppress(OSError, ValueError, IndexError):  # it ended, or the system tells this otherwise
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
                self.workers[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
