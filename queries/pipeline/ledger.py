"""GET /api/v1/ledger: what became of a project's events, minute by minute, and whether the books balance.

Minutes that can still change are read from Redis, settled ones from ClickHouse. The cursors are read first: a minute
that moves meanwhile is in both stores and is read from Redis alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypedDict

import msgspec

from ingest_api import ledger, moment
from ingest_api.ledger import REFUSALS
from ingest_api.progress import ShardProgress
from ingest_api.stream import Redis, Shard
from queries import sql
from queries.answer import Meta, meta
from queries.store import Store


class Account(msgspec.Struct):
    """Events by what became of them.

    The accepted are stored, rejected, repeated (twice in a batch), erased (before they were stored) or in flight.
    """

    accepted: int = 0
    duplicate: int = 0
    stored: int = 0
    rejected: int = 0
    repeated: int = 0
    erased: int = 0
    in_flight: int = 0
    #: by reason, before anything was written
    refused: dict[str, int] = msgspec.field(default_factory=dict)

    def add(self, outcome: str, events: int) -> None:
        """Count."""
        if outcome.startswith("refused:"):
            reason = outcome.removeprefix("refused:")
            self.refused[reason] = self.refused.get(reason, 0) + events
            return
        setattr(self, outcome, getattr(self, outcome) + events)
        if outcome in ("accepted", *ledger.ENDS):
            self.in_flight += events if outcome == "accepted" else -events


class Minute(Account, kw_only=True):
    """One minute. Out of balance: more ended than was accepted, or less in a minute where nothing is in flight."""

    minute: str
    balanced: bool


class Ledger(TypedDict):
    """Minutes with any event, and their sums."""

    minutes: list[Minute]
    total: Account
    balanced: bool


class LedgerAnswer(TypedDict):
    """The answer of GET /api/v1/ledger."""

    success: Literal[True]
    data: Ledger
    meta: Meta


async def read(
    redis: Redis, store: Store, project: str, minutes: range, shards: Sequence[ShardProgress]
) -> LedgerAnswer:
    """The minutes (Unix minutes) of a project. `shards` must have been read before."""
    books = [*ledger.books(Shard(one.shard) for one in shards), REFUSALS]
    cursors = [cursor or 0 for cursor in await ledger.cursors(redis, books)]
    open_ = [
        (book, range(max(minutes.start, cursor), minutes.stop))
        for book, cursor in zip(books, cursors, strict=True)
        if cursor
    ]
    lines = await ledger.read_project(redis, project, open_)
    *of_shards, refused = cursors
    rows = await store.rows(sql.ledger(project, minutes.start, minutes.stop, of_shards, refused))
    accounts, wrong = _accounts(rows, lines, {one.shard: ledger.settled(one) for one in shards})
    shown = [
        Minute(minute=moment.text(at * ledger.MINUTE_MS), balanced=at not in wrong, **msgspec.structs.asdict(account))
        for at, account in sorted(accounts.items())
    ]
    data: Ledger = {"minutes": shown, "total": _total(accounts.values()), "balanced": not wrong}
    return {"success": True, "data": data, "meta": meta(list(shards))}


def _accounts(
    rows: Iterable[Sequence[Any]], lines: ledger.Counts, settled: Mapping[int, int]
) -> tuple[dict[int, Account], set[int]]:
    """By minute, and which minutes do not balance."""
    accounts: dict[int, Account] = defaultdict(Account)
    wrong = set()
    for at, *sums, reasons, unbalanced in rows:
        for outcome, events in (*zip(ledger.OUTCOMES, sums, strict=True), *reasons.items()):
            accounts[at].add(outcome, events)
        if unbalanced:
            wrong.add(at)
    for line, events in lines.items():
        accounts[line.minute].add(line.outcome, events)
    for (minute, _, shard), events in ledger.in_flight(lines).items():
        if events < 0 or minute < settled[shard]:
            wrong.add(minute)
    return accounts, wrong


def _total(accounts: Iterable[Account]) -> Account:
    total = Account()
    for account in accounts:
        for outcome in ledger.OUTCOMES:
            total.add(outcome, getattr(account, outcome))
        for reason, events in account.refused.items():
            total.add(f"refused:{reason}", events)
    return total
