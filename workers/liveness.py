"""Whether a worker moves: a shard that is neither empty nor committed, and that waits for nothing, is stuck."""

from collections.abc import Mapping
from typing import Protocol

import msgspec


class Moving(Protocol):
    """A drain, as far as it matters here."""

    @property
    def problem(self) -> str:
        """Why nothing moves, for people; empty where nothing explains it."""

    @property
    def halted(self) -> str:
        """The same, where the breaker stopped it."""

    @property
    def moved_at(self) -> float:
        """When the shard was last found empty or something was committed, by the monotonic clock."""


class Condition(msgspec.Struct, frozen=True):
    """How a worker is, in a word and in a sentence, and for how long its slowest shard has not moved."""

    state: str
    problem: str
    still_seconds: float


def condition(drains: Mapping[int, Moving], now: float, stuck_seconds: float) -> Condition:
    """The worst of the shards, by number. `now` is by the monotonic clock."""
    still = {number: now - drain.moved_at for number, drain in drains.items()}
    stuck = [number for number, drain in drains.items() if not drain.problem and still[number] > stuck_seconds]
    problems = sorted({drain.problem for drain in drains.values() if drain.problem})
    halted = any(drain.halted for drain in drains.values())
    state = "stuck" if stuck else "halted" if halted else "waiting" if problems else "draining"
    if stuck:
        numbers = ", ".join(map(str, sorted(stuck)))
        problems.append(f"shard {numbers} has not moved for {max(still[number] for number in stuck):.0f} s")
    return Condition(state, "; ".join(problems), max(still.values(), default=0.0))
