"""Erasures: what projects ordered to be forgotten, how far each has come, and the report. It names nobody."""

from typing import Any, Literal, cast

import msgspec

from ingest_api.projects import tombstones
from ingest_api.projects.tombstones import Tombstone
from ingest_api.stream import Redis

#: hash: id -> erasure, as JSON
ERASURES = "headrace:erasures"
#: set: ids of erasures that have a step to make
OPEN = "headrace:erasures:open"
#: sorted set: id -> Unix ms of the next check
CHECKS = "headrace:erasures:checks"
#: so long after the end it is looked whether anything has come back
CHECK_AFTER_MS = (600_000, 3_600_000, 86_400_000)
#: what is done, in this order. What is killed in a step begins the step again
STEPS = ("link", "pass", "collect", "settle", "forget", "rows", "tail", "archive", "files", "parts")
#: a dry run only counts
DRY_STEPS = ("link", "count")
#: a check does again what finds and deletes
CHECK_STEPS = ("collect", "forget", "rows", "tail", "archive", "files", "parts")

What = Literal["user", "client", "events", "time"]


class Check(msgspec.Struct):
    """One look afterwards: when it ended (Unix ms), and what had come back by then, by store; it was deleted again."""

    at: int
    found: dict[str, int]


class Erasure(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One order. Times are Unix milliseconds."""

    id: str
    project: str
    what: What
    made_at: int
    tombstone: Tombstone
    dry_run: bool = False
    #: also what of the project's rejected events nobody can read
    unreadable: bool = False
    #: the next step; empty when there is none
    step: str = "link"
    #: why the step waits, for people
    problem: str = ""
    done_at: int = 0
    #: store -> what was found there: rows, frames' events, lines, keys
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    #: of the check that runs, or of the last
    found: dict[str, int] = msgspec.field(default_factory=dict)
    checks: list[Check] = msgspec.field(default_factory=list)
    #: what it could not reach, for people
    notes: list[str] = msgspec.field(default_factory=list)
    #: shard -> the entry up to which it must be committed first
    upto: dict[int, str] = msgspec.field(default_factory=dict)
    #: when the parts without the rows were there, by ClickHouse's clock: Unix seconds
    rewritten_at: int = 0

    @property
    def state(self) -> Literal["waiting", "running", "checking", "done"]:
        """For people: a check is a later look, the erasure itself is done."""
        if self.done_at:
            return "checking" if self.step else "done"
        return "waiting" if self.problem else "running"

    @property
    def steps(self) -> tuple[str, ...]:
        """Of the run that is under way."""
        return DRY_STEPS if self.dry_run else CHECK_STEPS if self.done_at else STEPS

    @property
    def so_far(self) -> dict[str, int]:
        """What the run that is under way has found: the erasure, or a check."""
        return self.found if self.done_at else self.counts

    def count(self, store: str, number: int) -> None:
        """Add to what was found in a store."""
        self.so_far[store] = self.so_far.get(store, 0) + number

    def go_on(self, now_ms: int) -> None:
        """The step is done: to the next, or to the end."""
        steps, self.problem, self.upto = self.steps, "", {}
        behind = steps[steps.index(self.step) + 1 :]
        self.step = behind[0] if behind else ""
        if self.step:
            return
        if self.done_at:
            self.checks.append(Check(now_ms, self.found))
        self.done_at = self.done_at or now_ms


async def order(redis: Redis, what: What, stone: Tombstone, *, dry_run: bool, unreadable: bool) -> Erasure:
    """Begin one: the tombstone stands when this returns, and nothing under it is stored from then on."""
    one = Erasure(
        id=stone.id, project=stone.project, what=what, made_at=stone.made_at, tombstone=stone,
        dry_run=dry_run, unreadable=unreadable,
    )  # fmt: skip
    async with redis.pipeline(transaction=True) as pipe:
        cast("Any", pipe).hset(ERASURES, one.id, msgspec.json.encode(one))
        cast("Any", pipe).sadd(OPEN, one.id)
        await pipe.execute()
    if not dry_run:
        await tombstones.put(redis, stone)
    return one


async def get(redis: Redis, erasure: str) -> Erasure | None:
    """One of them, or None."""
    raw = await cast("Any", redis).hget(ERASURES, erasure)
    return None if raw is None else msgspec.json.decode(raw, type=Erasure)


async def of(redis: Redis, project: str) -> list[Erasure]:
    """Those of a project, the latest first."""
    found = [msgspec.json.decode(raw, type=Erasure) for raw in await cast("Any", redis).hvals(ERASURES)]
    return sorted((one for one in found if one.project == project), key=lambda one: (-one.made_at, one.id))


async def save(redis: Redis, one: Erasure) -> None:
    """How far it has come. One that is done is looked after later."""
    async with redis.pipeline(transaction=True) as pipe:
        client = cast("Any", pipe)
        client.hset(ERASURES, one.id, msgspec.json.encode(one))
        if not one.step:
            client.srem(OPEN, one.id)
            if len(one.checks) < len(CHECK_AFTER_MS) and not one.dry_run:
                client.zadd(CHECKS, {one.id: one.done_at + CHECK_AFTER_MS[len(one.checks)]})
        await pipe.execute()


async def due(redis: Redis, now_ms: int) -> list[str]:
    """Ids of those that have something to do, the checks whose time has come among them."""
    client = cast("Any", redis)
    for raw in await client.zrangebyscore(CHECKS, "-inf", now_ms):
        one = await get(redis, raw.decode())
        if one is not None and not one.step:
            one.step, one.found = CHECK_STEPS[0], {}
            await save(redis, one)
        async with redis.pipeline(transaction=True) as pipe:
            cast("Any", pipe).sadd(OPEN, raw)
            cast("Any", pipe).zrem(CHECKS, raw)
            await pipe.execute()
    return sorted(raw.decode() for raw in await client.smembers(OPEN))


async def at_rows(redis: Redis) -> set[str]:
    """Projects of which rows are being erased, or will be."""
    found = [await get(redis, raw.decode()) for raw in await cast("Any", redis).smembers(OPEN)]
    return {one.project for one in found if one is not None and "rows" in one.steps[_place(one) :]}


def _place(one: Erasure) -> int:
    return one.steps.index(one.step) if one.step else len(one.steps)
