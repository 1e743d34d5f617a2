"""Pressure: how full Redis is and how far the drain is behind, and whose events are therefore asked to come later.

A number: below 1 everybody is served, from 1 on those of the first rank are shed, from 2 on those of the next, from 3
on all. For memory, 1 is the soft limit and 4 would be full; for lag, it is the lag in soft limits.
"""

import logging

from ingest_api import memory, telemetry
from ingest_api.dialect import Rank
from ingest_api.errors import Reason, Unavailable
from ingest_api.progress import read_answering
from ingest_api.settings import Settings
from ingest_api.stream import Install, Redis

log = logging.getLogger(__name__)

#: who is shed must be this far below the number that began it, so that nobody is turned away and let in by turns
MARGIN = 0.25
#: soon enough to be let in again, late enough for the drain to have done something
RETRY_AFTER_SECONDS = 5


def of_memory(share: float, soft: float) -> float:
    """The pressure of a Redis that holds this share of what it may hold; 0 < `soft` < 1."""
    return max(0.0, 1 + len(Rank) * (share - soft) / (1 - soft))


def of_lag(seconds: float, soft: float) -> float:
    """The pressure of a drain that is so far behind."""
    return seconds / soft


def shed(pressure: float, before: int) -> int:
    """How many ranks are shed, when it were `before`. Rises at once, falls once the pressure is a margin lower."""
    return max(min(int(pressure), len(Rank)), min(int(pressure + MARGIN), before))


class Pressure:
    """What the last look found. `shed` is all that a request compares its dialect's rank with."""

    def __init__(self, settings: Settings) -> None:
        self._memory = settings.shed_memory_percent / 100
        self._lag = settings.shed_lag_seconds
        #: ranks that are shed: 0 none, 3 all
        self.shed = 0
        #: what presses, for people
        self.why = ""

    @property
    def problem(self) -> str | None:
        """Why nobody's events are taken, or None while somebody's are."""
        return f"overloaded: {self.why}" if self.shed == len(Rank) else None

    async def look(self, redis: Redis, install: Install) -> None:
        """Ask Redis. Raises redis-py's errors; what was found before stays then."""
        pressure, why = 0.0, ""
        if self._memory:
            share = await memory.full(redis)
            pressure, why = of_memory(share, self._memory), f"Redis holds {share:.0%} of its maxmemory"
        if self._lag:
            behind = max(shard.lag_seconds for shard in await read_answering(redis, install))
            if of_lag(behind, self._lag) > pressure:
                pressure, why = of_lag(behind, self._lag), f"the workers are {behind:.0f} s behind"
        self._settle(pressure, why)

    def refusal(self) -> Unavailable:
        """What those hear who are shed."""
        message = "Too many events wait to be stored. Send this again later."
        return Unavailable(message, RETRY_AFTER_SECONDS, Reason.OVERLOADED)

    def _settle(self, pressure: float, why: str) -> None:
        before, self.shed = self.shed, shed(pressure, self.shed)
        self.why = why if self.shed else ""
        telemetry.PRESSURE.set(pressure)
        telemetry.SHED_RANKS.set(self.shed)
        if self.shed != before:
            log.warning("pressure", extra={"action": "shed", "ranks": self.shed, "why": why})
