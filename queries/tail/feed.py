"""Feed: a project's events as they become queryable, asked for once for all readers; and all feeds of a process.

A reader stands at a cursor. Who stands where the feed does is given what the next poll finds; who is further behind
asks for pages of his own until he is there. So nobody misses an event or gets one twice, whenever he comes.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from redis.exceptions import RedisError

from ingest_api.progress import ShardProgress
from ingest_api.stream import InstallMismatch
from queries import telemetry
from queries.errors import Refused, StoreUnavailable
from queries.freshness import Freshness, fresh_through
from queries.gate import Gate
from queries.questions.filters import EVERYTHING, Filter
from queries.questions.recent import Cursor
from queries.settings import Settings
from queries.store import Store
from queries.tail import arrivals
from queries.tail.arrivals import place
from queries.tail.reader import Reader

log = logging.getLogger(__name__)

#: between two looks, seconds: short while events come, longer while none do; and after a failure
PAUSE, LONGEST_PAUSE, AFTER_FAILURE = 0.1, 0.4, 1.0
#: a page is as many events as have about so many bytes, as the last ones were
PAGE_BYTES, FEWEST, MOST = 1024 * 1024, 50, 5000
_FIRST = 500
#: given to readers before they may take it
_BREATH_BYTES = 64 * 1024

_FAILURES = (StoreUnavailable, Refused, RedisError, OSError, InstallMismatch)
_SLOW = "You read more slowly than events arrive. Go on from the last id."
_BAD_WISH = "The filter cannot be held to these events."
_FULL = "Too many follow events live now. Ask again later."


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, where each lies, and who wishes for it; and up to where there are no others."""

    events: list[tuple[Cursor, bytes, Sequence[int]]]
    cursor: Cursor
    full: bool


class Feed:
    """Of one project. `head` is up to where the readers who keep up were given everything."""

    def __init__(
        self,
        project: str,
        head: Cursor,
        store: Store,
        gate: Gate,
        progress: Callable[[], Awaitable[list[ShardProgress]]],
    ) -> None:
        self.head = head
        self.readers: set[Reader] = set()
        self._project = project
        self._store = store
        self._gate = gate
        self._progress = progress
        self._page = _FIRST

    def behind(self, reader: Reader) -> bool:
        """Whether he must ask for pages of his own."""
        return place(reader.cursor) < place(self.head)

    async def page_of(self, reader: Reader) -> bytes:
        """The next events between the reader and the feed. Moves him."""
        page = await self._ask(reader.cursor, self.head, [reader.wish])
        reader.cursor = page.cursor
        return b"".join(event for _, event, _ in page.events)

    async def run(self) -> None:
        """Until cancelled, or until a fault that ends everybody's reading."""
        pause = PAUSE
        try:
            while True:
                try:
                    page = await self._look()
                    if page and page.full:
                        continue
                    pause = PAUSE if page and page.events else min(LONGEST_PAUSE, pause * 1.4)
                except _FAILURES as why:
                    if pause < AFTER_FAILURE:  # once for a row of failures
                        log.warning("a feed waits", extra={"action": "live", "why": str(why)})
                    pause = AFTER_FAILURE
                await asyncio.sleep(pause)
        except Exception:
            log.exception("a feed broke off", extra={"action": "live"})
        finally:
            for reader in self.readers:
                reader.end()

    async def _look(self) -> Page | None:
        """Give the next page to those who keep up, when there may be one."""
        shards = await self._progress()
        upto = Cursor.before(fresh_through(shards))
        ready = [one for one in self.readers if not one.ended and not self.behind(one)]
        if not ready or place(upto) <= place(self.head) or newest(shards) < self.head.ms:
            return None
        wishes = list(dict.fromkeys(one.wish for one in ready))
        try:
            page = await self._ask(self.head, upto, wishes)
        except (Refused, StoreUnavailable):
            await self._sift(upto, wishes)
            raise
        await self._give(page, ready, wishes)
        return page

    async def _give(self, page: Page, ready: Sequence[Reader], wishes: Sequence[Filter]) -> None:
        number = {wish: index for index, wish in enumerate(wishes)}
        given = 0
        for cursor, event, wanted in page.events:
            for reader in ready:
                if wanted[number[reader.wish]] and place(reader.cursor) < place(cursor):
                    self._offer(reader, event, cursor)
            given += len(event)
            if given > _BREATH_BYTES:
                given = 0
                await asyncio.sleep(0)
        self.head = page.cursor
        for reader in self.readers:
            if reader not in ready:
                reader.wake()  # he came while this was asked for
            elif self.behind(reader):
                reader.cursor = page.cursor

    @staticmethod
    def _offer(reader: Reader, event: bytes, cursor: Cursor) -> None:
        if not reader.ended and not reader.give(event, cursor):
            telemetry.LIVE_DROPPED.inc()
            reader.drop(last_word(_SLOW))

    async def _sift(self, upto: Cursor, wishes: Sequence[Filter]) -> None:
        """Drop those whose filter fails by itself while other questions do not, so that the others get their events."""
        await self._ask(self.head, upto, [EVERYTHING], 1)
        for wish in wishes:
            try:
                await self._ask(self.head, upto, [wish])
            except (Refused, StoreUnavailable) as why:
                if isinstance(why, Refused) and why.status == 429:
                    continue
                for reader in self.readers:
                    if reader.wish == wish:
                        reader.drop(last_word(_BAD_WISH))

    async def _ask(self, after: Cursor, upto: Cursor, wishes: Sequence[Filter], limit: int = 0) -> Page:
        limit = limit or self._page
        statement = arrivals.arrivals(self._project, after, upto, wishes, limit)
        telemetry.LIVE_POLLS.inc()
        async with self._gate.enter(self._project):
            rows = await self._store.rows(statement)
        events = [(cursor, _written(cursor, event), wanted) for cursor, event, wanted in arrivals.read(rows)]
        if events:
            mean = sum(len(event) for _, event, _ in events) // len(events)
            self._page = max(FEWEST, min(MOST, PAGE_BYTES // mean))
        full = len(rows) == limit
        return Page(events, events[-1][0] if full else upto, full)


@dataclass
class Feeds:
    """All feeds of one process: one for each project that somebody follows, and none for the others."""

    store: Store
    gate: Gate
    freshness: Freshness
    settings: Settings
    _feeds: dict[str, Feed] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _reading: "asyncio.Future[list[ShardProgress]] | None" = None
    _read_at: float = 0.0

    @asynccontextmanager
    async def follow(self, project: str, after: Cursor | None, wish: Filter) -> AsyncIterator[tuple[Feed, Reader]]:
        """A new reader of a project, for as long as the context lasts; without a cursor he gets what comes from now on.

        Raises `Refused` when there are too many.
        """
        head = Cursor.before(fresh_through(await self._progress()))
        # no await from here on: whoever leaves now must not end the feed under this reader
        feed = self._feed_of(project, head)
        reader = Reader(after or head, wish, self.settings.live_buffer_bytes)
        feed.readers.add(reader)
        telemetry.LIVE_READERS.inc()
        try:
            yield feed, reader
        finally:
            feed.readers.discard(reader)
            telemetry.LIVE_READERS.dec()
            if not feed.readers and self._feeds.get(project) is feed:
                self._stop(project)

    def close(self) -> None:
        """Let everybody go, now."""
        for project in list(self._feeds):
            self._stop(project)

    def _feed_of(self, project: str, head: Cursor) -> Feed:
        feed = self._feeds.get(project)
        here = len(feed.readers) if feed else 0
        everywhere = sum(len(one.readers) for one in self._feeds.values())
        if here >= self.settings.live_project_readers or everywhere >= self.settings.live_readers:
            raise Refused(429, _FULL)
        if feed is None or self._tasks[project].done():
            feed = self._feeds[project] = Feed(project, head, self.store, self.gate, self._progress)
            self._tasks[project] = asyncio.ensure_future(feed.run())
        return feed

    def _stop(self, project: str) -> None:
        feed = self._feeds.pop(project)
        self._tasks.pop(project).cancel()
        for reader in feed.readers:
            reader.end()

    async def _progress(self) -> list[ShardProgress]:
        """How far the drain is, read once for all feeds that ask at about the same moment."""
        now = time.monotonic()
        if self._reading is None or now - self._read_at > PAUSE / 2:
            self._read_at = now
            self._reading = asyncio.ensure_future(self.freshness.read())
        return await asyncio.shield(self._reading)


def newest(shards: Sequence[ShardProgress]) -> int:
    """When the last event that is stored arrived, Unix milliseconds: behind it there is nothing to ask for."""
    return max(int(shard.floor.partition("-")[0] or 0) for shard in shards)


def last_word(why: str) -> bytes:
    """What somebody is told before he is let go. It has no id: the last event's stands."""
    return b"event: dropped\ndata: " + msgspec.json.encode({"error": why}) + b"\n\n"


def _written(cursor: Cursor, event: dict[str, object]) -> bytes:
    return f"id: {cursor}\nevent: event\ndata: ".encode() + msgspec.json.encode(event) + b"\n\n"
