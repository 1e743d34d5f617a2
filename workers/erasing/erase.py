"""Erasure: what a project ordered to be forgotten goes out of every store, step by step.

A step may end at any moment, and is begun again: each finds what is still there. The tombstone stands before the first.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar, NamedTuple, cast

import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError
from redis.asyncio.lock import Lock
from redis.exceptions import LockError, RedisError

from ingest_api import fault, moment
from ingest_api.projects import erasures, tombstones
from ingest_api.projects.erasures import Erasure
from ingest_api.projects.secret import secret
from ingest_api.stream import Install, InstallMismatch, Redis, read_install
from workers.archives.archive import BadObject
from workers.clickhouse.visit import visit
from workers.erasing import erase_keys, erase_lines
from workers.erasing.erase_keys import Alive
from workers.erasing.erase_rows import TABLES, TIMEOUT_SECONDS, Rows
from workers.erasing.mend import Mending
from workers.erasing.sweep import sweep
from workers.errors import NotNow
from workers.forgotten import Forgotten

log = logging.getLogger(__name__)

LOCK = "headrace:erasing"
#: one that was killed holds the next one up for so long
LOCK_SECONDS = 60
#: an event may name a time so far ahead of its arrival, and some more
_AHEAD_MS = 2 * 86_400_000


async def erase(redis: Redis, places: "Places") -> int:
    """Make every step that can be made now. Returns how many erasures and checks came to their end.

    One that has to wait says why in its report, and holds up no other. Only one process works at a time.
    """
    lock = Lock(cast("Any", redis), LOCK, timeout=LOCK_SECONDS, blocking=False)
    if not await redis.exists(tombstones.TOMBSTONES, erasures.OPEN) or not await lock.acquire():
        return 0
    ended = 0
    try:
        install = await read_install(redis)
        async with _held(lock) as alive:
            await sweep(redis, install, alive)
            open_ = await erasures.due(redis, moment.now_ms())
            for one in [await erasures.get(redis, name) for name in open_]:
                if one is not None:
                    ended += await Erasing(redis, install, places, one, alive).run()
    except (InstallMismatch, LockError):  # nothing to do yet; or another process took over and goes on
        return ended
    finally:
        with suppress(LockError):
            await lock.release()
    return ended


class Places(NamedTuple):
    """Where events lie besides Redis: the URL of ClickHouse, and the archive or an empty text."""

    clickhouse_url: str
    archive: str


class Erasing:
    """One erasure, as far as it comes now."""

    def __init__(self, redis: Redis, install: Install, places: Places, one: Erasure, alive: Alive) -> None:
        self._redis = redis
        self._install = install
        self._url, self._archive = places
        self._one = one
        self._alive = alive
        self._stone = one.tombstone
        self._secret = b""

    async def run(self) -> bool:
        """Whether it came to its end."""
        one = self._one
        self._secret = await secret(self._redis)
        self._stone = await tombstones.get(self._redis, one.id) or one.tombstone
        try:
            while one.step:
                fault.point(f"worker.erase_{one.step}")
                if problem := await self.steps[one.step](self):
                    raise NotNow(problem)
                fault.point(f"worker.erased_{one.step}")
                await self._alive()
                one.go_on(moment.now_ms())
                await erasures.save(self._redis, one)
        except (NotNow, ClickHouseError, RedisError, OSError) as error:
            if isinstance(error, LockError):
                raise
            await self._wait(str(error))
            return False
        except Exception as error:
            log.exception("an erasure failed", extra={"action": "erase", "erasure": one.id})
            await self._wait(f"{one.step} failed ({type(error).__name__}): the worker's log says where")
            return False
        told = {"action": "erase", "erasure": one.id, "project": one.project, **(one.found or one.counts)}
        log.info("checked an erasure" if one.checks else "erased", extra=told)
        return True

    async def _wait(self, why: str) -> None:
        said = why.partition("\n")[0][:300]
        if said != self._one.problem:
            self._one.problem = said
            log.warning("an erasure waits", extra={"action": "erase", "erasure": self._one.id, "why": said})
            await erasures.save(self._redis, self._one)

    async def _link(self) -> str:
        """The tombstone stands, for the clients of a user, too."""
        if not self._one.dry_run:
            await tombstones.put(self._redis, self._stone)
        async with self._rows() as rows:
            clients = [client.encode() for client in await rows.linked()]
        key = tombstones.key(self._secret, self._one.project, "client")
        self._stone = msgspec.structs.replace(self._stone, linked=tombstones.marks(key, clients))
        if self._one.dry_run:
            self._one.tombstone = self._stone
        else:
            await tombstones.put(self._redis, self._stone)
        return ""

    async def _pass(self) -> str:
        """What was taken by workers that did not know the tombstone yet is committed."""
        one, client = self._one, cast("Any", self._redis)
        for shard in self._install.shards if not one.upto else ():
            one.upto[shard.number] = (await client.xinfo_stream(shard.frames))["last-generated-id"].decode()
        for number, last in one.upto.items():
            shard = self._install.shards[number]
            floor = (await client.get(shard.floor) or b"0-0").decode()
            if await client.xrange(shard.frames, f"({floor}", last, count=1):
                return f"shard {number} has not stored everything yet that had arrived before"
        return ""

    async def _collect(self) -> str:
        """Remember the ids: a retry of one of these events may bring a time of its own."""
        key = tombstones.key(self._secret, self._one.project, "event")
        marks = tombstones.marks(key, await self._ids())
        known = set(tombstones.split(self._stone.found))
        if new := [mark for mark in tombstones.split(marks) if mark not in known]:
            some = [*new, *known][: tombstones.MOST_IDS]
            self._stone = msgspec.structs.replace(self._stone, found=b"".join(sorted(some)))
            await tombstones.put(self._redis, self._stone)
        return ""

    async def _forget(self) -> str:
        """The index and the receipts. Of ids that are too many to be remembered the index is left to its window."""
        ids = [(self._one.project, event_id) for event_id in await self._ids()]
        gone = await erase_keys.forget(self._redis, self._install, ids, self._alive)
        self._one.count("keys", gone)
        await erase_keys.forget_verdicts(self._redis, self._install)
        return ""

    async def _delete(self) -> str:
        """Rows. They are counted before they go."""
        async with self._rows() as rows:
            for table, number in (await rows.count()).items():
                self._one.count(table, number)
            await erasures.save(self._redis, self._one)
            rewritten = await rows.delete() or any(self._one.so_far.get(table) for table in TABLES)
            self._one.rewritten_at = await rows.now() if rewritten else 0
        return ""

    async def _mend(self) -> str:
        """Frames that are committed and kept."""
        for shard in self._install.shards:
            async for number in self._mending().mend(self._redis, shard):
                await self._alive()
                self._one.count("tail", number)
            await erasures.save(self._redis, self._one)
        return ""

    async def _rewrite(self) -> str:
        """Objects of the archive; in a check those that were written since."""
        await self._lines(since=self._one.made_at if self._one.done_at else 0)
        return ""

    async def _files(self) -> str:
        """Redis's own: what is deleted there stays in them until they are written anew."""
        if any(self._one.so_far.values()):
            self._note(await erase_keys.rewrite_files(self._redis, self._alive))
        return ""

    async def _parts(self) -> str:
        """ClickHouse's: it removes what was replaced by itself."""
        async with visit(self._url, TIMEOUT_SECONDS) as client:
            rows = Rows(client, self._stone, self._secret, self._alive, unreadable=False)
            old = await rows.old_parts(self._one.rewritten_at)
        return f"{old} replaced parts lie on the disk of ClickHouse, which removes them within minutes" if old else ""

    async def _count(self) -> str:
        """A dry run."""
        async with self._rows() as rows:
            self._one.counts = await rows.count()
        mending = self._mending()
        for shard in self._install.shards:
            async for ids in mending.ids(self._redis, shard):
                await self._alive()
                self._one.count("tail", len(ids))
        await self._lines(dry_run=True)
        return ""

    async def _lines(self, since: int = 0, *, dry_run: bool = False) -> None:
        one, stone = self._one, self._stone
        judge = erase_lines.of(one.project, Forgotten((stone,), self._secret), unreadable=one.unreadable)
        first_ms = 0 if stone.first_ms is None else max(0, stone.first_ms - _AHEAD_MS)
        async for archive, found in erase_lines.objects(self._archive, first_ms):
            await self._alive()
            if not erase_lines.written_since(found, since):
                continue
            try:
                number = await erase_lines.rewrite(archive, found, {one.project}, judge, dry_run=dry_run)
            except BadObject as error:
                self._note([f"{error}. It was left as it is."])
                continue
            if number:
                one.count("archive", number)
                await erasures.save(self._redis, one)

    async def _ids(self) -> list[bytes]:
        """Ids of what is to go, those in the streams first, no more than are remembered."""
        found: dict[bytes, None] = {}
        mending = self._mending()
        for shard in self._install.shards:
            async for ids in mending.ids(self._redis, shard):
                await self._alive()
                found |= dict.fromkeys(event_id for _, event_id in ids)
        async with self._rows() as rows:
            found |= dict.fromkeys(await rows.ids(tombstones.MOST_IDS))
        return list(found)[: tombstones.MOST_IDS]

    def _mending(self) -> Mending:
        known = Forgotten((self._stone,), self._secret)
        return Mending(known, self._one.project if self._one.unreadable else "")

    @asynccontextmanager
    async def _rows(self) -> AsyncIterator[Rows]:
        async with visit(self._url, TIMEOUT_SECONDS) as client:
            rows = Rows(client, self._stone, self._secret, self._alive, unreadable=self._one.unreadable)
            await rows.find()
            yield rows
            await rows.let_go()  # not after an error: a rewrite that has begun looks things up in it

    def _note(self, notes: list[str]) -> None:
        self._one.notes += [note for note in notes if note not in self._one.notes]

    #: by the names in `erasures.STEPS`
    steps: ClassVar[dict[str, Callable[["Erasing"], Awaitable[str]]]] = {
        "link": _link, "pass": _pass, "collect": _collect, "settle": _pass, "forget": _forget, "rows": _delete,
        "tail": _mend, "archive": _rewrite, "files": _files, "parts": _parts, "count": _count,
    }  # fmt: skip


@asynccontextmanager
async def _held(lock: Lock) -> AsyncIterator[Alive]:
    """Keeps the lock for as long as anything takes. What is yielded raises `LockError` once it is lost."""
    ended = asyncio.Event()
    lost: list[LockError] = []

    async def keep() -> None:
        while not ended.is_set() and not lost:
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOCK_SECONDS / 4)
            try:
                await lock.reacquire()
            except LockError as error:
                lost.append(error)
            except (RedisError, OSError):
                continue  # away for a moment: it lasts for longer

    async def alive() -> None:
        if lost:
            raise lost[0]

    keeping = asyncio.ensure_future(keep())
    try:
        yield alive
    finally:
        ended.set()
        await keeping
