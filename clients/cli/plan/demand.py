"""What is asked of an installation, and of what machines it is made: as it is given, and in seconds and bytes."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from clients.cli.lifetime import duration

GB = 1_000_000_000

Count = Annotated[int, Parameter(validator=Number(gte=1))]


class Machine(msgspec.Struct, frozen=True):
    """One machine; memory and disk in bytes."""

    cores: int
    memory: int
    disk: int


class Demand(msgspec.Struct, frozen=True):
    """The load, what it must outlive, and what is kept. Times in seconds."""

    events_per_second: float
    event_bytes: int
    #: events a request
    batch: int
    #: share of the events that have an idempotency key
    keyed: float
    #: how long keys are remembered at the least
    window: int
    #: how long ClickHouse may be away
    outage: int
    #: committed frames stay so long, for replay
    keep: int
    #: how long events are stored
    retention: int
    #: copies of each store, the first one counted
    replicas: int
    machine: Machine


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A demand as it is given.

    Parameters
    ----------
    events_per_second
        Events that come in a second, as long as the busiest hour lasts.
    event_bytes
        Bytes of one event as JSON.
    outage
        How long ClickHouse may be away without an event being turned away.
    retention
        How long events are stored.
    batch
        Events in one request.
    keyed
        Events with an idempotency key, in percent.
    window
        HEADRACE_WINDOW_SECONDS: how long keys are remembered. With many events this is what memory goes to.
    keep
        HEADRACE_KEEP_MINUTES: how long committed frames stay, for replay.
    replicas
        Copies of each store, the first one counted.
    cores
        Of one machine.
    memory
        Of one machine, GB.
    disk
        Of one machine, GB.
    """

    events_per_second: Annotated[float, Parameter(validator=Number(gt=0, lte=1e9))]
    event_bytes: Annotated[int, Parameter(validator=Number(gte=1, lte=262_144))] = 400
    outage: str = "1h"
    retention: str = "30d"
    batch: Count = 100
    keyed: Annotated[int, Parameter(validator=Number(gte=0, lte=100))] = 100
    window: str = "24h"
    keep: str = "30m"
    replicas: Count = 1
    cores: Count = 16
    memory: Count = 64
    disk: Count = 4000

    @property
    def demand(self) -> Demand:
        """In seconds and bytes. Raises `WrongUsage` for a span that cannot be read."""
        return Demand(
            self.events_per_second,
            self.event_bytes,
            self.batch,
            self.keyed / 100,
            _seconds("--window", self.window),
            _seconds("--outage", self.outage),
            _seconds("--keep", self.keep),
            _seconds("--retention", self.retention),
            self.replicas,
            Machine(self.cores, self.memory * GB, self.disk * GB),
        )


def _seconds(option: str, text: str) -> int:
    return duration(option, text) // 1000
