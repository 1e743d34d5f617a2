"""How much is measured: the whole run takes some ten minutes on two cores, the quick one a few."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """Rounds of subject and ceiling in turn, and how long each run is."""

    rounds: int
    #: of each run of a front door or an appender
    seconds: float
    #: events that a drain finds waiting
    backlog: int
    #: events a second that are offered end to end, first without probes, then with them
    offered: int
    unprobed_seconds: float
    probed_seconds: float
    #: of the set that questions are asked of, and where it is kept; None: nowhere
    events: int
    crowd: Path | None = None
    #: before the memory of an idle stack is read
    idle_seconds: float = 60.0
    #: of each burden that is borne for long
    endured_seconds: float = 300.0


WHOLE = Plan(3, 4.0, 200_000, 1_000, 8.0, 15.0, 2_000_000)
QUICK = Plan(1, 2.0, 100_000, 1_000, 3.0, 6.0, 200_000, endured_seconds=30.0)
