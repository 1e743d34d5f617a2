"""Stuck is who does not move and has nothing to say for it."""

from dataclasses import dataclass

import pytest

from workers.liveness import condition

NOW = 1000.0


@dataclass(frozen=True)
class Still:
    """A drain that has not moved since."""

    moved_at: float
    problem: str = ""
    halted: str = ""


AWAY = "ClickHouse: away"
HALT = "shard 1 is halted: too many"


@pytest.mark.parametrize(
    ("drains", "state", "problem"),
    [
        ({}, "draining", ""),
        ({0: Still(999), 3: Still(911)}, "draining", ""),
        ({0: Still(900, AWAY), 3: Still(999)}, "waiting", AWAY),
        ({0: Still(900, AWAY), 1: Still(100, HALT, HALT)}, "halted", f"{AWAY}; {HALT}"),
        ({0: Still(999), 3: Still(900), 2: Still(905)}, "stuck", "shard 2, 3 has not moved for 100 s"),
        ({0: Still(800, AWAY), 3: Still(900)}, "stuck", f"{AWAY}; shard 3 has not moved for 100 s"),
        ({1: Still(100, HALT, HALT), 3: Still(900)}, "stuck", f"{HALT}; shard 3 has not moved for 100 s"),
    ],
)
def test_the_worst_shard_speaks_for_the_worker(drains: dict[int, Still], state: str, problem: str) -> None:
    found = condition(drains, NOW, 90)
    assert (found.state, found.problem) == (state, problem)


def test_how_long_the_slowest_has_not_moved_is_told_whatever_the_reason() -> None:
    assert condition({0: Still(999), 1: Still(950, AWAY)}, NOW, 90).still_seconds == 50
    assert condition({}, NOW, 90).still_seconds == 0
