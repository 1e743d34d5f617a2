"""Erasing rows: what of the tables of ClickHouse is under a tombstone, found by its marks and really rewritten.

No statement names whom to forget: marks are compared, and what is found stands for a while in a table that is in memory
alone, on a cluster in one on every node that is dropped at the end. So neither a log of queries nor the file of a
mutation holds anything of anybody.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Any

from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.projects import tombstones
from ingest_api.projects.tombstones import Tombstone
from workers.clickhouse.order import cluster, level, order
from workers.erasing import erase_sql as sql
from workers.erasing.erase_keys import Alive
from workers.errors import NotNow
from workers.forgotten import Forgotten
from workers.rollups.rollup_sql import KEEP_COUNT

#: for one answer
TIMEOUT_SECONDS = 3000
#: some have no table before its migration ran. Rollups go before the events that tell which of them must
TABLES = (*sql.ROLLUPS, "events", "rejected_events", *sql.IDENTITY)
#: a rewrite that takes longer is told in the report, and waited for in the next run
PATIENCE_SECONDS = 60
_PAUSE = 0.1
_PAGE = 500
_SETTINGS = {"log_queries": 0}
_REWRITE = {**_SETTINGS, "mutations_sync": 0, "allow_nondeterministic_mutations": 1}


class Rows:
    """The rows of one erasure. Begin with `find`. Every method may be called again after a crash."""

    def __init__(self, client: AsyncClient, stone: Tombstone, secret: bytes, alive: Alive, *, unreadable: bool) -> None:
        self._client = client
        self._cluster = cluster(client)
        self._stone = stone
        self._unreadable = unreadable
        self._known = Forgotten((stone,), secret)
        self._alive = alive
        self._table = f"erasing_{stone.id}"
        keys = {f"{kind}_key": tombstones.key(secret, stone.project, kind).hex() for kind in tombstones.KINDS}
        self._parameters = {"project": stone.project, "name": stone.name, **keys}
        self._tables: set[str] = set()
        #: whether the places of rejected events are in the table in memory; each look reads them all
        self._noted = False

    async def find(self) -> None:
        """Make the table in memory, and note in it what is meant."""
        self._tables = {str(row[0]) for row in await self._ask("SHOW TABLES")}
        await self.let_go()
        await self._order(f"CREATE TABLE {self._table} (kind LowCardinality(String), value String) ENGINE = Memory")
        stone = self._stone
        marks = {"users": stone.users, "clients": stone.clients, "linked": stone.linked}
        for kind, some in {**marks, "events": stone.events + stone.found}.items():
            await self._note(kind, [mark.hex() for mark in tombstones.split(some)])
        if where := sql.events_meant(stone, self._table):
            await self._look_up("event", "toString(event_id)", "events", where)
        for table in sql.IDENTITY.keys() & self._tables:
            for kind, column, where in sql.people_meant(stone, table, self._table):
                await self._look_up(kind, column, table, where)
        self._noted = False

    async def let_go(self) -> None:
        """Drop the table in memory."""
        await self._order(f"DROP TABLE IF EXISTS {self._table}")

    async def linked(self) -> list[str]:
        """The client ids that belong to the users. The one place that asks who is who."""
        if not self._stone.users or "identities" not in self._tables:
            return []
        return [str(row[0]) for row in await self._ask(sql.linked(self._table))]

    async def count(self) -> dict[str, int]:
        """Table -> rows that are to go. Those of rollups are made of other rows, and not counted."""
        await self._note_rejected()
        gone = {table: where for table, where in self._gone().items() if table not in sql.ROLLUPS}
        return {table: await self._number(f"SELECT count() FROM {table} WHERE {gone[table]}") for table in gone}  # noqa: S608  # names of our own

    async def ids(self, most: int) -> list[bytes]:
        """Ids of the events and rejected events that are to go, the latest first."""
        where = self._gone()["events"]
        found = await self._ask(f"SELECT event_id FROM events WHERE {where} ORDER BY received_at DESC LIMIT {most}")  # noqa: S608  # names of our own
        return [row[0].bytes for row in found] + [one for _, one in await self._rejected() if any(one)]

    async def delete(self) -> bool:
        """Rewrite the parts that hold such rows, and derive anew what was made of rows that go and of others.

        Returns whether any part was rewritten. Raises `NotNow` when that takes long.
        """
        await self._note_rejected()
        if self._tables.issuperset(sql.ROLLUPS):
            await self._open_hours()
        rewritten = False
        for table, where in self._gone().items():
            await self._rewritten(table)  # what a run before this one has ordered
            if await self._number(self._of_all(sql.hidden(table))):
                await self._rewrite(table, "APPLY DELETED MASK")
                rewritten = True
            if await self._number(f"SELECT count() FROM {table} WHERE {where}"):  # noqa: S608  # names of our own
                await self._rewrite(table, f"DELETE WHERE {where}")
                await self._derive(table)
                rewritten = True
        return rewritten

    async def now(self) -> int:
        """ClickHouse's clock, Unix seconds."""
        return await self._number("SELECT toUnixTimestamp(now())")

    async def old_parts(self, since: int) -> int:
        """Parts that were replaced by then and still lie on the disk."""
        return await self._number(self._of_all(sql.old_parts(TABLES, since)))

    def _gone(self) -> dict[str, str]:
        """Table -> the rows that are to go."""
        gone = {table: sql.gone(self._stone, table, self._table) for table in TABLES if table in self._tables}
        return {table: where for table, where in gone.items() if where}

    async def _open_hours(self) -> None:
        """Hours whose rollups must go are read raw from now on; they are not built while this erasure is ahead."""
        for text in sql.rolled_up(self._gone()["events"], self._table):
            await self._order(text)
            await level(self._client, self._table)
        await self._order(sql.changed(self._table), {**_SETTINGS, "insert_deduplicate": 0})
        await self._order(KEEP_COUNT)

    async def _note_rejected(self) -> None:
        if not self._noted:
            await self._note("place", [place for place, _ in await self._rejected()])
            self._noted = True

    async def _rejected(self) -> list[tuple[str, bytes]]:
        """Place and id of rejected events under the tombstone. Their bytes are read here: ClickHouse cannot."""
        found: list[tuple[str, bytes]] = []
        last: Sequence[Any] = (0, 0, 0, -1)
        while rows := await self._ask(sql.rejected_page(last, _PAGE)):
            await self._alive()
            found += await asyncio.to_thread(self._marked, rows)
            last = rows[-1][:4]
        return found

    def _marked(self, rows: Sequence[Sequence[Any]]) -> list[tuple[str, bytes]]:
        found = []
        for ms, shard, seq, index, kind, event_id, raw in rows:
            packed, number = bytes.fromhex(raw), uuid.UUID(event_id).bytes
            hit = self._known.raw(packed, number) if kind == "event" else False
            if hit or (self._unreadable and (kind != "event" or not self._known.readable(packed))):
                found.append((f"{shard}:{ms}-{seq}:{index}", number))
        return found

    async def _rewrite(self, table: str, what: str) -> None:
        await self._order(f"ALTER TABLE {table} {what}", _REWRITE)
        await self._rewritten(table)

    async def _rewritten(self, table: str) -> None:
        """Wait until ClickHouse has rewritten all that it was told to. Raises `NotNow` when that takes long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while unfinished := await self._ask(self._of_all(sql.unfinished(table))):
            if time.monotonic() > deadline:
                raise NotNow(f"ClickHouse is still rewriting {table}. {unfinished[0][0]}".strip())
            await self._alive()
            await asyncio.sleep(_PAUSE)

    async def _derive(self, table: str) -> None:
        """What a deleted row said, an event that stays may say, too: asked of those, with the words of the view."""
        view = sql.IDENTITY.get(table, "")
        for text, database in await self._ask(sql.view(view)) if view else ():
            said = self._cluster.everywhere(str(text)) if self._cluster else str(text)
            await self._order(sql.derive(table, said, str(database)), {**_SETTINGS, "insert_deduplicate": 0})

    async def _note(self, kind: str, values: Sequence[str]) -> None:
        if values:
            rows = [(kind, value) for value in values]
            await self._client.insert(self._table, rows, column_names=["kind", "value"], settings=_SETTINGS)
            await level(self._client, self._table)

    async def _look_up(self, kind: str, value: str, name: str, where: str) -> None:
        """Note what is found, for every node to see."""
        await self._order(sql.note(kind, value, name, where, self._table))
        await level(self._client, self._table)

    async def _order(self, statement: str, settings: dict[str, Any] | None = None) -> None:
        await order(self._client, statement, self._parameters, settings or _SETTINGS)

    def _of_all(self, statement: str) -> str:
        """A question about system tables, which each node has of its own."""
        return self._cluster.system(statement) if self._cluster else statement

    async def _ask(self, statement: str) -> Sequence[Sequence[Any]]:
        return (await self._client.query(statement, parameters=self._parameters, settings=_SETTINGS)).result_rows

    async def _number(self, statement: str) -> int:
        return int((await self._ask(statement))[0][0])
