"""Shard 0, whoever owns it, and its ledger: for tests that kill workers and count afterwards."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from ingest_api import ledger as books
from ingest_api.ledger import Book
from ingest_api.progress import read_progress
from ingest_api.projects.projects import Project
from ingest_api.rules.normalise import Stamped, normalise
from ingest_api.stream import Install, Redis, fcall
from tests.appending import append_together
from tests.ingest_api.events import NOW, changed, context, draft
from workers.batch import span
from workers.landed import Landed, land
from workers.landing import Landing
from workers.reference import References
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source

MANY = (1_000_000, 1_000_000_000, 0)


def stamped(number: int, project: str = "a", key: str = "", **fields: Any) -> Stamped:
    """An event of any project; fields are those of the event as it travels."""
    made = normalise(draft(key=key), context(Project(project, (), NOW)), number)
    assert isinstance(made, Stamped)
    return changed(made, **fields)


async def once(_part: str, call: Callable[[], Awaitable[Any]]) -> Any:
    """Nothing is away here."""
    return await call()


class Desk:
    """Shard 0, its owner, and the ledger."""

    def __init__(self, redis: Redis, url: str, made: Install, sink: Sink, settings: Settings) -> None:
        self.redis, self.url = redis, url
        self.made = Install(made.id, 1, made.window_ms)  # everything meets in shard 0
        self.shard, self.book = made.shards[0], books.books(made.shards)[0]
        self._sink, self._settings = sink, settings
        self._source = Source(redis, self.shard, 0)

    async def append(self, *requests: list[Stamped]) -> None:
        """Requests that arrive in the same moment."""
        await append_together(self.url, self.made, requests)

    async def store(self) -> Landed:
        """Take what is there as a worker that starts anew, and store it; nothing is committed."""
        await self.redis.delete(self.shard.lease)
        epoch = await fcall(self.redis, "lease", [self.shard.lease, self.shard.epoch], "me", 60_000)
        self._source = Source(self.redis, self.shard, epoch)
        entries, _ = await self._source.take(*MANY)
        landing = Landing(self._source, self._sink, self._settings, References(self.redis), once)
        return land(await landing.store(entries, span([entry_id.decode() for entry_id, _ in entries])))

    async def waits(self) -> bool:
        """Whether anything is there to take."""
        return (await read_progress(self.redis, self.made))[0].waiting > 0

    async def commit(self, landed: Landed) -> None:
        await self._source.commit(landed)

    async def counts(self, book: Book | None = None) -> dict[tuple[str, str], int]:
        """By project and outcome, over every minute in Redis."""
        found: Counter[tuple[str, str]] = Counter()
        for line, events in (await self.lines(book or self.book)).items():
            found[line.project, line.outcome] += events
        return dict(found)

    async def lines(self, book: Book) -> dict[books.Line, int]:
        (cursor,) = await books.cursors(self.redis, [book])
        now = (await read_progress(self.redis, self.made))[0].now
        return {} if cursor is None else await books.read(self.redis, book, range(cursor, now // 60_000 + 1))

    async def age(self, minutes: int) -> None:
        """Everything was counted so long ago."""
        (cursor,) = await books.cursors(self.redis, [self.book])
        assert cursor is not None
        now = (await read_progress(self.redis, self.made))[0].now
        for minute in range(cursor, now // 60_000 + 1):
            if await self.redis.exists(self.book.minute(minute)):
                await self.redis.rename(self.book.minute(minute), self.book.minute(minute - minutes))
        await self.redis.set(self.book.cursor, cursor - minutes)
