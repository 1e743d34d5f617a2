"""When a step holds, and which stage is named when it does not."""

import msgspec
import pytest

from clients.cli.bench.knee import Limits, Step, limit, problem

LIMITS = Limits(p99_ms=1000, lag_seconds=3)
GOOD = Step(1000, 1000, 0, "", 5, 20, 0.3, 300, 0.1, 0.3, 0.4)


def step(**changes: object) -> Step:
    return msgspec.structs.replace(GOOD, **changes)


def test_a_step_that_is_answered_and_stored_in_time_holds() -> None:
    assert problem(GOOD, LIMITS) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"refused": 3, "reason": "overloaded"}, "3 requests were refused: overloaded"),
        ({"acknowledged": 900}, "only 900 events/s were acknowledged"),
        ({"p99_ms": 1500}, "longer than 1,000 ms: 1,500 ms"),
        ({"lag_seconds": 7.0, "waiting": 7000}, "waited 7.0 s to be stored at the end, 7,000 of them"),
    ],
)
def test_what_does_not_hold_is_said(changes: dict[str, object], said: str) -> None:
    assert said in problem(step(**changes), LIMITS)


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({"refused": 1, "memory": 0.81}, "Redis memory"),
        ({"acknowledged": 500, "own_busy": 0.97}, "headrace bench"),
        ({"p99_ms": 3000}, "front door"),
        ({"refused": 1}, "front door"),
        ({"lag_seconds": 9.0, "worker_busy": 0.95}, "workers"),
        ({"lag_seconds": 9.0, "worker_busy": 0.4}, "ClickHouse"),
        ({"lag_seconds": 9.0, "worker_busy": None}, "workers or ClickHouse"),
        ({"lag_seconds": 9.0, "worker_busy": 0.95, "trouble": "ClickHouse: refused"}, "ClickHouse"),
        ({"lag_seconds": 9.0, "worker_busy": 0.95, "own_busy": 0.99}, "workers"),
    ],
)
def test_the_stage_that_limits_is_named_with_what_to_do(changes: dict[str, object], stage: str) -> None:
    found = limit(step(**changes), LIMITS)
    assert found.stage == stage
    assert found.why
    assert found.remedy
