"""The cut: where a shard stands at one moment, what waits there and what is kept, read for a backup and put back.

All before the floor is in ClickHouse. What lies behind it is put back as not yet delivered: workers store it as always.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import msgspec

from ingest_api import ledger
from ingest_api.ledger import Book
from ingest_api.progress import read_progress
from ingest_api.servers import routing
from ingest_api.stream import GROUP, LIBRARY, Install, Redis, Shard
from workers import kept
from workers.batch import Entry
from workers.errors import NotNow

_PAGE = 64
#: of one file
_CHUNK_BYTES = 16 * 1024 * 1024
_CHUNK_FIELDS = 100_000
_NOTHING = "0-0"
_MENDED = b"e"
_ATTEMPTS = 10


class Pages(msgspec.Struct):
    """A book of the ledger: its cursor, and the minutes from there on."""

    cursor: int | None
    minutes: dict[int, dict[bytes, bytes]]


class Cut(msgspec.Struct):
    """A shard at one moment. Times are Unix milliseconds by Redis's clock."""

    at: int
    floor: str
    last: str
    #: when the oldest entry behind the floor was appended; 0: there is none
    oldest: int
    #: entries that the stream ever had, and the greatest id that was taken out
    added: int
    deleted: str
    counters: dict[bytes, bytes]
    book: Pages

    @property
    def fresh_through(self) -> int:
        """Every event that was acknowledged before is in ClickHouse, or waits in the cut."""
        return self.at


class Bucket(msgspec.Struct):
    """Some fields of the idempotency index. `until`: when they are forgotten, Unix ms."""

    key: str
    until: int
    fields: dict[bytes, bytes]


async def take(redis: Redis, install: Install, shard: Shard) -> Cut:
    """Cut a shard: one moment for all that is counted. Raises `NotNow`, and redis-py's errors."""
    await read_progress(redis, install)  # brings the library, should the server lack it
    for _ in range(_ATTEMPTS):
        book = Book(shard.ledger, shard.number)
        cursor, minutes = await _open(redis, book)
        keys = (shard.frames, shard.floor, shard.lease, shard.counters)
        async with cast("Any", redis).pipeline(transaction=True) as pipe:
            pipe.execute_command("FCALL_RO", f"{LIBRARY}_progress", len(keys), *keys)
            pipe.xinfo_stream(shard.frames)
            _read(pipe, book, minutes)
            progress, info, *pages = await pipe.execute()
        now, oldest, _, floor, flat = progress
        if (read := _pages(minutes, pages)).cursor == cursor and now // ledger.MINUTE_MS < minutes.stop:
            counters = dict(zip(flat[::2], flat[1::2], strict=True))
            last, deleted = info["last-generated-id"].decode(), info["max-deleted-entry-id"].decode()
            return Cut(now, floor.decode(), last, oldest, info["entries-added"], deleted, counters, read)
    raise NotNow(f"the ledger of shard {shard.number} moves all the time")


async def pages_of(redis: Redis, book: Book) -> Pages:
    """A book that belongs to no shard."""
    _, minutes = await _open(redis, book)
    async with cast("Any", redis).pipeline(transaction=True) as pipe:
        _read(pipe, book, minutes)
        return _pages(minutes, await pipe.execute())


async def write_pages(redis: Redis, book: Book, pages: Pages) -> None:
    """Put a book back."""
    async with cast("Any", redis).pipeline(transaction=True) as pipe:
        if pages.cursor is not None:
            pipe.set(book.cursor, pages.cursor)
        for minute, fields in pages.minutes.items():
            pipe.delete(book.minute(minute))
            pipe.hset(book.minute(minute), mapping=fields)
            pipe.pexpire(book.minute(minute), ledger.KEEP_MINUTES * ledger.MINUTE_MS)
        await pipe.execute()


async def waiting(redis: Redis, shard: Shard, cut: Cut) -> AsyncIterator[list[Entry]]:
    """What lies behind the floor, in files' worth. Raises `NotNow` when it was dropped before it could be read."""
    first = True
    async for entries in _entries(redis, shard, f"({cut.floor}", cut.last):
        if first and cut.oldest and kept.halves(entries[0][0])[0] != cut.oldest:
            break
        first = False
        yield entries
    if first and cut.oldest:
        raise NotNow(f"shard {shard.number} was trimmed while it was read: Redis is short of memory")


async def behind(redis: Redis, shard: Shard, cut: Cut) -> AsyncIterator[list[Entry]]:
    """What is kept though it is in ClickHouse, as far as it is still there, in files' worth."""
    if cut.floor != _NOTHING:
        async for entries in _entries(redis, shard, "-", cut.floor):
            yield entries


async def index(redis: Redis, install: Install, shard: Shard, now_ms: int) -> AsyncIterator[Bucket]:
    """The keys that are remembered, in files' worth. What is appended meanwhile may be in it, or not."""
    client = cast("Any", redis)
    number = now_ms // install.window_ms
    for key in (f"{shard.index}:{number - 1}", f"{shard.index}:{number}"):
        left, cursor = await client.pttl(key), -1
        found: dict[bytes, bytes] = {}
        while left > 0 and cursor:
            cursor, some = await client.hscan(key, max(cursor, 0), count=1000)
            found |= some
            if len(found) >= _CHUNK_FIELDS or not cursor:
                yield Bucket(key, now_ms + left, found)
                found = {}


async def clear(redis: Redis, shard: Shard) -> None:
    """Take everything of a shard away."""
    async for key in redis.scan_iter(match=f"{shard.tag}:*", count=1000):
        await redis.unlink(key)


async def write_entries(redis: Redis, shard: Shard, entries: Sequence[Entry]) -> None:
    """Put entries back under their ids; they come in their order."""
    async with cast("Any", redis).pipeline(transaction=False) as pipe:
        for entry_id, flat in entries:
            fields = dict(zip((flat or ())[::2], (flat or ())[1::2], strict=True))
            pipe.xadd(shard.mended if _MENDED in fields else shard.frames, fields, id=entry_id)
        await pipe.execute()


async def write_index(redis: Redis, bucket: Bucket) -> None:
    """Put some of the index back."""
    async with cast("Any", redis).pipeline(transaction=False) as pipe:
        pipe.hset(bucket.key, mapping=bucket.fields)
        pipe.pexpireat(bucket.key, bucket.until)
        await pipe.execute()


async def write(redis: Redis, shard: Shard, cut: Cut) -> None:
    """Put back where the shard stood, behind its entries: what waits is delivered to the next worker."""
    start = cut.floor if cut.floor != _NOTHING else "0"
    async with cast("Any", redis).pipeline(transaction=True) as pipe:
        pipe.xgroup_create(shard.frames, GROUP, id=start, mkstream=True)
        pipe.execute_command("XSETID", shard.frames, cut.last, "ENTRIESADDED", cut.added, "MAXDELETEDID", cut.deleted)
        if cut.floor != _NOTHING:
            pipe.set(shard.floor, cut.floor)
        if cut.counters:
            pipe.hset(shard.counters, mapping=cut.counters)
        await pipe.execute()
    await write_pages(redis, Book(shard.ledger, shard.number), cut.book)


def events_of(entries: Sequence[Entry]) -> int:
    """How many events entries say that they hold."""
    return sum(int(flat[flat.index(b"n") + 1]) for _, flat in entries if flat and b"n" in flat)


async def _entries(redis: Redis, shard: Shard, start: str, end: str) -> AsyncIterator[list[Entry]]:
    found: list[Entry] = []
    size = 0
    while True:
        page, _ = await kept.page(redis, shard, start, end, _PAGE)
        found += page
        size += sum(len(part) for _, flat in page for part in flat or ())
        if found and (size >= _CHUNK_BYTES or len(page) < _PAGE):
            yield found
            found, size = [], 0
        if len(page) < _PAGE:
            return
        start = f"({page[-1][0].decode()}"


async def _open(redis: Redis, book: Book) -> tuple[int | None, range]:
    """The cursor, and the minutes that may have something: to the next one, which may begin meanwhile."""
    (cursor,) = await ledger.cursors(redis, [book])
    minute = int((await (await routing.holding(redis, book.cursor)).time())[0]) // 60
    return cursor, range(minute if cursor is None else cursor, minute + 2)


def _read(pipe: Any, book: Book, minutes: range) -> None:
    pipe.get(book.cursor)
    for minute in minutes:
        pipe.hgetall(book.minute(minute))


def _pages(minutes: range, answers: Sequence[Any]) -> Pages:
    cursor, *found = answers
    filled = {minute: fields for minute, fields in zip(minutes, found, strict=True) if fields}
    return Pages(None if cursor is None else int(cursor), filled)
