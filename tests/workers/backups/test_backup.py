"""One moment of an installation that goes on: nothing acknowledged is missing; killed, it leaves no backup."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as SyncRedis

from ingest_api import fault
from ingest_api.moment import now_ms
from ingest_api.projects.projects import Projects
from ingest_api.stream import INSTALL, fcall
from tests.appending import append
from tests.waiting import until
from tests.workers.desk import stamped
from tests.workers.entries import event
from tests.workers.history import History
from tests.workers.s3 import bucket
from tests.workers.second import Second, back_up, quiet, second
from workers import kept
from workers.backups.backup import LOCK, Backup, Busy, exclusively
from workers.backups.depot import Depot
from workers.backups.tables import Tables
from workers.backups.vault import NoBackup, Vault
from workers.drain import Drain
from workers.errors import NotNow
from workers.reference import References
from workers.sink import Sink
from workers.source import Source

pytestmark = pytest.mark.stack

RUN = """
import asyncio, sys
from ingest_api.stream import connect
from workers.backups.backup import Backup
from workers.backups.vault import Vault

redis_url, clickhouse_url, folder = sys.argv[1:]
asyncio.run(Backup(connect(redis_url), clickhouse_url, Vault(folder), lambda *_: None).run())
"""


@pytest.fixture
async def there(redis_url: str, clickhouse_url: str) -> AsyncIterator[Second]:
    """A second installation, empty."""
    async with second(redis_url, clickhouse_url) as one:
        yield one


async def store(history: History, first: int, count: int) -> None:
    """Events in one frame, drained."""
    now = now_ms()
    await history.append(first % 4, f"{now}-0", [event(first + i, occurred_at=now) for i in range(count)])
    await history.drain()


async def draining(history: History, ended: asyncio.Event) -> None:
    """All shards, until it is over."""
    sink = Sink(history.settings.clickhouse_url, history.made.id, 10)
    drains = []
    for shard in history.made.shards:
        epoch = await fcall(history.redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
        drains.append(Drain(Source(history.redis, shard, epoch), sink, history.settings, References(history.redis)))
    running = [asyncio.ensure_future(one.run()) for one in drains]
    await ended.wait()
    for one in drains:
        one.stop()
    await asyncio.gather(*running)
    await sink.close()


async def test_under_load_all_that_was_acknowledged_before_is_in_it_once(
    history: History, redis_url: str, there: Second, tmp_path: Path
) -> None:
    await Projects(history.redis).create("demo", ())
    acknowledged: dict[bytes, int] = {}
    ended = asyncio.Event()

    async def produce() -> None:
        number = 0
        while not ended.is_set():
            some = [stamped(number + i, "demo", f"key {number + i}", occurred_at=now_ms()) for i in range(50)]
            await append(redis_url, history.made, some)
            acknowledged.update({one.event.event_id: now_ms() for one in some})
            number += 50

    async def produced() -> bool:
        return len(acknowledged) > 500

    working = [asyncio.ensure_future(one) for one in (produce(), draining(history, ended))]
    await until(produced)
    begun = now_ms()
    made = await back_up(history, tmp_path / "b")
    ended.set()
    await asyncio.gather(*working)
    assert (await there.restore(tmp_path / "b")).problems == []
    restored = await there.history()
    await restored.drain()
    final, physical = await restored.counts()
    assert final == physical
    found = await there.warehouse.query("SELECT event_id FROM events")
    stored = {one[0].bytes for one in found.result_rows}
    before = {event_id for event_id, at in acknowledged.items() if at < made.fresh_through}
    assert len(before) > 500
    assert before - stored == set()
    assert begun <= made.fresh_through + 1
    assert stored <= acknowledged.keys()
    # A key that was remembered is so still.
    again = [stamped(0, "demo", "key 0", occurred_at=now_ms())]
    from_there = await append(there.redis_url, restored.made, again)
    assert [one.name for one in from_there] in (["DUPLICATE"], ["MISMATCH"])


@pytest.mark.parametrize("point", ["backup.cut:1", "backup.tables:1"])
async def test_killed_it_leaves_no_backup_and_the_next_one_is_whole(
    history: History, redis_url: str, clickhouse_url: str, tmp_path: Path, point: str
) -> None:
    await store(history, 0, 50)
    env = {**os.environ, fault.VARIABLE: point}
    arguments = (redis_url, clickhouse_url, str(tmp_path / "b"))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", RUN, *arguments, env=env)
    async with asyncio.timeout(60):
        assert await process.wait() == fault.KILLED
    with pytest.raises(NoBackup, match="none that came to its end"):
        await Vault(str(tmp_path / "b")).manifest()
    with pytest.raises(Busy, match="killed less than"):
        await back_up(history, tmp_path / "b")
    await history.redis.delete(LOCK)  # as after fifteen seconds
    made = await back_up(history, tmp_path / "b")
    assert (made.tables["events"], await Vault(str(tmp_path / "b")).manifest()) == (50, made)
    tables = Tables(history.warehouse)
    assert [name for name in await tables.there() if name.endswith("_frozen")] == []
    assert not await history.redis.exists(kept.IN_USE, LOCK)


async def test_a_place_with_a_backup_and_a_second_backup_at_once_are_refused(history: History, tmp_path: Path) -> None:
    await store(history, 0, 5)
    made = await back_up(history, tmp_path / "b")
    with pytest.raises(ValueError, match=f"holds the backup {made.id} already"):
        await back_up(history, tmp_path / "b")
    async with exclusively(history.redis, LOCK):
        with pytest.raises(Busy):
            await back_up(history, tmp_path / "other")
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "b").rglob("*") if path.is_file()} == {0}


async def test_one_during_which_shards_were_added_is_given_up(history: History, redis_url: str, tmp_path: Path) -> None:
    await store(history, 0, 5)
    beside: Any = SyncRedis.from_url(redis_url)

    def tell(what: str, share: float) -> None:
        if (what, share) == ("streams", 1.0):
            beside.hset(INSTALL, "shards", len(history.made.shards) + 1)

    with pytest.raises(Busy, match="The number of shards was raised meanwhile"):
        await Backup(history.redis, history.settings.clickhouse_url, Vault(str(tmp_path / "b")), tell).run()
    with pytest.raises(NoBackup):
        await Vault(str(tmp_path / "b")).manifest()
    beside.close()


async def test_clickhouse_writes_its_own_part_on_top_of_an_earlier_one(
    history: History, there: Second, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket(tmp_path / "s3") as served:
        for name, value in served.env.items():
            monkeypatch.setenv(name, value)
        depot, url = Depot("s3://kept/warehouse"), history.settings.clickhouse_url
        await store(history, 0, 2000)
        first = await Backup(history.redis, url, Vault("s3://kept/one"), quiet, depot=depot).run()
        await store(history, 5001, 10)
        run = Backup(history.redis, url, Vault(str(tmp_path / "two")), quiet, depot=depot, base=first.id)
        made = await run.run()
        assert (made.tables_in, made.base, made.tables["events"]) == ("s3://kept/warehouse", first.id, 2010)
        sizes = [size(tmp_path / "s3" / "kept" / "warehouse" / one.id) for one in (first, made)]
        assert sizes[1] < sizes[0] / 2
        assert not [name for name in made.files if name.startswith("tables/")]
        assert served.env["AWS_SECRET_ACCESS_KEY"] not in (tmp_path / "two" / "manifest.json").read_text()
        assert (await there.restore(tmp_path / "two")).problems == []
        assert await (await there.history()).rows() == await history.rows()


async def test_what_the_server_does_not_allow_is_told(history: History, tmp_path: Path) -> None:
    await store(history, 0, 5)
    vault, url = Vault(str(tmp_path / "b")), history.settings.clickhouse_url
    with pytest.raises(NotNow, match=r"backups\.allowed_"):
        await Backup(history.redis, url, vault, quiet, depot=Depot("file:/nowhere/backups")).run()
    with pytest.raises(NoBackup):
        await vault.manifest()
    assert [name for name in await Tables(history.warehouse).there() if name.endswith("_frozen")] == []


def size(folder: Path) -> int:
    """Bytes of all its files but ClickHouse's own list of them."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != ".backup")
