"""`headrace ledger`: what became of all events, minute by minute, and whether the books balance."""

from typing import Annotated

import msgspec
from cyclopts import Parameter

from clients.cli.errors import Exit
from clients.cli.output import Invocation, table
from clients.cli.question import ask
from clients.cli.stats import Freshness

_COUNTS = ("accepted", "stored", "rejected", "repeated", "erased", "in_flight", "duplicate")


class Account(msgspec.Struct, kw_only=True):
    """Events by what became of them."""

    accepted: int
    stored: int
    rejected: int
    repeated: int
    #: a service before erasures does not say it
    erased: int = 0
    in_flight: int
    duplicate: int
    refused: dict[str, int]


class Minute(Account, kw_only=True):
    """The same of one minute."""

    minute: str
    balanced: bool


class Ledger(msgspec.Struct):
    """Minutes with any event, and their sums."""

    minutes: list[Minute]
    total: Account
    balanced: bool


class LedgerAnswer(msgspec.Struct):
    """Answer of GET /api/v1/ledger."""

    data: Ledger
    meta: Freshness


async def ledger(
    *,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Show what became of the project's events, minute by minute. Ends with 1 when the books do not balance.

    headrace ledger
    headrace ledger --from 2026-11-21T10:00:00Z --to 2026-11-21T12:00:00Z --json

    Parameters
    ----------
    from_
        The first minute, ISO 8601; default an hour before the end.
    to
        The end, at most 24 hours later; default now.
    """
    params = {name: value for name, value in (("from", from_), ("to", to)) if value}
    answer = (await ask(cli, "/api/v1/ledger", params)).decode(LedgerAnswer)
    data = answer.data
    rows = [_row(one.minute, one, "yes" if one.balanced else "NO") for one in data.minutes]
    rows.append(_row("total", data.total, "yes" if data.balanced else "NO"))
    heads = ("minute", *(name.replace("_", " ") for name in _COUNTS), "refused", "balanced")
    cli.output.answer(msgspec.to_builtins(answer), table(*heads, rows=rows))
    if not data.balanced:
        cli.output.note("The books do not balance: an event was lost or counted twice. See docs/ledger.md.")
    return Exit.OK if data.balanced else Exit.NO


def _row(name: str, account: Account, balanced: str) -> list[str]:
    counts = [f"{getattr(account, one):,}" for one in _COUNTS]
    reasons = sorted(account.refused.items(), key=lambda pair: -pair[1])
    told = ", ".join(f"{events:,} {reason}" for reason, events in reasons)
    return [name, *counts, told or "0", balanced]
