"""The climb: step after step, each with half as many events again, until one does not hold or enough was offered."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from clients.cli.bench.knee import Limits, Step, problem
from clients.cli.bench.step import Offer
from clients.cli.bench.watch import Watch

_GROWTH = 1.5

Positive = Parameter(validator=Number(gt=0))


@dataclass(frozen=True, kw_only=True)
class Course:
    """What is offered, and until when.

    Parameters
    ----------
    rate
        Events a second of the first step.
    batch
        Events in one request.
    seconds
        How long a step lasts.
    most_events
        No step begins that would bring more than this together.
    most_seconds
        No step begins that would end later than this.
    latency
        Milliseconds in which 99 of 100 requests must be answered.
    lag
        Seconds that events may wait to be stored at the end of a step.
    """

    rate: Annotated[float, Positive] = 500.0
    batch: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000))] = 100
    seconds: Annotated[float, Parameter(validator=Number(gt=0, lte=300))] = 5.0
    most_events: Annotated[int, Positive] = 1_000_000
    most_seconds: Annotated[float, Positive] = 180.0
    latency: Annotated[float, Positive] = 1000.0
    lag: Annotated[float, Positive] = 3.0

    @property
    def limits(self) -> Limits:
        """From where on a step does not hold."""
        return Limits(self.latency, self.lag)


@dataclass
class Climb:
    """One run. `note` hears of each step."""

    watch: Watch
    offer: Offer
    course: Course
    note: Callable[[str], None]
    steps: list[Step] = field(default_factory=list)

    async def run(self) -> str:
        """All steps. Returns why the last did not hold, empty when it did."""
        course = self.course
        began, rate, events = time.monotonic(), course.rate, 0.0
        while True:
            step = await self._step(rate)
            self.steps.append(step)
            why = problem(step, course.limits)
            self.note(
                f"{rate:,.0f} events/s: {step.acknowledged:,.0f} acknowledged, p99 {step.p99_ms:,.0f} ms, lag "
                f"{step.lag_seconds:.1f} s: {why or 'it holds'}."
            )
            events += rate * course.seconds
            rate *= _GROWTH
            too_long = time.monotonic() - began + course.seconds > course.most_seconds
            if why or too_long or events + rate * course.seconds > course.most_events:
                return why

    async def _step(self, rate: float) -> Step:
        await self.watch.look()
        self.watch.begin()
        watching = asyncio.ensure_future(self.watch.run())
        try:
            answers = await self.offer.step(rate, self.course.seconds)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        own, worker = self.watch.busy()
        seen = await self.watch.look()
        redis = seen.redis
        # the last answers come when all was offered: as late as answers may be, they are in time
        took = max(answers.seconds - self.course.latency / 1000, self.course.seconds)
        return Step(
            offered=rate,
            acknowledged=answers.acknowledged / took,
            refused=answers.refused,
            reason=answers.reason,
            p50_ms=answers.latency(0.5) * 1000,
            p99_ms=answers.latency(0.99) * 1000,
            lag_seconds=seen.lag_seconds,
            waiting=sum(shard.waiting for shard in seen.shards),
            memory=redis.used_bytes / redis.max_bytes if redis and redis.max_bytes else 0.0,
            own_busy=own,
            worker_busy=worker,
            trouble="; ".join(one.problem for one in seen.workers or [] if one.problem),
        )
