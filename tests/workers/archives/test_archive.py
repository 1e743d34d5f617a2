"""Batches in an archive: a folder, and a bucket of a real S3 server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest_api import zstd
from ingest_api.stream import fcall
from tests.waiting import until
from tests.workers.entries import entry, event
from tests.workers.history import History
from tests.workers.s3 import bucket
from workers import pipeline
from workers.archives.archive import Archive, BadObject, Object, check, objects_of
from workers.batch import Batch, decode
from workers.errors import NotNow
from workers.reference import Reference
from workers.source import Source

HOUR = 3_600_000
#: 2026-11-18 10:59:59.000
THEN = 1_794_999_599_000
EVER = 4_000_000_000_000


def batch(shard: int = 3, ms: int = THEN, count: int = 4) -> Batch:
    """Two entries, one after the other."""
    entries = [entry(f"{ms + i}-{i}", [event(10 * i + j) for j in range(count // 2)]) for i in range(2)]
    return decode(shard, entries)


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.stack)])
def where(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty archive of each kind."""
    if request.param == "folder":
        yield str(tmp_path / "raw" / "events")
        return
    with bucket(tmp_path) as served:
        for name, value in served.env.items():
            monkeypatch.setenv(name, value)
        yield served.url


async def found(archive: Archive, first_ms: int = 0, until_ms: int = EVER) -> list[Object]:
    """What the archive lists."""
    return [one async for one in archive.objects(first_ms, until_ms)]


async def test_a_batch_is_written_listed_and_read_back(where: str) -> None:
    archive = Archive(where, "installed", 10)
    one = batch()
    await archive.put(one)
    await archive.put(one)
    (listed,) = await found(archive)
    assert listed.path == f"installed/2026/11/18/10/s03-{THEN}-0-{THEN + 1}-1.ndjson.zst"
    assert (listed.shard, listed.first_ms, listed.last_ms) == (3, THEN, THEN + 1)
    again = await archive.read(listed)
    assert (again.shard, again.events, again.positions) == (3, one.events, one.positions)
    assert await archive.installs() == ["installed"]


async def test_only_the_time_that_was_asked_for_is_listed_in_its_order(where: str) -> None:
    archive = Archive(where, "installed", 10)
    times = [THEN + hours * HOUR for hours in (0, 1, 30, 24 * 40, 24 * 400)]
    for shard, ms in enumerate(reversed(times)):
        await archive.put(batch(shard, ms))
    await Archive(where, "another", 10).put(batch())
    assert [one.first_ms for one in await found(archive)] == times
    assert [one.first_ms for one in await found(archive, times[1], times[3])] == times[1:3]
    assert [one.first_ms for one in await found(archive, times[1] + 1, times[3] + 1)] == times[1:4]
    assert await found(archive, times[1] + 2, times[2]) == []
    assert await found(Archive(where, "nobody", 10)) == []


async def test_a_place_that_is_away_is_asked_again_later(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if where.startswith("s3://"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    else:
        where = f"{__file__}/is/no/folder"
    archive = Archive(where, "installed", 3)
    with pytest.raises(NotNow):
        await archive.put(batch())
    with pytest.raises(NotNow):
        await found(archive)


@pytest.mark.stack
async def test_a_bucket_that_lets_nobody_in_is_asked_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket(tmp_path) as served:
        for name, value in served.env.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(NotNow, match="404"):
            await Archive("s3://no-such-bucket/x", "installed", 5).put(batch())
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
        with pytest.raises(NotNow, match="403"):
            await Archive(served.url, "installed", 5).put(batch())


def test_the_same_batch_is_the_same_bytes_under_the_same_name() -> None:
    assert objects_of(batch(), "installed") == objects_of(batch(), "installed")
    ((_, data),) = objects_of(batch(), "installed")
    assert zstd.decompress(data).count(b"\n") == 4


def test_a_batch_that_reaches_over_the_hour_is_in_both() -> None:
    entries = [
        entry(f"{THEN}-0", [event(1)]),
        entry(f"{THEN + 2}-0", [event(2)]),
        entry(f"{THEN + HOUR}-5", [event(3)]),
    ]
    (first, _), (second, data) = objects_of(decode(0, entries), "i")
    assert first == f"i/2026/11/18/10/s00-{THEN}-0-{THEN + 2}-0.ndjson.zst"
    assert second == f"i/2026/11/18/11/s00-{THEN + HOUR}-5-{THEN + HOUR}-5.ndjson.zst"
    assert zstd.decompress(data).count(b"\n") == 1


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-3], lambda data: data + b"x", lambda _: b"", lambda _: b"plain"]
)
async def test_a_damaged_object_is_named(tmp_path: Path, damage: object) -> None:
    archive = Archive(str(tmp_path), "installed", 10)
    await archive.put(batch())
    (listed,) = await found(archive)
    path = tmp_path / listed.path
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]  # a function of the list above
    with pytest.raises(BadObject, match=listed.path):
        await archive.read(listed)


async def test_a_line_that_cannot_be_read_is_told_with_its_object(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path), "installed", 10)
    await archive.put(batch())
    (listed,) = await found(archive)
    (tmp_path / listed.path).write_bytes(zstd.compress(b'{"line":"event"}\n'))
    with pytest.raises(BadObject, match="required"):
        await archive.read(listed)


async def test_other_files_are_passed_over(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path), "installed", 10)
    await archive.put(batch())
    (listed,) = await found(archive)
    for name in ("notes.txt", "s03-1-0-2-0.ndjson.zst.part"):
        (tmp_path / listed.path).with_name(name).write_text("x")
    (tmp_path / "installed" / "lost+found").mkdir()
    assert await found(archive) == [listed]


@pytest.mark.parametrize("place", ["gs://bucket/x", "s3://", "s3:///x", "http://host/x"])
def test_a_place_that_can_be_none_is_refused_at_once(place: str) -> None:
    with pytest.raises(ValueError, match="HEADRACE_ARCHIVE"):
        check(place)


@pytest.mark.stack
async def test_while_the_archive_is_away_batches_wait_and_nothing_is_lost(history: History, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.write_text("in the way")
    archive = Archive(str(folder), history.made.id, 5)
    await history.append(0, "1795000000000-0", [event(i) for i in range(20)])
    draining = asyncio.ensure_future(history.drain(archive))

    async def inserted() -> bool:
        return await history.counts() == (20, 20)

    await until(inserted)
    assert not await history.committed()
    assert not draining.done()
    folder.unlink()
    await draining
    (listed,) = await found(archive)
    assert len((await archive.read(listed)).events) == 20
    assert await history.counts() == (20, 20)


@pytest.mark.stack
async def test_a_batch_archived_before_a_crash_is_archived_once(history: History, tmp_path: Path) -> None:
    archive, shard = Archive(str(tmp_path), history.made.id, 5), history.made.shards[0]
    for entry_id in ("1795000000000-0", "1795000000009-0"):
        await history.append(0, entry_id, [event(int(entry_id[-3])), event(50), event(50)])
    epoch = await fcall(history.redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
    entries, _ = await Source(history.redis, shard, epoch).take(100, 10**6, 0)
    await archive.put(pipeline.run(decode(0, entries), Reference()))  # and no commit
    (before,) = await found(archive)
    content = (tmp_path / before.path).read_bytes()
    await history.drain(archive)
    assert await found(archive) == [before]
    assert (tmp_path / before.path).read_bytes() == content


@pytest.mark.stack
async def test_an_s3_that_comes_back_gets_what_waited(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket(tmp_path) as served:
        port = served.port
    for name, value in served.env.items():
        monkeypatch.setenv(name, value)
    archive = Archive(served.url, history.made.id, 5)
    await history.append(0, "1795000000000-0", [event(i) for i in range(20)])
    draining = asyncio.ensure_future(history.drain(archive))

    async def inserted() -> bool:
        return await history.counts() == (20, 20)

    await until(inserted)
    assert not await history.committed()
    with bucket(tmp_path, port):
        await draining
        assert len(await found(archive)) == 1
