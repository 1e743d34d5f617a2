"""Alarms: what is wrong with the pipeline now, since when, and what to do about it. Pure but for what it remembers.

The bounds are those of `headrace doctor`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from ingest_api import ledger, moment
from ingest_api.halt import Halt
from ingest_api.progress import ShardProgress
from queries.pipeline.books import Account
from queries.pipeline.flow import Alarm, RedisState, StoreState, WorkerState
from workers.health import SILENT_MS

State = Literal["warn", "fail"]

LAG_WARN, LAG_FAIL = 5.0, 60.0
#: of maxmemory
MEMORY_WARN, MEMORY_FAIL = 0.75, 0.9

_START = "Start one (python -m workers, or `make up`), and read its log if it ends again."
_TELL = "Tell whoever runs this installation."
_LEDGER = "An event was lost or counted twice: `headrace ledger` shows the minutes; docs/ledger.md says what it means."


class Missing(msgspec.Struct, frozen=True):
    """The last audit's findings, as far as they are told here."""

    at: int
    holes: list[dict[str, int]]


@dataclass(frozen=True)
class Seen:
    """All that an operator's alarms are made of."""

    shards: Sequence[ShardProgress]
    account: Account
    workers: Sequence[WorkerState]
    redis: RedisState
    clickhouse: StoreState
    halts: Sequence[Halt]
    missing: Missing | None


class Alarms:
    """Of one process: it remembers when it first saw what does not say itself since when it is so."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}

    def of_project(self, shards: Sequence[ShardProgress], account: Account) -> list[Alarm]:
        """What concerns every project, and its own books."""
        unbalanced = _unbalanced(account, "The ledger does not balance")
        return _ordered([*self._free(shards, _TELL), *_late(shards, _TELL), *unbalanced])

    def of_all(self, seen: Seen) -> list[Alarm]:
        """Everything."""
        now, shards = seen.shards[0].now, seen.shards
        whose = next(iter(seen.account.wrong.values()), "")
        found = [
            *self._redis(seen.redis, now),
            *self._store(seen.clickhouse, now),
            *self._alive(seen.workers, now),
            *self._free(shards, "A dead worker's shards are taken over within seconds; else: " + _START),
            *_halted(seen.halts),
            *_late(shards, "If ClickHouse and the workers are well, start more workers: up to one for each shard."),
            *_unbalanced(seen.account, f"The ledger of project {whose} does not balance"),
            *_missing(seen.missing),
        ]
        return _ordered(found)

    def _since(self, what: str, so: bool, now: int) -> int:
        """When it was first seen so; 0 where it is not."""
        if not so:
            self._first.pop(what, None)
            return 0
        return self._first.setdefault(what, now)

    def _free(self, shards: Sequence[ShardProgress], remedy: str) -> Iterable[Alarm]:
        since = {one.shard: self._since(f"shard {one.shard}", not one.owner, one.now) for one in shards}
        free = [one for one in shards if not one.owner]
        if free:
            numbers, waiting = _shards(free), sum(one.waiting for one in free)
            message = f"No worker holds {numbers}: {_events(waiting)} there."
            yield _alarm("shard_without_worker", "fail", min(since[one.shard] for one in free), message, remedy)

    def _alive(self, workers: Sequence[WorkerState], now: int) -> Iterable[Alarm]:
        silent = {one.id for one in workers if now - _ms(one.last_seen) > SILENT_MS}
        if since := self._since("no worker", len(silent) == len(workers), now):
            last = max((_ms(one.last_seen) for one in workers), default=since)
            yield _alarm("no_worker", "fail", last, "No worker is alive.", _START)
            return
        for one in workers:
            yield from _unwell(one, one.id in silent)

    def _store(self, state: StoreState, now: int) -> Iterable[Alarm]:
        if since := self._since("clickhouse", not state.reachable, now):
            message = f"ClickHouse does not answer: {state.problem}. Events are still taken, and wait in Redis."
            remedy = "Start it, or see its log; the rest goes on by itself."
            yield _alarm("clickhouse_away", "fail", since, message, remedy)

    def _redis(self, state: RedisState, now: int) -> Iterable[Alarm]:
        if since := self._since("durability", bool(state.lacks), now):
            yield _alarm("durability", "fail", since, "Redis does not keep events as safe as promised.", state.lacks)
        share = state.used_bytes / state.max_bytes if state.max_bytes else 0.0
        if since := self._since("memory", share >= MEMORY_WARN, now):
            message = f"Redis holds {share:.0%} of its maxmemory; the front doors turn events away before it is full."
            remedy = "See whether the workers keep up; else give Redis more memory: docs/pressure.md."
            yield _alarm("redis_memory", "fail" if share >= MEMORY_FAIL else "warn", since, message, remedy)
        if since := self._since("no limit", not state.max_bytes, now):
            message = "Redis has no maxmemory: nobody is turned away before the machine's memory is full."
            remedy = "Set one below the machine's memory: CONFIG SET maxmemory 4gb, and in its configuration file."
            yield _alarm("redis_no_limit", "warn", since, message, remedy)


def _late(shards: Sequence[ShardProgress], remedy: str) -> Iterable[Alarm]:
    late = [one for one in shards if one.lag_seconds > LAG_WARN]
    if late:
        worst = max(late, key=lambda one: one.lag_seconds)
        message = f"Events are late: {_events(sum(one.waiting for one in late))} in {_shards(late)}."
        state: State = "fail" if worst.lag_seconds > LAG_FAIL else "warn"
        yield _alarm("lag", state, worst.fresh_through, message, remedy)


def _halted(halts: Sequence[Halt]) -> Iterable[Alarm]:
    for one in halts:
        remedy = (
            "`headrace rejected list` shows the events. Deploy what can store them, or let them be set aside: "
            f"headrace rejected allow {one.shard}."
        )
        yield _alarm("shard_halted", "fail", one.since, f"Shard {one.shard} stands still: {one.reason}.", remedy)


def _unwell(worker: WorkerState, silent: bool) -> Iterable[Alarm]:
    """A halted one is told by its shard's alarm."""
    name = f"Worker {worker.host} (pid {worker.pid})"
    moved_at, seen_at = _ms(worker.moved_at), _ms(worker.last_seen)
    if silent:
        remedy = "It was killed, or it hangs: end it if it still runs. It is forgotten after a minute."
        yield _alarm("worker_silent", "warn", seen_at, f"{name} says nothing any more.", remedy)
    elif not worker.healthy:
        remedy = "Restart it: another worker takes over what it holds. Keep its log."
        yield _alarm("worker_stuck", "fail", moved_at, f"{name} is stuck: {worker.problem}.", remedy)
    elif worker.problem and worker.state != "halted":
        remedy = "The other alarms may name the cause; it goes on by itself once that is gone."
        yield _alarm("worker_waits", "warn", moved_at, f"{name} waits: {worker.problem}.", remedy)


def _unbalanced(account: Account, what: str) -> Iterable[Alarm]:
    if account.wrong:
        at = min(account.wrong) * ledger.MINUTE_MS
        yield _alarm("ledger", "fail", at, f"{what}, first in the minute {moment.text(at)}.", _LEDGER)


def _missing(found: Missing | None) -> Iterable[Alarm]:
    if found and found.holes:
        events = sum(hole["missing"] for hole in found.holes)
        first = min(hole["first_ms"] for hole in found.holes)
        message = f"{events:,} committed events are missing in ClickHouse, first in the minute {moment.text(first)}."
        yield _alarm("events_missing", "fail", found.at, message, "`headrace doctor` says what brings them back.")


def _alarm(name: str, state: State, since: int, message: str, remedy: str) -> Alarm:
    return Alarm(name, state, moment.utc(since), message.replace("..", "."), remedy)


def _ordered(found: Iterable[Alarm]) -> list[Alarm]:
    return sorted(found, key=lambda one: (one.state, one.since))


def _shards(some: Sequence[ShardProgress]) -> str:
    return f"shard{'s' * (len(some) > 1)} {', '.join(str(one.shard) for one in some)}"


def _events(waiting: int) -> str:
    return f"{waiting:,} event{'s wait' if waiting != 1 else ' waits'}"


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
