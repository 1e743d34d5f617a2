"""Scenarios: what comes in, what breaks and when. The same are simulated and played on real processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a scenario, in seconds from its beginning."""

    since: float
    until: float

    def holds(self, now: float) -> bool:
        return self.since <= now < self.until


@dataclass(frozen=True, slots=True)
class Load:
    """Events on schedule during a stretch."""

    during: Stretch
    events_per_second: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One of them. It ends when its time is over."""

    name: str
    seconds: float
    loads: tuple[Load, ...]
    workers: int = 1
    #: ClickHouse refuses inserts
    outage: Stretch | None = None
    #: the last worker is killed when it begins, and started again when it ends
    loss: Stretch | None = None
    #: what is added to each insert, so that a load that any machine bears makes a queue
    insert_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Beats:
    """Where in its rounds each worker is: when it looks after its leases, and the seconds from one time to the next.

    The last is the one that is started again.
    """

    moments: tuple[float, ...]
    every: float


@dataclass(frozen=True, slots=True)
class Making:
    """How the services are set, in the simulation and in reality."""

    shards: int = 4
    batch_events: int = 200
    linger: float = 0.25
    #: where a drain is busy
    linger_most: float = 1.0
    lease: float = 6.0
    #: events of a request
    request: int = 50


MAKING = Making()
BURST = Scenario(
    "burst",
    30.0,
    (Load(Stretch(0, 30), 500), Load(Stretch(5, 11), 5_000)),
    insert_seconds=0.25,
)
LOSS = Scenario("worker lost", 30.0, (Load(Stretch(0, 30), 400),), workers=2, loss=Stretch(6, 17))
OUTAGE = Scenario("ClickHouse away", 34.0, (Load(Stretch(0, 34), 500),), outage=Stretch(4, 18))
SCENARIOS = (BURST, LOSS, OUTAGE)
