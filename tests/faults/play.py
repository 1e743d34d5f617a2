"""A play: the stage, the producers and the dice, in the hands of the one who breaks things."""

import random
from dataclasses import dataclass, field

from tests.faults.recorder import Recorder
from tests.faults.stage import Stage
from tests.waiting import until


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

    async def committed(self, least: int = 1) -> None:
        """Wait until workers have committed this many more batches. Raises `TimeoutError`."""
        wanted = await self.stage.commits() + least

        async def enough() -> bool:
            return await self.stage.commits() >= wanted

        await until(enough, within=30)

    async def told_to_wait(self, times: int = 5) -> None:
        """Wait until producers have heard 503 so many times. Raises `TimeoutError`."""
        before = self.recorder.answers["503"]

        async def refused() -> bool:
            return self.recorder.answers["503"] >= before + times

        await until(refused, within=60)
        self.notes.append("producers heard 503")
