"""`headrace rejected redrive`: puts rejected events back into the queue, page after page."""

import asyncio
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

from clients.cli.bar import Bar
from clients.cli.consent import confirm
from clients.cli.errors import Exit, No, WrongUsage
from clients.cli.output import Invocation
from clients.cli.rejected import PATH, Cli, Flag, Groups, ask, data

_REDRIVE = "/api/v1/redrive"
#: a redrive outlives a restart of the query service
_GIVE_UP_SECONDS = 60.0


class Redriven(msgspec.Struct):
    """Answer of POST /api/v1/redrive, of one page."""

    redriven: int
    already: int
    events: int
    left: int
    before: int


def redrive_rejected(
    fingerprint: str = "", /, *, project: str = "", all_: Annotated[bool, Parameter(name="--all", negative=())] = False,
    yes: Flag = False, cli: Cli,
) -> Exit:  # fmt: skip
    """Put rejected events back into the queue, with the ids they have: nothing is stored twice.

    headrace rejected redrive 9f2c41d07ab3e856
    headrace rejected redrive --project shop --yes

    What is still bad is rejected once more. May be interrupted and repeated.

    Parameters
    ----------
    fingerprint
        Only events of this cause.
    project
        Only events of this project.
    all_
        Everything that can be put back.
    yes
        Do not ask first.
    """
    if bool(fingerprint or project) is all_:
        raise WrongUsage("Name a fingerprint or a --project, or say --all.")
    cli.settings.need("admin_key", "Pass --key, or make one: headrace key create --kind admin")
    events = asyncio.run(_waiting(cli, fingerprint, project))
    if not events:
        raise No("There is nothing to put back. `headrace rejected list` shows what there is.")
    if not yes:
        confirm(f"Put {events:,} events back into the queue?", "Nothing was put back.")
    order = {"fingerprint": fingerprint, "project": project, "all": all_}
    return asyncio.run(_redrive(cli, order, events))


async def _waiting(cli: Invocation, fingerprint: str, project: str) -> int:
    """How many events would be put back."""
    params = {"limit": "1000"} | ({"project": project} if project else {})
    groups = data(await ask(cli, "GET", PATH, params=params), Groups).groups
    return sum(one["events"] for one in groups if one["kind"] and fingerprint in {"", one["fingerprint"]})


async def _redrive(cli: Invocation, order: dict[str, Any], events: int) -> Exit:
    """Page after page, until nothing is left of what there was at the start."""
    total = {"redriven": 0, "already": 0, "events": 0}
    columns = (TextColumn("putting back"), BarColumn(), MofNCompleteColumn())
    try:
        with Bar(cli.output, *columns, total=events) as bar:
            left = 1
            while left:
                page = data(await ask(cli, "POST", _REDRIVE, order=order, patience=_GIVE_UP_SECONDS), Redriven)
                for name in total:
                    total[name] += getattr(page, name)
                order["before"], left = page.before, page.left if page.redriven + page.already else 0
                bar.update(completed=total["events"])
    except (asyncio.CancelledError, KeyboardInterrupt):
        cli.output.note(f"{total['events']:,} events are back in the queue. The same command goes on with the rest.")
        raise
    lines = [
        f"{total['events']:,} events are back in the queue; `headrace rejected list` shows what is rejected again."
    ]
    if total["already"]:
        lines.append(f"Of the rows {total['already']:,} had been put back by a redrive that did not end.")
    cli.output.answer(total, *lines)
    return Exit.OK
