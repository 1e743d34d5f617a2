"""A play: the stage, the producers and the dice, in the hands of the one who breaks things."""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ingest_api import fault
from tests.faults.actor import Actor
from tests.faults.recorder import Recorder
from tests.faults.stage import Stage
from tests.waiting import until

_COMMAND = ("-c", "from clients.cli.app import main; main()")


@dataclass(slots=True)
class Play:
    """What an experiment has at hand."""

    stage: Stage
    recorder: Recorder
    dice: random.Random
    #: how often an experiment repeats its fault
    rounds: int
    #: what happened, for the table
    notes: list[str] = field(default_factory=list)

    async def committed(self, least: int = 1, within: float = 30) -> None:
        """Wait until workers have committed this many more batches. Raises `TimeoutError`."""
        wanted = await self.stage.commits() + least

        async def enough() -> bool:
            return await self.stage.commits() >= wanted

        await until(enough, within=within)

    async def struck(self, actor: Actor, strike: Callable[[], Awaitable[object]], strikes: str) -> None:
        """Under load, at random moments, end a process this way and start it again."""
        for _ in range(self.rounds):
            await self.recorder.acknowledge(self.dice.randint(20, 200))
            await strike()
            await actor.start()
        self.notes.append(f"{self.rounds} {strikes}")

    async def headrace(self, *words: str) -> str:
        """What the command says. Raises `RuntimeError` when it fails."""
        code, said = await self._run(*_COMMAND, *words)
        if code:
            raise RuntimeError(f"headrace {' '.join(words)} ended with {code}: {said}")
        return said

    async def killed_at(self, point: str, *words: str) -> None:
        """The command ends by itself at a kill point. Raises `RuntimeError` where it does not come there."""
        code, said = await self._run(*_COMMAND, *words, **{fault.VARIABLE: f"{point}:1"})
        if code != fault.KILLED:
            raise RuntimeError(f"headrace {' '.join(words)} did not reach {point}, and ended with {code}: {said}")

    async def unhealthy(self) -> str:
        """What a container's health check says of the workers; empty while they are well."""
        code, said = await self._run("-m", "workers.health")
        return said.strip() if code else ""

    async def _run(self, *words: str, **env: str) -> tuple[int | None, str]:
        where = {
            "HEADRACE_REDIS_URL": self.stage.urls,
            "HEADRACE_CLICKHOUSE_URL": self.stage.clickhouse_url,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *words),
            env={**os.environ, **where, **env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode, said.decode()

    async def told_to_wait(self, times: int = 5) -> None:
        """Wait until producers have heard 503 so many times. Raises `TimeoutError`."""
        before = self.recorder.answers["503"]

        async def refused() -> bool:
            return self.recorder.answers["503"] >= before + times

        await until(refused, within=60)
        self.notes.append("producers heard 503")
