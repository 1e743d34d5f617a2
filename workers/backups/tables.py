"""Tables: what of ClickHouse is kept, frozen at a moment, written out in files' worth, and loaded again past the views.

Frozen is a table beside it that shares its parts: made in a moment, and nobody writes to it. Rollups are not kept, for
workers make them anew; nor are tables that are not Headrace's own.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple

from clickhouse_connect.driver.asyncclient import AsyncClient

from workers import migrate
from workers.backups.vault import Damaged
from workers.clickhouse.address import address
from workers.clickhouse.cluster import MARK

#: frozen before the streams are cut: what follows from events that are in no backup is not in them
FIRST = (
    *("identity_claims", "user_traits", "sightings", "identity_overrides"),
    *("catalog_events", "catalog_properties"),
)
#: and after: everything below the cut's floor is in them
THEN = ("events", "rejected_events", "ledger")
#: made of `events` again
MADE = ("hour_marks", "closed_hours", "visitor_numbers", "rollup_hours", "closed_stretches", "rolled_sessions")
#: what the schema has besides: nothing is in them that was not told elsewhere
EMPTY = ("events_probe", "schema_migrations", "schema_lock")
#: views -> the column that says from when on they look; `hour_marks` looks at all
_PEOPLE = ("events_to_identity_claims", "events_to_user_traits", "events_to_sightings")
_MARKS = "events_to_hour_marks"
#: so many bytes of a table, before they are packed, make a file
_FILE_BYTES = 64 * 1024 * 1024
_FROZEN, _LOADED = "_frozen", "_loaded"
_MAKES = re.compile(r"^CREATE (?:OR REPLACE )?(?:TABLE|VIEW|MATERIALIZED VIEW) (?:IF NOT EXISTS )?(\w+)", re.MULTILINE)
#: rows as they come: nothing is dropped, merged or spread
_QUIET: dict[str, Any] = {"insert_deduplicate": 0, "optimize_on_insert": 0, "max_partitions_per_insert_block": 0}
_PARTITIONS = """
SELECT partition_id, toUInt64(sum(data_uncompressed_bytes)) FROM system.parts
WHERE active AND database = currentDatabase() AND table = {name:String} GROUP BY 1 ORDER BY 1"""


def of_one_server(url: str) -> None:
    """Raises `ValueError` where ClickHouse is a cluster: its tables cannot be frozen in one moment from here."""
    where = address(url)
    if "settings" in where:
        name, database = where["settings"][MARK], where["database"]
        raise ValueError(
            f"ClickHouse is the cluster {name}, and backup and restore are of one server. Let the cluster do it: stop "
            f"the workers, then BACKUP DATABASE {database} ON CLUSTER {name} TO S3(...). docs/scale.md"
        )


class Waiting(NamedTuple):
    """Entries of a shard that are stored by workers: those behind `floor`, to `last`."""

    shard: int
    floor: str
    last: str


class Tables:
    """One database. Calls raise clickhouse-connect's errors."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def there(self) -> list[str]:
        """Names of the tables and views."""
        return [str(row[0]) for row in (await self._client.query("SHOW TABLES")).result_rows]

    async def freeze(self, names: Sequence[str]) -> dict[str, int]:
        """Freeze those that there are. Table -> rows."""
        there, rows = await self.there(), {}
        for name in [one for one in names if one in there]:
            frozen = f"{name}{_FROZEN}"
            await self._client.command(f"DROP TABLE IF EXISTS {frozen} SYNC")
            await self._client.command(f"CREATE TABLE {frozen} AS {name}")
            await self._client.command(f"SYSTEM STOP MERGES {frozen}")
            for partition, _ in await self._partitions(name):
                await self._client.command(f"ALTER TABLE {frozen} ATTACH PARTITION ID '{partition}' FROM {name}")
            rows[name] = await self.count(frozen)
        return rows

    async def thaw(self) -> None:
        """Let go of what was frozen, also of what a backup left that was killed."""
        for name in [one for one in await self.there() if one.endswith((_FROZEN, _LOADED))]:
            await self._client.command(f"DROP TABLE IF EXISTS {name} SYNC")

    async def export(self, name: str) -> AsyncIterator[tuple[str, bytes]]:
        """A frozen table: name of the file, and its rows in ClickHouse's Native format."""
        frozen = f"{name}{_FROZEN}"
        asked = "SELECT sorting_key FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"
        key = (await self._client.query(asked, {"name": frozen})).result_rows[0][0]
        for partition, size in await self._partitions(frozen):
            pieces = -(-size // _FILE_BYTES) or 1
            for piece in range(pieces):
                some = f"_partition_id = '{partition}' AND cityHash64({key}) % {pieces:d} = {piece:d}"
                rows = await self._client.raw_query(f"SELECT * FROM {frozen} WHERE {some}", fmt="Native")  # noqa: S608  # names of the schema
                yield f"tables/{name}/{partition}-{piece}.native.zst", rows

    async def load(self, name: str, files: AsyncIterator[bytes], rows: int) -> None:
        """Fill a table with what `export` gave, packed, and with nothing else. Begun again it begins anew.

        Raises `Damaged` when it is not as many rows.
        """
        loaded = f"{name}{_LOADED}"
        await self._client.command(f"DROP TABLE IF EXISTS {loaded} SYNC")
        await self._client.command(f"CREATE TABLE {loaded} AS {name}")
        await self._client.command(f"SYSTEM STOP MERGES {loaded}")
        async for data in files:
            await self._client.raw_insert(loaded, insert_block=data, fmt="Native", compression="zstd", settings=_QUIET)
        if (found := await self.count(loaded)) != rows:
            raise Damaged(f"{name} would have {found:,} rows, and had {rows:,} when the backup was made.")
        await self._client.command(f"TRUNCATE TABLE {name} SYNC")
        for partition, _ in await self._partitions(loaded):
            await self._client.command(f"ALTER TABLE {name} ATTACH PARTITION ID '{partition}' FROM {loaded}")
        await self._client.command(f"DROP TABLE {loaded} SYNC")

    async def drop(self) -> None:
        """Take the schema away, whole."""
        made = [name for one in migrate.migrations() for name in _MAKES.findall(one.text)]
        there = await self.there()
        for name in dict.fromkeys([*reversed(made), "schema_migrations", "schema_lock"]):
            if name in there:
                await self._client.command(f"DROP TABLE {name} SYNC")
        await self.thaw()

    async def applied(self) -> dict[str, str]:
        """The schema that is there: migration -> checksum."""
        rows = (await self._client.query("SELECT name, checksum FROM schema_migrations FINAL")).result_rows
        return {str(name): str(checksum) for name, checksum in rows}

    async def definition(self, name: str) -> str:
        """The statement that makes a table."""
        return str((await self._client.query(f"SHOW CREATE TABLE {name}")).result_rows[0][0])

    async def make(self, record: str, applied: Sequence[migrate.Migration]) -> None:
        """The schema of these migrations; `record` makes the table that they are written down in."""
        for statement in (record, *(statement for one in applied for statement in one.statements)):
            await self._client.command(statement)
        rows = [[one.name, one.checksum] for one in applied]
        await self._client.insert("schema_migrations", rows, column_names=["name", "checksum"])

    async def empty(self, names: Sequence[str]) -> None:
        """Take all rows away."""
        for name in names:
            await self._client.command(f"TRUNCATE TABLE {name} SYNC")

    @contextlib.asynccontextmanager
    async def unmerged(self, names: Sequence[str]) -> AsyncIterator[None]:
        """What is put into these tables meanwhile stays as many rows as it was."""
        for name in names:
            await self._client.command(f"SYSTEM STOP MERGES {name}")
        try:
            yield
        finally:
            for name in names:
                await self._client.command(f"SYSTEM START MERGES {name}")

    async def filled(self) -> list[str]:
        """Tables of the schema with rows in them."""
        there = await self.there()
        return [name for name in (*FIRST, *THEN) if name in there and await self.count(name)]

    async def count(self, name: str) -> int:
        """Rows."""
        return int(str(await self._client.command(f"SELECT count() FROM {name}")))  # noqa: S608  # names of the schema

    async def leave_to_workers(self, waiting: Sequence[Waiting]) -> None:
        """Delete rows of entries that workers will store: a batch that was stored and not committed."""
        some = [f"(_shard = {one.shard:d} AND {_behind(one.floor)} AND NOT {_behind(one.last)})" for one in waiting]
        for table in ("events", "rejected_events") if some else ():
            condition = " OR ".join(some)
            await self._client.command(f"ALTER TABLE {table} DELETE WHERE {condition}", settings={"mutations_sync": 2})

    async def leave_to_books(self, cursors: Mapping[int, int]) -> None:
        """Delete lines of the ledger from each shard's first minute on that its book in Redis has."""
        some = [f"(shard = {shard:d} AND minute >= toDateTime({minute * 60:d}))" for shard, minute in cursors.items()]
        if some:
            condition = " OR ".join(some)
            settled = "outcome NOT LIKE 'refused:%'"
            statement = f"ALTER TABLE ledger DELETE WHERE {settled} AND ({condition})"
            await self._client.command(statement, settings={"mutations_sync": 2})

    async def view_again(self, people_through: int) -> None:
        """Make what the views make: all marks, and of people what came since then (Unix ms)."""
        await self._client.command("TRUNCATE TABLE hour_marks SYNC")
        views = dict.fromkeys(_PEOPLE, f"_stream_ms >= {people_through:d}") | {_MARKS: "1"}
        asked = (
            "SELECT name, as_select FROM system.tables "
            "WHERE database = currentDatabase() AND name IN {names:Array(String)}"
        )
        for name, select in (await self._client.query(asked, {"names": list(views)})).result_rows:
            described = (await self._client.query(f"DESCRIBE TABLE {name}")).result_rows
            columns = ", ".join(str(row[0]) for row in described)
            only = {"additional_table_filters": f"{{'events': '{views[name]}'}}", "insert_deduplicate": 0}
            target = str(name).removeprefix("events_to_")
            await self._client.command(f"INSERT INTO {target} ({columns}) {select}", settings=only)

    async def _partitions(self, name: str) -> list[tuple[str, int]]:
        found = (await self._client.query(_PARTITIONS, {"name": name})).result_rows
        return [(str(partition), int(size)) for partition, size in found]


def _behind(entry_id: str) -> str:
    ms, _, seq = entry_id.partition("-")
    return f"(_stream_ms, _stream_seq) > ({int(ms):d}, {int(seq):d})"
