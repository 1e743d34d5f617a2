"""`headrace alerts`: what is watched for a project, and who is told."""

import asyncio
import time
from typing import Any
from urllib.parse import quote

import msgspec
import orjson

from clients.cli.errors import Exit
from clients.cli.output import printable, table
from clients.cli.rejected import Cli, ask, data
from clients.cli.schema import File, read_object

#: workers look every five seconds; an attempt takes thirty at most
_TEST_SECONDS, _PAUSE = 60.0, 0.5


class Shown(msgspec.Struct):
    """An alert as the query service gives it."""

    name: str
    version: int
    alert: dict[str, Any]
    outcome: str
    checked_at: str | None
    value: float | None
    problem: str
    history: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    secret: str = ""


async def list_alerts(project: str, /, *, cli: Cli) -> Exit:
    """The alerts of a project. Exit code 1 when one of them fires.

    headrace alerts list shop

    Parameters
    ----------
    project
        Its id.
    """
    found: list[Shown] = data(await ask(cli, "GET", _path(project)), dict[str, list[Shown]])["alerts"]
    rows = [[one.name, _outcome(one), _value(one.value), one.checked_at or "never", one.problem] for one in found]
    shown = table("name", "state", "value", "checked", "problem", rows=rows) if rows else "The project has no alerts."
    cli.output.answer({"alerts": msgspec.to_builtins(found)}, shown)
    return Exit.NO if any(one.outcome == "firing" for one in found) else Exit.OK


async def set_alert(project: str, name: str, file: File, /, *, cli: Cli) -> Exit:
    """Set an alert, a new one or in the place of the old one.

    headrace alerts set shop quiet quiet.json

    Parameters
    ----------
    project
        Its id.
    name
        Of the alert: 1-127 letters, digits, '.', '-' and '_'.
    file
        The alert as JSON (docs/alerts.md); - is stdin.
    """
    found: Shown = data(await ask(cli, "PUT", _path(project, name), order=await read_object(file)), Shown)
    lines = [f"Alert {found.name} of {project} is set, version {found.version}."]
    if found.secret:
        lines.append(f"Its webhooks are signed with this secret, which is not shown again: {found.secret}")
    cli.output.answer(msgspec.to_builtins(found), *lines)
    return Exit.OK


async def show_alert(project: str, name: str, /, *, cli: Cli) -> Exit:
    """An alert, what came of its last check, when it fired, and how its messages went.

    headrace alerts show shop quiet

    Parameters
    ----------
    project
        Its id.
    name
        Of the alert.
    """
    found: Shown = data(await ask(cli, "GET", _path(project, name)), Shown)
    text = orjson.dumps(found.alert, option=orjson.OPT_INDENT_2).decode()
    state = f"{_outcome(found)}, value {_value(found.value)}, checked {found.checked_at or 'never'} {found.problem}"
    fired = [[one["began_at"], one["ended_at"] or "still", _value(one["value"])] for one in found.history]
    cli.output.answer(
        msgspec.to_builtins(found),
        *("\n".join(map(printable, text.splitlines())), state),
        *([table("fired", "until", "value", rows=fired)] if fired else []),
        *([_sent(found.deliveries)] if found.deliveries else []),
    )
    return Exit.OK


async def remove_alert(project: str, name: str, /, *, cli: Cli) -> Exit:
    """Remove an alert.

    headrace alerts remove shop quiet

    Parameters
    ----------
    project
        Its id.
    name
        Of the alert.
    """
    await ask(cli, "DELETE", _path(project, name))
    cli.output.answer({"name": name}, f"Alert {printable(name)} of {project} is removed.")
    return Exit.OK


async def test_alert(project: str, name: str, /, *, cli: Cli) -> Exit:
    """Send a test to all receivers of an alert, and see whether it arrives. Exit code 1 when one does not.

    headrace alerts test shop quiet

    Parameters
    ----------
    project
        Its id.
    name
        Of the alert.
    """
    ids: list[str] = data(await ask(cli, "POST", f"{_path(project, name)}/test"), dict[str, list[str]])["messages"]
    deadline = time.monotonic() + _TEST_SECONDS
    with cli.output.err.status("waiting for the workers ..."):
        while True:
            found: Shown = data(await ask(cli, "GET", _path(project, name)), Shown)
            sent = [one for one in found.deliveries if one["message"] in ids]
            if len({one["message"] for one in sent}) == len(ids) or time.monotonic() > deadline:
                break
            await asyncio.sleep(_PAUSE)
    late = len(ids) - len(sent)
    told = [f"{late} were not tried within {_TEST_SECONDS:g} s: does a worker run?"] if late else []
    cli.output.answer({"messages": ids, "deliveries": sent}, _sent(sent), *told)
    return Exit.NO if late or any(one["problem"] for one in sent) else Exit.OK


def _sent(deliveries: list[dict[str, Any]]) -> Any:
    rows = [[one["at"], one["type"], one["to"], one["problem"] or "arrived"] for one in deliveries]
    return table("sent", "what", "to", "how it went", rows=rows)


def _outcome(one: Shown) -> str:
    return "paused" if one.alert.get("paused") else one.outcome


def _value(value: float | None) -> str:
    return "none" if value is None else f"{value:,.6g}"


def _path(project: str, name: str = "") -> str:
    below = f"/{quote(name, safe='')}" if name else ""
    return f"/api/v1/projects/{quote(project, safe='')}/alerts{below}"
