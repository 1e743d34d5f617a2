"""The pipeline as the service tells it: GET /api/v1/pipeline. What only operators are told is missing for others."""

from datetime import datetime
from typing import Literal

import msgspec


class Minute(msgspec.Struct):
    """Events of one minute by what became of them."""

    minute: datetime
    accepted: int
    stored: int
    rejected: int


class Totals(msgspec.Struct):
    """Running totals; comparable where `since` is the same."""

    since: datetime | None
    accepted: int
    stored: int
    rejected: int


class Rates(msgspec.Struct):
    """Of an hour, the oldest minute first."""

    minutes: list[Minute]
    totals: Totals


class Shard(msgspec.Struct):
    """`owner` is told to operators alone."""

    shard: int
    lag_seconds: float
    waiting: int
    held: bool
    owner: str | None = None


class Worker(msgspec.Struct):
    """What a worker said last."""

    host: str
    pid: int
    shards: list[int]
    state: str
    healthy: bool
    problem: str
    last_seen: datetime


class Redis(msgspec.Struct):
    """The queue. `max_bytes` is 0 where there is no limit."""

    used_bytes: int
    max_bytes: int


class Alarm(msgspec.Struct):
    """Something that is wrong now."""

    name: str
    state: Literal["warn", "fail"]
    since: datetime
    message: str
    remedy: str


class Pipeline(msgspec.Struct, kw_only=True):
    """All of it."""

    now: datetime
    project: str | None
    durability: str
    fresh_through: datetime
    lag_seconds: float
    rates: Rates
    rejected_waiting: int | None
    shards: list[Shard]
    alarms: list[Alarm]
    workers: list[Worker] | None = None
    redis: Redis | None = None


class PipelineAnswer(msgspec.Struct):
    """The whole answer."""

    data: Pipeline
