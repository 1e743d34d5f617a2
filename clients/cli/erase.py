"""`headrace erase`: forget a user, a client, events or a stretch of time, for good, in every store."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.console import RenderableType

from clients.cli.consent import confirm
from clients.cli.errors import Exit, WrongUsage
from clients.cli.output import Invocation, table
from clients.cli.question import insist
from clients.cli.rejected import data
from clients.cli.service import Service

Cli = Annotated[Invocation, Parameter(parse=False)]
Flag = Annotated[bool, Parameter(negative=())]

PATH = "/api/v1/erasures"
#: the last step waits for ClickHouse to remove files, which takes minutes and cannot fail
_LAST = "parts"
_PAUSE = 0.5
#: it outlives a restart of the query service
_GIVE_UP_SECONDS = 60.0


class Check(msgspec.Struct):
    """A look afterwards."""

    at: str
    found: dict[str, int]


class Report(msgspec.Struct):
    """Answer of GET /api/v1/erasures/{erasure}."""

    id: str
    project: str
    state: str
    what: str
    ordered_at: str
    step: str
    waits_for: str
    counts: dict[str, int]
    checks: list[Check]
    next_check_at: str | None
    notes: list[str]


def erase(
    *, project: str = "", user: str = "", client: str = "",
    event: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    from_: Annotated[str, Parameter(name="--from")] = "", to: str = "", event_type: str = "",
    unreadable: Flag = False, dry_run: Flag = False, yes: Flag = False, cli: Cli,
) -> Exit:  # fmt: skip
    """Forget what is stored of somebody, for good. Counts first, and asks.

    headrace erase --user ada --dry-run
    headrace erase --project shop --user ada --yes
    headrace erase --from 2026-11-21T14:00:00Z --to 2026-11-21T15:00:00Z --event-type purchase

    What it began goes on when this command is interrupted.

    Parameters
    ----------
    project
        Must be the delete key's, where it is given: a guard against the wrong key.
    user
        All of a user, with the clients that are linked to it.
    client
        All of a client.
    event
        One event by its id; may be repeated.
    from_
        What occurred from then on.
    to
        And before then.
    event_type
        With --from and --to: only events of this name.
    unreadable
        Also all rejected events of the project that nobody can read.
    dry_run
        Only count.
    yes
        Do not ask.
    """
    meant = {"user_id": user, "client_id": client, "event_ids": event, "from": from_, "to": to}
    given = {**meant, "event_type": event_type, "project": project}
    order: dict[str, Any] = {name: value for name, value in given.items() if value}
    if not any(meant.values()):
        raise WrongUsage("Say what to forget: --user, --client, --event, or --from with --to.")
    order |= {"unreadable": True} if unreadable else {}
    if not yes or dry_run:
        counted = asyncio.run(_carry_out(cli, {**order, "dry_run": True}))
        if dry_run:
            return _tell(cli, counted, "Nothing was erased. An erasure would find:")
        _confirm(counted)
    return _tell(cli, asyncio.run(_carry_out(cli, order)), "Erased. What was found, and is there no more:")


async def show_erasure(erasure: str, /, *, cli: Cli) -> Exit:
    """The report of an erasure.

    headrace erasure 9f2c41d07ab3e856

    Parameters
    ----------
    erasure
        Its id.
    """
    async with Service(cli.settings) as service:
        report = await _ask(cli, service, "GET", f"{PATH}/{erasure}")
    return _tell(cli, report, f"Erasure {report.id} of {report.ordered_at} ({report.what}): {report.state}.")


async def _carry_out(cli: Invocation, order: Mapping[str, Any]) -> Report:
    """Order it, and wait for its end."""
    async with Service(cli.settings) as service:
        report = await _ask(cli, service, "POST", PATH, dict(order))
        told = ""
        while report.state in {"waiting", "running"} and report.step != _LAST:
            if report.waits_for not in {"", told}:
                told = report.waits_for
                cli.output.note(f"It waits: {told}")
            with cli.output.err.status(f"{report.step} ..."):
                await asyncio.sleep(_PAUSE)
            report = await _ask(cli, service, "GET", f"{PATH}/{report.id}")
    return report


async def _ask(cli: Invocation, service: Service, method: str, path: str, order: object = None) -> Report:
    answer = await insist(cli, lambda: service.change(method, path, order=order), _GIVE_UP_SECONDS)
    report: Report = data(answer, Report)
    return report


def _tell(cli: Invocation, report: Report, head: str) -> Exit:
    rows = [[store, f"{number:,}"] for store, number in report.counts.items()]
    rows += [[f"back by {check.at}", f"{sum(check.found.values()):,}"] for check in report.checks]
    parts: list[RenderableType] = [head, table("store", "found", rows=rows), *report.notes]
    if report.step == _LAST:
        parts.append("Replaced files of ClickHouse go within minutes.")
    if report.next_check_at:
        parts.append(f"Whether anything comes back is looked at next at {report.next_check_at}.")
    parts.append(f"The report: headrace erasure {report.id}")
    cli.output.answer(msgspec.to_builtins(report), *parts)
    return Exit.NO if report.notes else Exit.OK


def _confirm(counted: Report) -> None:
    """Raises unless a person says yes."""
    found = ", ".join(f"{number:,} in {store}" for store, number in counted.counts.items() if number) or "nothing"
    confirm(f"Project {counted.project}: {found}. Erase it for good?", "Nothing was erased.")
