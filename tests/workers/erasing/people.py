"""Somebody to forget: events of people in the streams as the front door puts them, orders, and a search for traces."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import frame
from ingest_api.ledger import Line, books, in_flight, read
from ingest_api.moment import now_ms
from ingest_api.progress import read_progress
from ingest_api.projects import erasures, tombstones
from ingest_api.projects.erasures import Erasure, What
from ingest_api.projects.secret import secret
from ingest_api.rules.normalise import Stamped
from ingest_api.servers import routing
from ingest_api.stream import Redis
from tests.appending import append
from tests.ingest_api.events import changed
from tests.workers.desk import stamped
from tests.workers.history import History
from workers.archives.archive import Archive
from workers.archives.replay import Replay, Report
from workers.erasing.erase import Places, erase

EVER = 4_000_000_000_000

_numbers = iter(range(1, 10**9))


@dataclass(frozen=True)
class Person:
    """Ids that nobody else has and nothing compresses."""

    user_id: str = field(default_factory=lambda: secrets.token_hex(12))
    client_id: str = field(default_factory=lambda: secrets.token_hex(12))

    def did(self, project: str = "demo", *, key: str = "", **fields: Any) -> Stamped:
        """An event of theirs."""
        now = now_ms()
        known = {"user_id": self.user_id, "client_id": self.client_id, "occurred_at": now - 1000, "received_at": now}
        return stamped(next(_numbers), project, key, **{**known, **fields})


async def order(redis: Redis, what: What = "user", *, dry_run: bool = False, unreadable: bool = False,
                project: str = "demo", **meant: Any) -> Erasure:  # fmt: skip
    """An order, as the query service makes it."""
    stone = tombstones.stone(await secret(redis), project, now_ms(), **meant)
    return await erasures.order(redis, what, stone, dry_run=dry_run, unreadable=unreadable)


async def carry_out(redis: Redis, places: Places, one: Erasure) -> Erasure:
    """Work until the order is done. ClickHouse is not waited for."""
    await erase(redis, places)
    found = await erasures.get(redis, one.id)
    assert found is not None
    return found


async def traces(warehouse: AsyncClient, redis: Redis, archive: Archive | None, *markers: str) -> list[str]:
    """Where a marker is found: columns of all tables, also of deleted rows, keys of Redis, objects of the archive."""
    found = []
    tables = await warehouse.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    )
    for (table,) in tables.result_rows:
        for marker in markers:
            asked = f"SELECT count() FROM {table} WHERE formatRow('JSONEachRow', *) LIKE '%{marker}%'"
            deleted = {"apply_deleted_mask": 0} if table == "events" else {}
            if (await warehouse.query(asked, settings=deleted)).result_rows[0][0]:
                found.append(f"{table}: {marker}")
    for server in await routing.servers(redis):
        await server.config_set("rdbcompression", "no")
    async for key in redis.scan_iter(count=1000):
        dumped = key + (await redis.dump(key) or b"") + await _unpacked(redis, key)
        found += [f"{key.decode()}: {marker}" for marker in markers if marker.encode() in dumped]
    if archive is not None:
        async for one in archive.objects(0, EVER):
            text = b"\n".join(await archive.lines(one))
            found += [f"{one.path}: {marker}" for marker in markers if marker.encode() in text]
    return found


async def _unpacked(redis: Redis, key: bytes) -> bytes:
    """The frames of a stream."""
    if not key.endswith((b":frames", b":mended")):
        return b""
    return b"".join(b"".join(frame.split(fields[b"f"], 10**8)) for _, fields in await redis.xrange(key))


def in_files(folder: Path, *markers: str) -> list[str]:
    """Files below a folder that hold a marker as it is."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [f"{path.name}: {marker}" for marker in markers if marker.encode() in content]
    return found


async def replay(history: History, archive: Archive | None = None) -> Report:
    """From the tail, or from an archive."""
    run = Replay(history.redis, history.made, history.settings.clickhouse_url, lambda _: None)
    async with run.exclusively(tail=archive is None):
        if archive is not None:
            await run.from_archive(archive, [one async for one in archive.objects(0, EVER)])
        else:
            for shard in history.made.shards:
                await run.from_tail(shard, None, EVER)
    return run.report


def again(one: Stamped, occurred_at: int) -> Stamped:
    """A retry of a keyed event that gets another time."""
    return changed(one, occurred_at=occurred_at)


async def everybody(history: History, redis_url: str, *requests: list[Stamped]) -> None:
    """Requests, each of one project."""
    for request in requests:
        await append(redis_url, history.made, request)


async def stored(history: History, *people: Person) -> list[int]:
    """Rows of each person."""
    asked = "SELECT count() FROM events WHERE user_id = {user:String}"
    found = [await history.warehouse.query(asked, parameters={"user": one.user_id}) for one in people]
    return [int(one.result_rows[0][0]) for one in found]


async def done(history: History, places: Places, one: Erasure) -> Erasure:
    """Wait for the end, without the minutes that ClickHouse takes to remove files."""
    found = await carry_out(history.redis, places, one)
    found.step = ""
    found.done_at = now_ms()
    await erasures.save(history.redis, found)
    return found


async def unbalanced(history: History) -> dict[tuple[int, str, int], int]:
    """What the ledger says is in flight."""
    now = (await read_progress(history.redis, history.made))[0].now // 60_000
    lines: dict[Line, int] = {}
    for book in books(history.made.shards):
        lines |= await read(history.redis, book, range(now - 10, now + 1))
    return in_flight(lines)
