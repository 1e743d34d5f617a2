"""The ledger: how many events of each project and minute came to which end. Keys, reading, balance.

Counts live in Redis, a hash for each book and minute: `project:outcome` -> events. A shard has a book that its own
functions keep, in the same step as they append and commit; the front doors share one for what they refused. Once a
minute can no longer change, a worker copies it into ClickHouse and moves the book's cursor behind it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from ingest_api.errors import Reason
from ingest_api.progress import ShardProgress
from ingest_api.stream import Redis, Shard

MINUTE_MS = 60_000
#: what was accepted ends in one of these
ENDS = ("stored", "rejected", "repeated", "erased")
OUTCOMES = ("accepted", "duplicate", *ENDS)
REFUSED = tuple(f"refused:{reason}" for reason in Reason)
#: a minute that nobody copies is dropped after a week
KEEP_MINUTES = 7 * 24 * 60
#: what was refused may be counted this much later: the front door could not reach Redis
REFUSED_MINUTES = 60
#: a copied minute stays this long for readers that began before
_COPIED_MS = 5 * MINUTE_MS


class Line(NamedTuple):
    """One line of the ledger. The minute is Unix time in minutes; what is refused has no shard and is under 0."""

    minute: int
    project: str
    shard: int
    outcome: str


Counts = Mapping[Line, int]


class Book(NamedTuple):
    """The keys of one book."""

    prefix: str
    shard: int = 0

    @property
    def cursor(self) -> str:
        """Holds the first minute that is not copied; missing before the first count."""
        return f"{self.prefix}:copied"

    def minute(self, minute: int) -> str:
        """The hash of a minute."""
        return f"{self.prefix}:{minute}"


REFUSALS = Book("headrace:refused")


def books(shards: Iterable[Shard]) -> list[Book]:
    """The shards' books, in the order of the shards."""
    return [Book(shard.ledger, shard.number) for shard in shards]


def settled(progress: ShardProgress) -> int:
    """The first minute whose counts may still change: all before it lie wholly below the floor.

    Read the progress first, the counts after it.
    """
    return progress.fresh_through // MINUTE_MS


async def cursors(redis: Redis, kept: Sequence[Book]) -> list[int | None]:
    """The first minute of each book that is not copied."""
    async with redis.pipeline(transaction=False) as pipe:
        for book in kept:
            pipe.get(book.cursor)
        return [None if found is None else int(found) for found in await pipe.execute()]


async def read(redis: Redis, book: Book, minutes: range) -> dict[Line, int]:
    """Every line of these minutes."""
    async with redis.pipeline(transaction=False) as pipe:
        for minute in minutes:
            pipe.hgetall(book.minute(minute))
        found = await pipe.execute()
    return {
        Line(minute, project, book.shard, outcome): int(count)
        for minute, fields in zip(minutes, found, strict=True)
        for name, count in fields.items()
        for project, _, outcome in [name.decode().partition(":")]
    }


async def read_project(redis: Redis, project: str, wanted: Sequence[tuple[Book, range]]) -> dict[Line, int]:
    """One project's lines, of some minutes of each book, in one round trip."""
    asked = [(book, minute) for book, minutes in wanted for minute in minutes]
    outcomes = [REFUSED if book == REFUSALS else OUTCOMES for book, _ in asked]
    async with redis.pipeline(transaction=False) as pipe:
        for (book, minute), names in zip(asked, outcomes, strict=True):
            pipe.hmget(book.minute(minute), [f"{project}:{name}" for name in names])
        found = await pipe.execute()
    return {
        Line(minute, project, book.shard, name): int(count)
        for (book, minute), names, counts in zip(asked, outcomes, found, strict=True)
        for name, count in zip(names, counts, strict=True)
        if count is not None
    }


async def close(redis: Redis, book: Book, minutes: range) -> None:
    """Move the cursor behind these minutes, which are copied, and let their hashes go."""
    async with redis.pipeline(transaction=False) as pipe:
        pipe.set(book.cursor, minutes.stop)
        for minute in minutes:
            pipe.pexpire(book.minute(minute), _COPIED_MS)
        await pipe.execute()


async def refuse(redis: Redis, counts: Mapping[tuple[int, str, str], int]) -> None:
    """Add events to the book of refusals: by minute, project and reason."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.set(REFUSALS.cursor, min(minute for minute, _, _ in counts), nx=True)
        for (minute, project, reason), count in counts.items():
            key = REFUSALS.minute(minute)
            cast("Any", pipe).hincrby(key, f"{project}:refused:{reason}", count)
            pipe.pexpire(key, KEEP_MINUTES * MINUTE_MS)
        await pipe.execute()


def in_flight(counts: Counts) -> dict[tuple[int, str, int], int]:
    """By minute, project and shard: what was accepted and has come to no end yet, where that is not 0.

    Below 0, or not 0 in a minute that is settled, the books do not balance.
    """
    open_: Counter[tuple[int, str, int]] = Counter()
    for (minute, project, shard, outcome), count in counts.items():
        if outcome == "accepted":
            open_[minute, project, shard] += count
        elif outcome in ENDS:
            open_[minute, project, shard] -= count
    return {place: count for place, count in open_.items() if count}
