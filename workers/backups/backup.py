"""Backup: one moment of an installation, Redis and ClickHouse, into a vault, beside producers and workers that go on.

Identity tables are frozen first, then each shard is cut, then `events` is frozen: all that a shard had committed at the
cut is in the frozen table, and what waited is in the cut. Killed anywhere there is no manifest, and so no backup.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, cast

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError
from redis.asyncio.lock import Lock
from redis.exceptions import LockError

from ingest_api import fault
from ingest_api.ledger import REFUSALS
from ingest_api.projects import backup as records
from ingest_api.stream import Install, Redis, read_install
from workers import catalog, kept
from workers.backups import cut, state
from workers.backups.cut import Cut
from workers.backups.depot import Depot
from workers.backups.tables import FIRST, THEN, Tables, of_one_server
from workers.backups.vault import Manifest, NoBackup, Span, Vault, pack
from workers.clickhouse.visit import visit
from workers.errors import NotNow

LOCK = "headrace:backup"
#: one that was killed holds the next one up for so long
LOCK_SECONDS = 15
#: one statement of ClickHouse
TIMEOUT_SECONDS = 3600
EXPORT = "export"
_ATTEMPTS = 20

#: called as it goes: what is done, and the share of it, 0 to 1
Tell = Callable[[str, float], None]


class Busy(RuntimeError):
    """Another backup or restore of the installation runs, or was killed a moment ago."""


@dataclass
class _Cuts:
    """What was cut."""

    cuts: list[Cut] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


class Backup:
    """One run. `depot`: where ClickHouse keeps its own part; None: its tables are exported into the vault."""

    def __init__(
        self, redis: Redis, clickhouse_url: str, vault: Vault, tell: Tell, *, depot: Depot | None = None, base: str = ""
    ) -> None:
        self._redis = redis
        self._url = clickhouse_url
        self._vault = vault
        self._tell = tell
        self._depot = depot
        self._base = base

    async def run(self) -> Manifest:
        """Raises `Busy`, `NotNow` and redis-py's errors.

        And `ValueError` where the vault holds a backup already, or ClickHouse is a cluster.
        """
        of_one_server(self._url)
        with contextlib.suppress(NoBackup):
            found = await self._vault.manifest()
            raise ValueError(f"{self._vault.where} holds the backup {found.id} already: name another place.")
        install = await read_install(self._redis)
        try:
            async with exclusively(self._redis, LOCK), visit(self._url, TIMEOUT_SECONDS) as client:
                return await self._run(install, client, Tables(client))
        except ClickHouseError as error:
            raise NotNow(f"ClickHouse: {str(error).partition('Stack trace')[0][:500]}") from error

    async def _run(self, install: Install, client: AsyncClient, tables: Tables) -> Manifest:
        identity = secrets.token_hex(8)
        await tables.thaw()
        try:
            async with _untrimmed(self._redis):
                await self._index(install)
                people_through = await self._floor_ms(install)
                cursor, rows = await self._still(tables)
                cuts = await self._cut(install)
                fault.point("backup.cut")
                counts = await self._state(cursor)
                if (await read_install(self._redis)).shard_count != install.shard_count:
                    raise Busy("The number of shards was raised meanwhile, so some are not in it. Begin it again.")
                rows |= await tables.freeze(THEN)
                await self._kept(install, cuts)
            await self._write_tables(client, tables, rows, identity)
            fault.point("backup.tables")
            return await self._vault.seal(
                Manifest(
                    id=identity, install=install.id, made_at=max(one.at for one in cuts.cuts),
                    fresh_through=min(one.fresh_through for one in cuts.cuts), people_through=people_through,
                    versions=await self._versions(client), schema=await tables.applied(),
                    tables_in=self._depot.where if self._depot else EXPORT, base=self._base, tables=rows,
                    shards=cuts.spans, counts=counts, files={},
                )
            )  # fmt: skip
        finally:
            await tables.thaw()

    async def _index(self, install: Install) -> None:
        """Before the cut: a key that is remembered names an event that is in the backup."""
        for shard in install.shards:
            number = 0
            async for bucket in cut.index(self._redis, install, shard, int((await self._redis.time())[0]) * 1000):
                await self._vault.put_packed(f"shards/{shard.number:03d}-index-{number:05d}.msgpack.zst", bucket)
                number += 1
            self._tell("index", (shard.number + 1) / install.shard_count)

    async def _floor_ms(self, install: Install) -> int:
        floors = [await cast("Any", self._redis).get(shard.floor) or b"0-0" for shard in install.shards]
        return min(kept.halves(floor)[0] for floor in floors)

    async def _still(self, tables: Tables) -> tuple[bytes | None, dict[str, int]]:
        """Freeze what is first, and find the catalog's cursor as it was then."""
        for _ in range(_ATTEMPTS):
            before = await self._redis.get(catalog.CURSOR)
            rows = await tables.freeze(FIRST)
            if await self._redis.get(catalog.CURSOR) == before:
                return before, rows
        raise NotNow("the catalog is being counted all the time")

    async def _cut(self, install: Install) -> _Cuts:
        """Where each shard stands, and what waits there: nothing else may be as urgent."""
        done = _Cuts()
        for shard in install.shards:
            one = await cut.take(self._redis, install, shard)
            number = events = 0
            files = 0
            async for entries in cut.waiting(self._redis, shard, one):
                await self._vault.put_packed(f"shards/{shard.number:03d}-waiting-{files:05d}.msgpack.zst", entries)
                number, events, files = number + len(entries), events + cut.events_of(entries), files + 1
            await self._vault.put_packed(f"shards/{shard.number:03d}-cut.msgpack.zst", one)
            done.cuts.append(one)
            done.spans.append(Span(shard.number, one.floor, one.last, number, number, events, one.book.cursor))
            self._tell("streams", (shard.number + 1) / install.shard_count)
        return done

    async def _state(self, cursor: bytes | None) -> dict[str, int]:
        found = await records.export(self._redis)
        await self._vault.put("projects.json", msgspec.json.encode(found))
        keys = [one for one in await state.read(self._redis) if one.name != catalog.CURSOR.encode()]
        if cursor is not None:
            keys.append(state.Key(catalog.CURSOR.encode(), "string", cursor))
        await self._vault.put_packed("state.msgpack.zst", keys)
        await self._vault.put_packed("refused.msgpack.zst", await cut.pages_of(self._redis, REFUSALS))
        erased = [len(one.value) for one in keys if one.name == b"headrace:tombstones"]
        return {"projects": len(found.projects), "keys": len(found.keys), "erasures": sum(erased)}

    async def _kept(self, install: Install, cuts: _Cuts) -> None:
        """Frames that are stored and kept for a replay."""
        for shard, one in zip(install.shards, cuts.cuts, strict=True):
            number = entries = 0
            async for some in cut.behind(self._redis, shard, one):
                await self._vault.put_packed(f"shards/{shard.number:03d}-kept-{number:05d}.msgpack.zst", some)
                number, entries = number + 1, entries + len(some)
            span = cuts.spans[shard.number]
            cuts.spans[shard.number] = msgspec.structs.replace(span, entries=span.waiting + entries)
            self._tell("kept frames", (shard.number + 1) / install.shard_count)

    async def _write_tables(self, client: AsyncClient, tables: Tables, rows: dict[str, int], identity: str) -> None:
        if self._depot is not None:
            named = [(f"{name}_frozen", name) for name in rows]
            await self._depot.backup(client, identity, named, self._base, lambda share: self._tell("tables", share))
            return
        done, total = 0, sum(rows.values()) or 1
        for name, number in rows.items():
            async for file, data in tables.export(name):
                await self._vault.put(file, await asyncio.to_thread(pack, data))
                self._tell("tables", done / total)
            done += number
            self._tell("tables", done / total)

    async def _versions(self, client: AsyncClient) -> dict[str, str]:
        info = await cast("Any", self._redis).info("server")
        database = str(await client.command("SELECT currentDatabase()"))
        return {
            "headrace": version("headrace"),
            "redis": str(info.get("valkey_version") or info["redis_version"]),
            "clickhouse": str(await client.command("SELECT version()")),
            "database": database,
        }


@contextlib.asynccontextmanager
async def exclusively(redis: Redis, name: str) -> AsyncIterator[None]:
    """Holds a lock for as long as anything takes. Raises `Busy` where somebody else has it."""
    lock = Lock(cast("Any", redis), name, timeout=LOCK_SECONDS, blocking=False)
    taking = asyncio.ensure_future(lock.acquire())
    try:
        if not await asyncio.shield(taking):
            raise Busy(
                f"Another backup or restore runs, or was killed less than {LOCK_SECONDS} seconds ago. Try again then."
            )
        async with _kept_up(lock.reacquire):
            yield
    finally:
        await asyncio.wait([taking])  # also when it was interrupted here
        with contextlib.suppress(LockError):  # not ours, or no longer
            await lock.release()


@contextlib.asynccontextmanager
async def _untrimmed(redis: Redis) -> AsyncIterator[None]:
    """Workers trim nothing by time meanwhile."""

    async def say() -> None:
        await redis.set(kept.IN_USE, 1, ex=LOCK_SECONDS)

    await say()
    async with _kept_up(say):
        try:
            yield
        finally:
            await redis.delete(kept.IN_USE)


@contextlib.asynccontextmanager
async def _kept_up(again: Callable[[], Any]) -> AsyncIterator[None]:
    """Says it again, over and over, until the context ends."""
    ended = asyncio.Event()

    async def keep() -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOCK_SECONDS / 4)
            if not ended.is_set():
                with contextlib.suppress(LockError, OSError):
                    await again()

    keeping = asyncio.ensure_future(keep())
    try:
        yield
    finally:
        ended.set()
        await keeping
