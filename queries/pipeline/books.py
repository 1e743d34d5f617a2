"""Books: how many events a minute, from the ledger's counters: of a project, or of all together.

What is copied is asked of ClickHouse once for all who ask within half a minute, and what is not of Redis: a minute that
is copied meanwhile stays in Redis for longer than that. Of one project Redis is asked each time; of all together, where
the answer grows with the number of projects, at most every 5 seconds and in a twentieth of the processor.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest_api import ledger, moment
from ingest_api.ledger import REFUSALS, Book, Line
from ingest_api.progress import ShardProgress
from ingest_api.stream import Redis, Shard
from queries import sql
from queries.freshness import Freshness
from queries.pipeline.flow import Minute, Rates, Totals
from queries.reading import Reading
from queries.rejections.rejected import Selection
from queries.sql import Statement
from queries.store import Store

MINUTES = 60
_SETTLED_SECONDS, _OPEN_SECONDS = 30.0, 5.0
#: shorter than a copied minute stays in Redis
_STALE_SECONDS = 240.0
#: projects that a process remembers
_PROJECTS = 1000
_SHOWN = ("accepted", "duplicate", "stored", "rejected", "refused")
_SETTLED = """
SELECT at, sum(a), sum(d), sum(s), sum(r), sum(f), anyIf(owner, a != e) FROM (
    SELECT project AS owner, intDiv(toUnixTimestamp(minute), 60) AS at, shard,
           sumIf(events, outcome = 'accepted') AS a, sumIf(events, outcome = 'duplicate') AS d,
           sumIf(events, outcome = 'stored') AS s, sumIf(events, outcome = 'rejected') AS r,
           sumIf(events, startsWith(outcome, 'refused:')) AS f,
           sumIf(events, outcome IN ('stored', 'rejected', 'repeated', 'erased')) AS e
    FROM ledger FINAL WHERE $whose
        minute >= fromUnixTimestamp({first:Int64} * 60)
        AND at < if(startsWith(outcome, 'refused:'), {refused:Int64}, {cursors:Array(Int64)}[shard + 1])
    GROUP BY owner, at, shard
) GROUP BY at"""


@dataclass(frozen=True)
class Account:
    """What is known of a project, or of all: its rates, minutes that do not balance and whose they are, and the rest.

    `waiting` is how many rejected events wait; None where nobody could be asked.
    """

    rates: Rates
    wrong: Mapping[int, str]
    waiting: int | None


@dataclass(frozen=True)
class _Settled:
    """Up to the cursors, from minute `first` on."""

    cursors: Sequence[tuple[Book, int]]
    first: int
    minutes: Mapping[int, Sequence[int]]
    wrong: Mapping[int, str]
    waiting: int | None


@dataclass(frozen=True)
class _Open:
    """From the cursors on."""

    minutes: Mapping[int, Counter[str]]
    wrong: Mapping[int, str]


class Books:
    """Of one process."""

    def __init__(self, redis: Redis, store: Store, freshness: Freshness) -> None:
        self._redis = redis
        self._store = store
        self._freshness = freshness
        self._settled: dict[str, Reading[_Settled]] = {}
        self._everybodys = Reading(self._read_everybodys, _OPEN_SECONDS, time.process_time)

    async def of_project(self, project: str, shards: Sequence[ShardProgress]) -> Account:
        """Of one project. `shards` must have been read before."""
        settled = await self._settled_of(project, shards)
        lines = await ledger.read_project(self._redis, project, _uncopied(settled, shards))
        account = _account(settled, _opened(lines, shards), shards)
        since = moment.utc(settled.first * ledger.MINUTE_MS)
        counted = [sum(row[at] for row in account.values()) for at in range(4)]
        return _shown(account, settled, _opened(lines, shards).wrong, shards, Totals(since, *counted))

    async def of_all(self, shards: Sequence[ShardProgress]) -> Account:
        """Of all projects together. The totals are those of the shards: since install, and of this moment."""
        first = await self._settled_of("", shards)  # before the rest, which is made of it
        settled, opened = await self._everybodys.value() or (first, _Open({}, {}))
        count = [sum(one.counters.get(name, 0) for one in shards) for name in ("appended", *_SHOWN[1:4])]
        return _shown(_account(settled, opened, shards), settled, opened.wrong, shards, Totals(None, *count))

    async def close(self) -> None:
        """End what runs."""
        await self._everybodys.close()
        for one in self._settled.values():
            await one.close()

    async def _settled_of(self, project: str, shards: Sequence[ShardProgress]) -> _Settled:
        reading = self._settled.pop(project, None) or Reading(lambda: self._read_settled(project), _SETTLED_SECONDS)
        for old in list(self._settled)[: max(0, len(self._settled) - _PROJECTS)]:
            if not self._settled[old].busy:
                del self._settled[old]
        self._settled[project] = reading  # the last asked for is the last forgotten
        return await reading.value(_STALE_SECONDS) or await self._unsettled(shards)

    async def _unsettled(self, shards: Sequence[ShardProgress]) -> _Settled:
        """While ClickHouse is away: what Redis has of every book."""
        cursors = await self._cursors(shards)
        first = max(_first(shards), *(cursor for _, cursor in cursors))
        return _Settled(cursors, first, {}, {}, None)

    async def _read_settled(self, project: str) -> _Settled:
        shards = await self._freshness.read()
        cursors, first = await self._cursors(shards), _first(shards)
        *of_shards, refused = (cursor for _, cursor in cursors)
        rows = await self._store.rows(
            Statement(
                _SETTLED.replace("$whose", "project = {project:String} AND" if project else ""),
                {"project": project, "first": first, "cursors": of_shards, "refused": refused},
            )
        )
        left = await self._store.rows(sql.rejected_left(Selection(project, "", shards[0].now)))
        minutes = {row[0]: row[1:6] for row in rows}
        return _Settled(cursors, first, minutes, {row[0]: row[6] for row in rows if row[6]}, left[0][0])

    async def _read_everybodys(self) -> tuple[_Settled, _Open]:
        """Minute by minute, so that nobody else waits for long."""
        shards = await self._freshness.read()
        settled = await self._settled_of("", shards)
        lines: dict[Line, int] = {}
        for book, minutes in _uncopied(settled, shards):
            for at in minutes:
                lines |= await ledger.read(self._redis, book, range(at, at + 1))
        return settled, _opened(lines, shards)

    async def _cursors(self, shards: Sequence[ShardProgress]) -> list[tuple[Book, int]]:
        """Of each book the first minute that is not copied, the refusals' last. Nothing of an empty one is."""
        books = [*ledger.books(Shard(one.shard) for one in shards), REFUSALS]
        found = await ledger.cursors(self._redis, books)
        return [(book, cursor or 0) for book, cursor in zip(books, found, strict=True)]


def _first(shards: Sequence[ShardProgress]) -> int:
    """The first minute that is looked at: of a whole hour, so that totals run on until the next one."""
    return (_now(shards) - MINUTES + 1) // 60 * 60


def _now(shards: Sequence[ShardProgress]) -> int:
    return shards[0].now // ledger.MINUTE_MS


def _uncopied(settled: _Settled, shards: Sequence[ShardProgress]) -> list[tuple[Book, range]]:
    until = _now(shards) + 1
    return [(book, range(max(settled.first, cursor), until)) for book, cursor in settled.cursors]


def _opened(lines: Mapping[Line, int], shards: Sequence[ShardProgress]) -> _Open:
    minutes: dict[int, Counter[str]] = defaultdict(Counter)
    for line, events in lines.items():
        minutes[line.minute][line.outcome.partition(":")[0]] += events
    settled = {one.shard: ledger.settled(one) for one in shards}
    wrong = {
        minute: project
        for (minute, project, shard), events in ledger.in_flight(lines).items()
        if events < 0 or minute < settled[shard]
    }
    return _Open(minutes, wrong)


def _account(settled: _Settled, opened: _Open, shards: Sequence[ShardProgress]) -> dict[int, list[int]]:
    """Minute -> counts in the order of `_SHOWN`, without gaps."""
    return {
        at: [
            before + opened.minutes.get(at, Counter())[name]
            for name, before in zip(_SHOWN, settled.minutes.get(at, (0,) * len(_SHOWN)), strict=True)
        ]
        for at in range(settled.first, _now(shards) + 1)
    }


def _shown(
    account: Mapping[int, Sequence[int]],
    settled: _Settled,
    wrong: Mapping[int, str],
    shards: Sequence[ShardProgress],
    totals: Totals,
) -> Account:
    from_ = _now(shards) - MINUTES
    minutes = [Minute(moment.utc(at * ledger.MINUTE_MS), *row) for at, row in account.items() if at > from_]
    return Account(Rates(minutes, totals), {**settled.wrong, **wrong}, settled.waiting)
