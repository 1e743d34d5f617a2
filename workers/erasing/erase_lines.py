"""Erasing lines: objects of the archive are written anew without what is erased, under the names they have."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence

from ingest_api.event import Event
from workers.archives import line
from workers.archives.archive import Archive, BadObject, Object
from workers.batch import Batch, Rejected
from workers.forgotten import Forgotten

TIMEOUT_SECONDS = 60.0
_EVER_MS = 4_000_000_000_000
#: clocks of a bucket and of Redis may differ by this
_MARGIN_MS = 3_600_000

#: events and rejected ones -> of each, whether it is to go
Judge = Callable[[Sequence[Event], Sequence[Rejected]], tuple[Sequence[bool], Sequence[bool]]]


async def archives(where: str) -> list[Archive]:
    """Those of all installations that wrote there; none without a place. Raises `NotNow`."""
    if not where:
        return []
    return [Archive(where, one, TIMEOUT_SECONDS) for one in await Archive(where, "", TIMEOUT_SECONDS).installs()]


async def objects(where: str, first_ms: int = 0, until_ms: int = _EVER_MS) -> AsyncIterator[tuple[Archive, Object]]:
    """Every object whose events were appended in this time. Raises `NotNow`."""
    for archive in await archives(where):
        async for one in archive.objects(first_ms, until_ms):
            yield archive, one


def of(project: str, known: Forgotten, *, unreadable: bool) -> Judge:
    """What an erasure means."""

    def judge(events: Sequence[Event], rejected: Sequence[Rejected]) -> tuple[Sequence[bool], Sequence[bool]]:
        bad = [
            known.rejected(one)
            or (unreadable and one.project == project and (one.kind == "frame" or not known.readable(one.raw)))
            for one in rejected
        ]
        return known.hits(events) or [False] * len(events), bad

    return judge


def whole(projects: Collection[str]) -> Judge:
    """All of some projects."""
    return lambda events, rejected: (
        [event.project in projects for event in events],
        [one.project in projects for one in rejected],
    )


async def rewrite(
    archive: Archive, one: Object, projects: Collection[str], judge: Judge, *, dry_run: bool = False
) -> int:
    """Write an object without the lines of these projects that are to go. Returns how many went.

    Raises `BadObject` and `NotNow`.
    """
    lines = await archive.lines(one)
    kept = await asyncio.to_thread(_kept, one, lines, projects, judge)
    if len(kept) < len(lines) and not dry_run:
        await archive.replace(one, kept)
    return len(lines) - len(kept)


def _kept(one: Object, lines: Sequence[bytes], projects: Collection[str], judge: Judge) -> Sequence[bytes]:
    """Lines of other projects are not even read."""
    names = [f'"project":"{project}"'.encode() for project in projects]
    mine = [number for number, row in enumerate(lines) if any(name in row for name in names)]
    batch = Batch(one.shard, [one.first, one.last])
    events: list[int] = []
    rejected: list[int] = []
    try:
        for number in mine:
            before = len(batch.events)
            line.add(batch, lines[number])
            (events if len(batch.events) > before else rejected).append(number)
    except line.BadLine as error:
        raise BadObject(f"{one.path} cannot be read: {error}") from error
    hits, bad = judge(batch.events, batch.rejected)
    gone = {number for number, hit in zip(events + rejected, [*hits, *bad], strict=True) if hit}
    return [row for number, row in enumerate(lines) if number not in gone] if gone else lines


def written_since(one: Object, ms: int) -> bool:
    """Whether an object may have been written since then."""
    return one.written_ms >= ms - _MARGIN_MS
