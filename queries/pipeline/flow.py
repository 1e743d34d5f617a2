"""The pipeline as GET /api/v1/pipeline shows it: typed, so that documents can be made of it. Leaf, no I/O."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType


class Minute(msgspec.Struct, frozen=True):
    """Events of one minute by what became of them, as the ledger counts them; `refused` for every reason."""

    minute: datetime
    accepted: int = 0
    duplicate: int = 0
    stored: int = 0
    rejected: int = 0
    refused: int = 0


class Totals(msgspec.Struct, frozen=True):
    """Running totals: what two answers with the same `since` differ by happened between them. None: since install."""

    since: datetime | None
    accepted: int
    duplicate: int
    stored: int
    rejected: int


class Rates(msgspec.Struct, frozen=True):
    """Events a minute, the oldest first and the minute that runs last.

    An hour, or less where ClickHouse is away: it has the minutes that are settled.
    """

    minutes: list[Minute]
    totals: Totals


class ShardState(msgspec.Struct, frozen=True):
    """One shard. `waiting` counts events that are acknowledged and have come to no end yet."""

    shard: int
    lag_seconds: float
    waiting: int
    #: whether a worker holds it
    held: bool
    #: the worker that holds it, null where none does; only for admin keys
    owner: str | UnsetType | None = UNSET


class WorkerState(msgspec.Struct, frozen=True):
    """What a worker said last. A worker that waits for a store is healthy: another would wait, too."""

    id: str
    host: str
    pid: int
    shards: list[int]
    #: draining, waiting, halted, stuck or stopping
    state: str
    healthy: bool
    #: why it waits or is not healthy; empty where all is well
    problem: str
    started_at: datetime
    last_seen: datetime
    #: since when its slowest shard has neither been empty nor committed anything
    moved_at: datetime


class RedisState(msgspec.Struct, frozen=True):
    """The queue. `max_bytes` is 0 where there is no limit."""

    used_bytes: int
    max_bytes: int
    policy: str
    #: what it lacks for the durability of the installation; empty when it lacks nothing
    lacks: str


class StoreState(msgspec.Struct, frozen=True):
    """ClickHouse, asked at most every 5 seconds. `milliseconds` is how long the last answer took."""

    reachable: bool
    problem: str
    milliseconds: float


class HaltState(msgspec.Struct, frozen=True):
    """A shard whose drain the breaker stopped."""

    shard: int
    since: datetime
    reason: str


class Alarm(msgspec.Struct, frozen=True):
    """Something that is wrong now.

    `since` is when it began where that is known, else when this process first saw it.
    """

    name: str
    #: warn: it works, and may not for long; fail: it does not, or events are at risk
    state: Literal["warn", "fail"]
    since: datetime
    message: str
    #: what to do about it
    remedy: str


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of the pipeline at `now`, a moment by the clock of Redis.

    What an operator alone may see is left out for other keys.
    """

    now: datetime
    #: whose events the rates count; null: everybody's
    project: str | None
    #: what an acknowledged event outlives: os, disk or replica
    durability: str
    #: every event acknowledged before this moment is visible
    fresh_through: datetime
    lag_seconds: float
    rates: Rates
    #: rejected events that nobody has put back; null while ClickHouse is away
    rejected_waiting: int | None
    shards: list[ShardState]
    #: what is worst first
    alarms: list[Alarm]
    workers: list[WorkerState] | UnsetType = UNSET
    redis: RedisState | UnsetType = UNSET
    clickhouse: StoreState | UnsetType = UNSET
    halted: list[HaltState] | UnsetType = UNSET
