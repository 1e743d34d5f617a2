"""Restore: an installation out of a vault, into empty stores: tables, streams, records, erasures, and a last look.

Everything is proved before anything is written. What is finished is written down in Redis: killed anywhere, the same
call goes on. The installation's own key comes last, so that no front door takes it for whole before it is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

import msgspec
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest_api import fault, moment
from ingest_api.ledger import REFUSALS
from ingest_api.projects import backup as records
from ingest_api.projects import erasures, tombstones
from ingest_api.servers import layout, routing
from ingest_api.stream import INSTALL, Install, Redis, Shard, load_functions, read_install
from workers import heartbeat, migrate
from workers.archives import replay
from workers.backups import cut, state
from workers.backups.backup import EXPORT, TIMEOUT_SECONDS, Tell, exclusively
from workers.backups.cut import Bucket, Cut, Pages
from workers.backups.depot import Depot
from workers.backups.state import Key
from workers.backups.tables import Tables, Waiting, of_one_server
from workers.backups.vault import Manifest, Vault, unpack
from workers.clickhouse.visit import visit
from workers.erasing import erase
from workers.erasing.erase import Places
from workers.erasing.erasures_again import again
from workers.errors import NotNow

LOCK = "headrace:restore"
#: hash: backup -> its id; part -> 1 once it is done
PROGRESS = "headrace:restoring"
_PROBE_MS = 57_000


class Refused(RuntimeError):
    """Restoring would harm, or cannot be right; the text says why and what to do."""


class Report(msgspec.Struct):
    """What a restore did, and what its look at the end found."""

    backup: str
    install: str
    fresh_through: int
    tables: dict[str, int]
    #: events that workers will store
    waiting: int
    migrations: list[str] = []
    erasures: int = 0
    #: erasures that workers go on with
    erasing: int = 0
    #: what is not as it was, for people
    problems: list[str] = []


class Restore:
    """One run. `later`: a later backup, of which the erasures are taken too."""

    def __init__(
        self,
        redis: Redis,
        places: Places,
        vault: Vault,
        tell: Tell,
        *,
        replace: bool = False,
        later: Vault | None = None,
    ) -> None:
        self._redis = redis
        self._places = places
        self._vault = vault
        self._tell = tell
        self._replace = replace
        self._later = later

    async def proved(self) -> Manifest:
        """The backup, every file of it read and found as it was written. Raises `NoBackup`, `Damaged`, `Refused`."""
        found = await self._vault.manifest()
        known = {one.name: one.checksum for one in migrate.migrations()}
        if newer := sorted(found.schema.keys() - known.keys()):
            raise Refused(f"The backup has a newer schema than this build: {', '.join(newer)}. Use that Headrace.")
        if changed := sorted(name for name, checksum in found.schema.items() if known[name] != checksum):
            raise Refused(f"The backup was made with other migrations of the same name: {', '.join(changed)}.")
        done, total = 0, sum(file.bytes for file in found.files.values()) or 1
        for name, file in found.files.items():
            await self._vault.get(name, file)
            done += file.bytes
            self._tell("proof", done / total)
        records.read(await self._vault.get("projects.json", found.files["projects.json"]))
        return found

    async def run(self) -> Report:
        """Raises also `Busy`, `NotNow`, `ValueError` on a cluster, and redis-py's errors.

        The same call goes on where it was ended.
        """
        of_one_server(self._places.clickhouse_url)
        manifest = await self.proved()
        try:
            await asyncio.to_thread(_database, self._places.clickhouse_url)
            async with exclusively(self._redis, LOCK), visit(self._places.clickhouse_url, TIMEOUT_SECONDS) as client:
                await self._begin(manifest, Tables(client))
                return await self._run(manifest, client, Tables(client))
        except ClickHouseError as error:
            raise NotNow(f"ClickHouse: {str(error).partition('Stack trace')[0][:500]}") from error

    async def _begin(self, manifest: Manifest, tables: Tables) -> None:
        client = cast("Any", self._redis)
        await self._nobody_works()
        if await client.hget(PROGRESS, "backup") == manifest.id.encode():
            return
        there, filled = await state.strangers(self._redis), await tables.filled()
        if (there or filled) and not self._replace:
            found = ", ".join([*there[:3], *(f"the table {name}" for name in filled[:3])])
            raise Refused(
                f"There is an installation already ({found}). --replace takes it away, and all that is in it."
            )
        await state.wipe(self._redis, but=LOCK)
        await client.hset(PROGRESS, "backup", manifest.id)

    async def _nobody_works(self) -> None:
        now = await heartbeat.redis_ms(self._redis)
        workers = [one.id for one in await heartbeat.read(self._redis) if now - one.seen_at <= heartbeat.SILENT_MS]
        door = await layout.looked_at(self._redis) > _PROBE_MS
        if workers or door:
            who = f"{len(workers)} workers run" if workers else "a front door runs"
            raise Refused(f"{who} on this Redis. Stop every service, wait five seconds, and restore again.")

    async def _run(self, manifest: Manifest, client: AsyncClient, tables: Tables) -> Report:
        report = Report(manifest.id, manifest.install, manifest.fresh_through, manifest.tables, 0)
        report.waiting = sum(one.events for one in manifest.shards)
        await self._once("schema", lambda: self._schema(manifest, tables))
        await self._tables(manifest, client, tables)
        await self._once("cut", lambda: self._left_to_others(manifest, tables))
        report.migrations = await asyncio.to_thread(_forward, self._places.clickhouse_url)
        await self._once("views", lambda: tables.view_again(manifest.people_through))
        for span in manifest.shards:
            shard = Shard(span.shard)
            await self._once(f"shard {span.shard}", lambda shard=shard: self._shard(manifest, shard))
            self._tell("streams", (span.shard + 1) / len(manifest.shards))
        await self._once("state", lambda: self._state(manifest))
        install = await read_install(self._redis)
        report.erasures, report.erasing = await self._erase()
        report.problems = await self._problems(manifest, install, tables)
        await self._redis.delete(PROGRESS)
        return report

    async def _once(self, part: str, do: Any) -> None:
        client = cast("Any", self._redis)
        if not await client.hexists(PROGRESS, part):
            await do()
            fault.point(f"restore.{part.partition(' ')[0]}")
            await client.hset(PROGRESS, part, 1)

    async def _schema(self, manifest: Manifest, tables: Tables) -> None:
        """The tables as they were, empty. Only what is newer is left to `_forward`."""
        await tables.drop()
        await asyncio.to_thread(_forward, self._places.clickhouse_url)
        if manifest.schema.keys() == {one.name for one in migrate.migrations()}:
            return
        record = await tables.definition("schema_migrations")
        await tables.drop()
        await tables.make(record, [one for one in migrate.migrations() if one.name in manifest.schema])

    async def _tables(self, manifest: Manifest, client: AsyncClient, tables: Tables) -> None:
        if manifest.tables_in != EXPORT:
            await self._once("tables", lambda: self._from_depot(manifest, client, tables))
            return
        done, total = 0, sum(manifest.tables.values()) or 1
        for name, rows in manifest.tables.items():
            files = self._files(manifest, f"tables/{name}/")
            await self._once(f"table {name}", lambda name=name, rows=rows, files=files: tables.load(name, files, rows))
            done += rows
            self._tell("tables", done / total)

    async def _from_depot(self, manifest: Manifest, client: AsyncClient, tables: Tables) -> None:
        names = list(manifest.tables)
        await tables.empty(names)
        origin = manifest.versions["database"]
        depot = Depot(manifest.tables_in)
        async with tables.unmerged(names):
            await depot.restore(client, manifest.id, names, origin, lambda share: self._tell("tables", share))
            counted = {name: await tables.count(name) for name in names}
        if wrong := [name for name in names if counted[name] != manifest.tables[name]]:
            raise Refused(f"ClickHouse restored other rows than were backed up: {', '.join(wrong)}.")

    async def _left_to_others(self, manifest: Manifest, tables: Tables) -> None:
        waiting = [Waiting(one.shard, one.floor, one.last) for one in manifest.shards if one.waiting]
        await tables.leave_to_workers(waiting)
        if "ledger" in manifest.tables:
            await tables.leave_to_books({one.shard: one.ledger for one in manifest.shards if one.ledger is not None})

    async def _shard(self, manifest: Manifest, shard: Shard) -> None:
        await cut.clear(self._redis, shard)
        for kind in ("kept", "waiting"):  # in the order of their ids
            async for data in self._files(manifest, f"shards/{shard.number:03d}-{kind}-"):
                await cut.write_entries(self._redis, shard, unpack(data))
        async for data in self._files(manifest, f"shards/{shard.number:03d}-index-"):
            await cut.write_index(self._redis, msgspec.convert(unpack(data), Bucket))
        async for data in self._files(manifest, f"shards/{shard.number:03d}-cut."):
            await cut.write(self._redis, shard, msgspec.convert(unpack(data), Cut, strict=False))

    async def _state(self, manifest: Manifest) -> None:
        """The installation's own key is the last."""
        await load_functions(self._redis)
        keys = msgspec.convert(await self._one(manifest, "state.msgpack.zst"), list[Key])
        await state.write(self._redis, [one for one in keys if one.name != INSTALL.encode()])
        pages = msgspec.convert(await self._one(manifest, "refused.msgpack.zst"), Pages, strict=False)
        await cut.write_pages(self._redis, REFUSALS, pages)
        document = await self._vault.get("projects.json", manifest.files["projects.json"])
        await records.restore(self._redis, records.read(document))
        await self._later_erasures(manifest)
        if (made := await cast("Any", self._redis).hget(INSTALL, "id")) not in {None, manifest.install.encode()}:
            who = made.decode()
            raise Refused(f"A front door was started meanwhile, and made installation {who}. Stop it; use --replace.")
        await state.write(self._redis, [self._here(one) for one in keys if one.name == INSTALL.encode()])

    def _here(self, made: Key) -> Key:
        """The installation's own key; its shards lie on the servers that are named now."""
        fields = dict(made.value) | {b"servers": routing.kind(self._redis).encode()}
        return msgspec.structs.replace(made, value=list(fields.items()))

    async def _later_erasures(self, manifest: Manifest) -> None:
        """What was ordered after the backup was made, as a later one knows it."""
        if self._later is None:
            return
        later = await self._later.manifest()
        if later.install != manifest.install:
            raise Refused(f"{self._later.where} is a backup of another installation: its erasures mean nothing here.")
        data = await self._later.get("state.msgpack.zst", later.files["state.msgpack.zst"])
        keys = msgspec.convert(unpack(data), list[Key])
        names = (tombstones.TOMBSTONES, erasures.ERASURES, erasures.OPEN, erasures.CHECKS)
        mine = [one for one in keys if one.name.decode().startswith(names)]
        await state.write(self._redis, mine)

    async def _erase(self) -> tuple[int, int]:
        """What was erased stays so: each erasure is begun again. Those that wait for workers go on by theirs."""
        number = await again(self._redis)
        self._tell("erasures", 0.0)
        await erase.erase(self._redis, self._places)
        return number, int(await cast("Any", self._redis).scard(erasures.OPEN))

    async def _problems(self, manifest: Manifest, install: Install, tables: Tables) -> list[str]:
        """What is not as it was: the streams, projects and keys; rows that are missing, of the frames that are kept."""
        found = []
        for span, shard in zip(manifest.shards, install.shards, strict=True):
            there = int(await self._redis.xlen(shard.frames)) + int(await self._redis.xlen(shard.mended))
            if there != span.entries:
                found.append(f"shard {span.shard} has {there:,} entries of {span.entries:,}")
        there_are = await records.export(self._redis)
        was = records.read(await self._vault.get("projects.json", manifest.files["projects.json"]))
        if there_are != was:
            found.append("projects, keys, schemas, queries or alerts are not as they were")
        await self._redis.delete(replay.LOCK)  # a restore that was killed here
        url = self._places.clickhouse_url
        looking = replay.Replay(self._redis, install, url, lambda _: None, dry_run=True)
        async with looking.exclusively(tail=True):
            for shard in install.shards:
                await looking.from_tail(shard, None, moment.now_ms())
                self._tell("look", (shard.number + 1) / install.shard_count)
        if looking.report.missing:
            found.append(f"{looking.report.missing:,} events are missing that the streams keep: headrace replay")
        if left := [name for name in await tables.there() if name.endswith(("_loaded", "_frozen"))]:
            found.append(f"left over in ClickHouse: {', '.join(left)}")
        return found

    async def _files(self, manifest: Manifest, start: str) -> AsyncIterator[bytes]:
        for name in sorted(name for name in manifest.files if name.startswith(start)):
            yield await self._vault.get(name, manifest.files[name])

    async def _one(self, manifest: Manifest, name: str) -> Any:
        return unpack(await self._vault.get(name, manifest.files[name]))


def _database(url: str) -> None:
    """Make it, where it is missing."""
    migrate.connect(url).close()


def _forward(url: str) -> list[str]:
    """Apply what is newer. Returns the names."""
    with contextlib.closing(migrate.connect(url)) as client:
        try:
            return [one.name for one in migrate.apply(client)]
        except migrate.MigrationError as error:
            raise Refused(str(error)) from error
