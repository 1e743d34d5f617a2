"""The climb: steps grow until one does not hold, or until enough was offered."""

import pytest

from clients.cli.bench.climb import Climb, Course
from clients.cli.bench.knee import problem
from clients.cli.bench.step import Offer
from clients.cli.bench.watch import Watch
from clients.cli.service import Service

pytestmark = pytest.mark.stack


def climb(service: Service, course: Course, said: list[str]) -> Climb:
    return Climb(Watch(service), Offer(service, 10), course, said.append)


async def test_steps_grow_by_half_until_the_events_are_used_up(service: Service) -> None:
    said: list[str] = []
    one = climb(service, Course(rate=100, seconds=0.5, most_events=130, latency=60_000, lag=60), said)
    assert await one.run() == ""
    assert [step.offered for step in one.steps] == [100, 150]
    assert all(step.acknowledged > 0 and not step.refused for step in one.steps)
    assert [line.partition(":")[0] for line in said] == ["100 events/s", "150 events/s"]


async def test_the_first_step_that_does_not_hold_is_the_last(service: Service) -> None:
    course = Course(rate=100, seconds=0.5, latency=0.001, lag=60)
    one = climb(service, course, [])
    assert await one.run() == problem(one.steps[-1], course.limits) != ""
    assert one.steps[-1].p99_ms > course.latency
    assert len(one.steps) == 1


async def test_what_is_answered_in_time_after_the_last_was_offered_counts_as_in_time(service: Service) -> None:
    one = climb(service, Course(rate=100, seconds=0.1, most_events=10, latency=60_000, lag=60), [])
    await one.run()
    assert [step.acknowledged for step in one.steps] == [100]
