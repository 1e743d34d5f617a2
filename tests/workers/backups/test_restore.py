"""What a backup holds is there again, once each, on real stores; what would harm is refused before anything is done."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from ingest_api import fault
from ingest_api.access import Directory
from ingest_api.moment import now_ms
from ingest_api.progress import read_progress
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.projects.saved import QUERIES
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import fcall, install
from tests.raised import raised
from tests.workers.entries import event
from tests.workers.erasing.people import Person, carry_out, everybody, order, replay, stored, unbalanced
from tests.workers.history import History
from tests.workers.second import Second, back_up, quiet, second
from workers import pipeline, row
from workers.archives.archive import Archive
from workers.backups.backup import Busy, exclusively
from workers.backups.restore import LOCK, PROGRESS, Refused, Restore
from workers.backups.tables import Tables
from workers.backups.vault import Damaged, Vault
from workers.batch import decode
from workers.erasing.erase import Places
from workers.errors import NotNow
from workers.heartbeat import Heartbeat
from workers.reference import Reference
from workers.sink import Sink
from workers.source import Source

pytestmark = pytest.mark.stack

RUN = """
import asyncio, sys
from pathlib import Path
from ingest_api.stream import connect
from workers.erasing.erase import Places
from workers.errors import NotNow
from workers.backups.restore import Restore
from workers.backups.vault import Vault

redis_url, clickhouse_url, folder = sys.argv[1:]
restore = Restore(connect(redis_url), Places(clickhouse_url, ""), Vault(folder), lambda *_: None)
asyncio.run(restore.run())
"""


@pytest.fixture
async def there(redis_url: str, clickhouse_url: str) -> AsyncIterator[Second]:
    """A second installation, empty."""
    async with second(redis_url, clickhouse_url) as one:
        yield one


async def lived(history: History) -> list[str]:
    """Events that are stored, in two shards, and ten that wait in a third. The rows there are at last."""
    projects = Projects(history.redis)
    await projects.create("demo", ("web",))
    await Shelf(history.redis, QUERIES).put("demo", "daily", '{"metrics":["events"]}')
    now = now_ms() - 60_000
    for shard, count in ((0, 40), (1, 60)):
        some = [event(1000 * shard + i, occurred_at=now, client_id=f"c{i}", user_id="u") for i in range(count)]
        await history.append(shard, f"{now}-0", some)
    await history.drain()
    await history.append(2, f"{now + 1}-0", [event(5000 + i, occurred_at=now, client_id="late") for i in range(10)])
    return await history.rows()


async def test_an_installation_is_there_again_and_workers_store_what_waited(
    history: History, there: Second, tmp_path: Path
) -> None:
    rows = await lived(history)
    _, token = await Projects(history.redis).create_key("demo", Kind.WRITE)
    made = await back_up(history, tmp_path / "b")
    report = await there.restore(tmp_path / "b")
    assert (report.problems, report.waiting, report.tables["events"]) == ([], 10, 100)
    restored = await there.history()
    assert restored.made == history.made
    assert await restored.rows() == rows
    assert (await Directory(there.redis).find(token)) is not None
    assert await Shelf(there.redis, QUERIES).of("demo") == await Shelf(history.redis, QUERIES).of("demo")
    await restored.drain()
    await history.drain()
    assert await restored.counts() == (110, 110)
    assert await restored.rows() == await history.rows()
    for table in ("sightings", "identity_claims"):
        asked = f"SELECT formatRow('JSONEachRow', *) FROM {table} FINAL ORDER BY ALL"
        here = (await history.warehouse.query(asked)).result_rows
        assert (await there.warehouse.query(asked)).result_rows == here, table
    assert (await there.warehouse.query("SELECT sum(rows) FROM hour_marks")).result_rows == [(110,)]
    was, now = [await read_progress(one.redis, history.made) for one in (history, restored)]
    assert [one.counters for one in was] == [one.counters for one in now]
    assert made.fresh_through <= now_ms()


async def test_a_batch_that_was_stored_and_not_committed_is_there_once(
    history: History, there: Second, tmp_path: Path, settings: Any
) -> None:
    await lived(history)
    shard = history.made.shards[2]
    epoch = await fcall(history.redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
    entries, _ = await Source(history.redis, shard, epoch).take(1000, 1 << 20, 0)
    batch = pipeline.run(decode(2, entries), Reference())
    sink = Sink(settings.clickhouse_url, history.made.id, 10)
    await sink.insert(batch, batch.span, row.columns(batch))
    await sink.close()
    made = await back_up(history, tmp_path / "b")
    assert (made.tables["events"], made.shards[2].events) == (110, 10)
    assert (await there.restore(tmp_path / "b")).problems == []
    restored = await there.history()
    assert await restored.counts() == (100, 100)
    await restored.drain()
    assert await restored.counts() == (110, 110)


async def test_the_archive_brings_what_was_stored_since(
    history: History, there: Second, tmp_path: Path, archive: Archive
) -> None:
    await lived(history)
    made = await back_up(history, tmp_path / "b")
    await history.append(3, f"{now_ms()}-0", [event(9000 + i, occurred_at=made.made_at) for i in range(7)])
    await history.drain(archive)
    assert (await there.restore(tmp_path / "b")).problems == []
    restored = await there.history()
    await restored.drain()
    assert (await replay(restored, archive)).restored == 7
    assert await restored.rows() == await history.rows()


async def test_whom_a_project_forgot_stays_forgotten(
    history: History, redis_url: str, there: Second, tmp_path: Path, places: Places
) -> None:
    ada, bob, eve = Person(), Person(), Person()
    await Projects(history.redis).create("demo", ())
    await everybody(history, redis_url, [ada.did(), bob.did(), eve.did()])
    await history.drain()
    await order(history.redis, users=[bob.user_id])  # and nobody carries it out
    await back_up(history, tmp_path / "early")
    await carry_out(history.redis, places, await order(history.redis, users=[ada.user_id]))
    await back_up(history, tmp_path / "late")
    report = await there.restore(tmp_path / "early")
    assert (report.problems, report.erasures) == ([], 1)
    restored = await there.history()
    assert await stored(restored, ada, bob, eve) == [1, 0, 1]
    report = await there.restore(tmp_path / "early", replace=True, later=tmp_path / "late")
    assert (report.problems, report.erasures) == ([], 2)
    assert await stored(restored, ada, bob, eve) == [0, 0, 1]
    await restored.drain()
    assert await stored(restored, ada, bob, eve) == [0, 0, 1]
    assert await unbalanced(restored) == {}


async def test_an_older_schema_is_brought_forward_and_a_newer_one_is_refused(
    history: History, there: Second, tmp_path: Path
) -> None:
    await lived(history)
    made = await back_up(history, tmp_path / "b")
    older = {name: proof for name, proof in made.schema.items() if name < "0010"}
    await sealed(tmp_path / "b", msgspec.structs.replace(made, schema=older))
    report = await there.restore(tmp_path / "b")
    assert report.problems == []
    assert [name[:4] for name in report.migrations[:2]] == ["0010", "0011"]
    assert (await there.warehouse.query("SELECT sum(rows) FROM hour_marks")).result_rows == [(100,)]
    newer = {**made.schema, "9999_pre_more.sql": "0"}
    await sealed(tmp_path / "b", msgspec.structs.replace(made, schema=newer))
    with pytest.raises(Refused, match="newer schema than this build: 9999_pre_more"):
        await there.restore(tmp_path / "b", replace=True)
    other = {**made.schema, "0001_pre_events.sql": "0"}
    await sealed(tmp_path / "b", msgspec.structs.replace(made, schema=other))
    with pytest.raises(Refused, match="other migrations"):
        await there.restore(tmp_path / "b", replace=True)
    assert await (await there.history()).counts() == (100, 100)


async def sealed(folder: Path, manifest: Any) -> None:
    """Another manifest, as right as the first."""
    vault = Vault(str(folder))
    vault.files = manifest.files
    await vault.seal(manifest)


async def test_nothing_is_touched_where_a_file_is_damaged_or_missing(
    history: History, there: Second, tmp_path: Path
) -> None:
    await lived(history)
    made = await back_up(history, tmp_path / "b")
    for name in made.files:
        path = tmp_path / "b" / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
        with pytest.raises(Damaged, match=name):
            await there.restore(tmp_path / "b")
        path.write_bytes(whole)
    path.unlink()
    with pytest.raises(Damaged, match=f"{name} is missing"):
        await there.restore(tmp_path / "b")
    assert await there.redis.dbsize() == 0
    assert await Tables(there.warehouse).there() == []


async def test_an_installation_that_is_there_is_taken_away_only_when_told(
    history: History, there: Second, tmp_path: Path
) -> None:
    await lived(history)
    await back_up(history, tmp_path / "b")
    await Projects(there.redis).create("mine", ())
    with pytest.raises(Refused, match=r"There is an installation already \(headrace:projects\)"):
        await there.restore(tmp_path / "b")
    assert [one.id for one in await Projects(there.redis).all()] == ["mine"]
    assert (await there.restore(tmp_path / "b", replace=True)).problems == []
    assert [one.id for one in await Projects(there.redis).all()] == ["demo"]
    await there.redis.flushdb()
    with pytest.raises(Refused, match="the table sightings"):
        await there.restore(tmp_path / "b")


async def test_there_are_as_many_shards_as_in_the_backup_whatever_there_was(
    history: History, there: Second, tmp_path: Path
) -> None:
    await lived(history)
    await back_up(history, tmp_path / "b")
    await install(there.redis, 2, 3600)
    assert (await raised(there.redis, 7)).shard_count == 7
    assert (await there.restore(tmp_path / "b", replace=True)).problems == []
    restored = await there.history()
    assert restored.made == history.made
    assert [key async for key in there.redis.scan_iter(match="{s*}:count")] == []
    assert [key async for key in there.redis.scan_iter(match="{s06}:*")] == []
    assert (await raised(there.redis, 6)).count_before == len(history.made.shards)


async def test_beside_services_that_run_nothing_is_restored(history: History, there: Second, tmp_path: Path) -> None:
    await lived(history)
    await back_up(history, tmp_path / "b")
    seconds, micros = await there.redis.time()
    now = int(seconds) * 1000 + int(micros) // 1000
    beat = Heartbeat("w1", 1, "here", now, now, [], "draining")
    await cast("Any", there.redis).hset("headrace:workers", "w1", msgspec.json.encode(beat))
    with pytest.raises(Refused, match="1 workers run"):
        await there.restore(tmp_path / "b")
    await there.redis.delete("headrace:workers")
    await there.redis.set("headrace:probe", 1, px=60_000)
    with pytest.raises(Refused, match="a front door runs"):
        await there.restore(tmp_path / "b")
    await there.redis.delete("headrace:probe")
    async with exclusively(there.redis, LOCK):
        with pytest.raises(Busy):
            await there.restore(tmp_path / "b")


@pytest.mark.parametrize("point", ["restore.table:7", "restore.shard:3", "restore.state:1"])
async def test_killed_anywhere_it_goes_on(history: History, there: Second, tmp_path: Path, point: str) -> None:
    rows = await lived(history)
    await back_up(history, tmp_path / "b")
    arguments = (there.redis_url, there.clickhouse_url, str(tmp_path / "b"))
    env = {**os.environ, fault.VARIABLE: point}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", RUN, *arguments, env=env)
    async with asyncio.timeout(60):
        assert await process.wait() == fault.KILLED
    assert await there.redis.hexists(PROGRESS, "backup")  # type: ignore[misc]  # redis-py 5: awaitable or not
    await there.redis.delete(LOCK)  # as after fifteen seconds
    assert (await there.restore(tmp_path / "b")).problems == []
    restored = await there.history()
    assert await restored.rows() == rows
    await restored.drain()
    assert await restored.counts() == (110, 110)
    assert not await there.redis.exists(PROGRESS)


async def test_a_store_that_refuses_is_told(history: History, there: Second, tmp_path: Path) -> None:
    await lived(history)
    await back_up(history, tmp_path / "b")
    elsewhere = Places(there.clickhouse_url.replace("headrace:", "nobody:"), "")
    restore = Restore(there.redis, elsewhere, Vault(str(tmp_path / "b")), quiet)
    with pytest.raises(NotNow, match="Authentication failed"):
        await restore.run()
    assert await there.redis.dbsize() == 0
