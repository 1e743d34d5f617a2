"""Objects of the archive, written anew without some lines, in a folder; S3 is tried where there is a server."""

from pathlib import Path

import pytest

from ingest_api.event import Event
from ingest_api.projects import tombstones
from tests.workers.entries import entry, event
from tests.workers.s3 import bucket
from workers import pipeline
from workers.archives.archive import Archive, BadObject, Object
from workers.batch import decode
from workers.erasing import erase_lines
from workers.forgotten import Forgotten
from workers.reference import Reference

SECRET = b"s" * 32
KNOWN = Forgotten([tombstones.stone(SECRET, "demo", 1_795_000_900_000, users=["ada"])], SECRET)
MS = 1_795_000_000_000


async def put(where: Path, events: list[Event], ms: int = MS, install: str = "one") -> None:
    """A batch of one entry."""
    batch = pipeline.run(decode(3, [entry(f"{ms}-0", events)]), Reference())
    await Archive(str(where), install, 10).put(batch)


async def found(where: Path) -> list[tuple[Archive, Object]]:
    return [one async for one in erase_lines.objects(str(where))]


async def rewrite(where: Path, *, unreadable: bool = False, dry_run: bool = False) -> int:
    judge = erase_lines.of("demo", KNOWN, unreadable=unreadable)
    return sum([await erase_lines.rewrite(*one, {"demo"}, judge, dry_run=dry_run) for one in await found(where)])


async def test_only_what_is_erased_goes_and_every_other_line_stays_as_it_is(tmp_path: Path) -> None:
    some = [event(1, user_id="ada"), event(2, user_id="bob", properties=b'{"price":1.50}'), event(3, user_id="ada")]
    some += [event(4, user_id="ada", occurred_at=10**15), event(5, user_id="bob", occurred_at=10**15)]
    some += [event(6, user_id="ada", project="other")]
    await put(tmp_path, some)
    ((archive, one),) = await found(tmp_path)
    before = await archive.lines(one)
    assert await rewrite(tmp_path, dry_run=True) == 3
    assert await archive.lines(one) == before
    assert await rewrite(tmp_path) == 3
    assert await archive.lines(one) == [before[1], before[4], before[5]]
    assert await rewrite(tmp_path) == 0


async def test_an_object_of_which_nothing_stays_is_taken_away_of_every_installation(tmp_path: Path) -> None:
    for install in ("one", "two"):
        await put(tmp_path, [event(1, user_id="ada")], install=install)
        await put(tmp_path, [event(2, user_id="bob")], MS + 1, install)
    assert await rewrite(tmp_path) == 2
    assert [one.first_ms for _, one in await found(tmp_path)] == [MS + 1, MS + 1]


async def test_what_nobody_can_read_goes_only_when_that_was_ordered(tmp_path: Path) -> None:
    frame = (f"{MS}-0".encode(), [b"f", b"\x09zdamaged", b"n", b"7", b"p", b"demo\x007"])
    await Archive(str(tmp_path), "one", 10).put(pipeline.run(decode(3, [frame]), Reference()))
    assert await rewrite(tmp_path) == 0
    assert await rewrite(tmp_path, unreadable=True) == 1


async def test_an_object_that_is_damaged_is_named_and_left(tmp_path: Path) -> None:
    await put(tmp_path, [event(1, user_id="ada")])
    ((archive, one),) = await found(tmp_path)
    for lines in ([b"no line"], [b'{"line":"event","project":"demo"}']):
        await archive.replace(one, lines)
        if b"demo" in lines[0]:
            with pytest.raises(BadObject, match=one.path):
                await rewrite(tmp_path)
        else:
            assert await rewrite(tmp_path) == 0  # nothing of the project
    (tmp_path / one.path).write_bytes(b"cut")
    with pytest.raises(BadObject, match=one.path):
        await rewrite(tmp_path)


async def test_when_an_object_was_written_is_known_and_without_an_archive_there_is_none(tmp_path: Path) -> None:
    await put(tmp_path, [event(1)])
    ((_, one),) = await found(tmp_path)
    assert erase_lines.written_since(one, one.written_ms + 1)
    assert not erase_lines.written_since(one, one.written_ms + 2 * 3_600_000)
    assert [one async for one in erase_lines.objects("")] == []
    (stranger,) = [one async for one in erase_lines.objects(str(tmp_path), 0, MS + 1)]
    assert stranger[1] == one
    assert [one async for one in erase_lines.objects(str(tmp_path), MS + 1)] == []


@pytest.mark.stack
async def test_the_same_in_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with bucket(tmp_path) as there:
        for name, value in there.env.items():
            monkeypatch.setenv(name, value)
        for number, who in enumerate(("ada", "bob")):
            batch = pipeline.run(
                decode(3, [entry(f"{MS + number}-0", [event(number, user_id=who), event(9)])]), Reference()
            )
            await Archive(there.url, "one", 10).put(batch)
        await Archive(there.url, "one", 10).put(
            pipeline.run(decode(3, [entry(f"{MS + 5}-0", [event(1, user_id="ada")])]), Reference())
        )
        judge = erase_lines.of("demo", KNOWN, unreadable=False)
        found = [one async for one in erase_lines.objects(there.url)]
        assert [await erase_lines.rewrite(*one, {"demo"}, judge) for one in found] == [1, 0, 1]
        left = [one async for one in erase_lines.objects(there.url)]
        assert [len(await archive.lines(one)) for archive, one in left] == [1, 2]
