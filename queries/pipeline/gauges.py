"""Gauges: looks at the whole pipeline, a few questions to Redis at a time, for whoever may see what."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from ingest_api import halt, moment
from ingest_api.durability import Level
from ingest_api.halt import Halt
from ingest_api.progress import ShardProgress
from ingest_api.servers import layout, routing
from ingest_api.stream import Install, Redis, read_install
from queries.freshness import Freshness, fresh_through, lag_seconds
from queries.pipeline.alarms import Alarms, Missing, Seen
from queries.pipeline.books import Books
from queries.pipeline.flow import HaltState, Pipeline, RedisState, ShardState, StoreState, WorkerState
from queries.reading import Reading
from queries.sql import Statement
from queries.store import Store
from workers import health, heartbeat
from workers.heartbeat import Heartbeat

#: how often ClickHouse, and what Redis writes to its disk, are looked at
_STORE_SECONDS, _DURABLE_SECONDS = 5.0, 10.0
_PROBE_SECONDS = 2.0
_FINDINGS = "headrace:audit"


class Gauges:
    """Of one process."""

    def __init__(self, redis: Redis, store: Store, freshness: Freshness) -> None:
        self._redis = redis
        self._store = store
        self._freshness = freshness
        self._books = Books(redis, store, freshness)
        self._alarms = Alarms()
        self._answering = Reading(self._probe, _STORE_SECONDS)
        self._durable = Reading(self._lacks, _DURABLE_SECONDS)

    async def of_project(self, project: str) -> Pipeline:
        """What a project's own keys see."""
        install, shards = await self._look()
        account = await self._books.of_project(project, shards)
        return Pipeline(
            **_common(install, shards),
            project=project,
            rates=account.rates,
            rejected_waiting=account.waiting,
            shards=[_shard(one) for one in shards],
            alarms=self._alarms.of_project(shards, account),
        )

    async def of_all(self, project: str = "") -> Pipeline:
        """What an operator sees, with the rates of everybody or of one project."""
        install, shards = await self._look()
        account, said, redis, store, halts, missing = await asyncio.gather(
            self._books.of_all(shards),
            heartbeat.read(self._redis),
            self._redis_state(),
            self._store_state(),
            halt.read(self._redis, install),
            self._missing(),
        )
        workers = [_worker(one, shards[0].now) for one in sorted(said, key=lambda one: (one.host, one.pid, one.id))]
        shown = await self._books.of_project(project, shards) if project else account
        return Pipeline(
            **_common(install, shards),
            project=project or None,
            rates=shown.rates,
            rejected_waiting=shown.waiting,
            shards=[msgspec.structs.replace(_shard(one), owner=one.owner or None) for one in shards],
            alarms=self._alarms.of_all(Seen(shards, account, workers, redis, store, halts, missing)),
            workers=workers,
            redis=redis,
            clickhouse=store,
            halted=[_halted(one) for one in halts],
        )

    async def close(self) -> None:
        """End what runs."""
        for one in (self._books, self._answering, self._durable):
            await one.close()

    async def _look(self) -> tuple[Install, list[ShardProgress]]:
        """The durability may be changed at any time, so the installation is read anew."""
        install, shards = await asyncio.gather(read_install(self._redis), self._freshness.read())
        return install, shards

    async def _redis_state(self) -> RedisState:
        lacks = await self._durable.value()
        infos = [await cast("Any", one).info("memory") for one in await routing.servers(self._redis)]
        info = max(infos, key=lambda one: int(one["used_memory"]) / (int(one["maxmemory"]) or 2**63))  # the fullest
        return RedisState(
            int(info["used_memory"]),
            int(info["maxmemory"]),
            str(info["maxmemory_policy"]),
            self._durable.problem or lacks or "",
        )

    async def _lacks(self) -> str:
        return await layout.lacks(self._redis, (await read_install(self._redis)).durability)

    async def _store_state(self) -> StoreState:
        took = await self._answering.value()
        problem = self._answering.problem or ("" if took is not None else "it has not answered in time")
        return StoreState(not problem, problem, round((took or 0.0) * 1000, 1))

    async def _probe(self) -> float:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                await self._store.rows(Statement("SELECT 1"))
        except TimeoutError as error:
            raise TimeoutError(f"no answer within {_PROBE_SECONDS:g} s") from error
        return time.perf_counter() - started

    async def _missing(self) -> Missing | None:
        raw = await cast("Any", self._redis).get(_FINDINGS)
        return msgspec.json.decode(raw, type=Missing) if raw else None


def _common(install: Install, shards: Sequence[ShardProgress]) -> dict[str, Any]:
    level: Level = install.durability
    return {
        "now": moment.utc(shards[0].now),
        "durability": level.value,
        "fresh_through": moment.utc(fresh_through(list(shards))),
        "lag_seconds": round(lag_seconds(list(shards)), 3),
    }


def _shard(one: ShardProgress) -> ShardState:
    return ShardState(one.shard, round(one.lag_seconds, 3), one.waiting, bool(one.owner))


def _worker(one: Heartbeat, now: int) -> WorkerState:
    healthy, how = health.judge([one], now)
    return WorkerState(
        one.id,
        one.host,
        one.pid,
        one.shards,
        one.state,
        healthy,
        one.problem or ("" if healthy else how),
        moment.utc(one.started_at),
        moment.utc(one.seen_at),
        moment.utc(one.moved_at or one.seen_at),
    )


def _halted(one: Halt) -> HaltState:
    return HaltState(one.shard, moment.utc(one.since), one.reason)
