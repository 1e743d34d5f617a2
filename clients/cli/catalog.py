"""`headrace catalog`: which events and properties were seen, since when, and how often."""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from clients.cli.errors import Exit
from clients.cli.output import table
from clients.cli.question import ask
from clients.cli.rejected import Cli, data

_PATH = "/api/v1/catalog"


class Names(msgspec.Struct):
    """Answer of GET /api/v1/catalog."""

    days: int
    events: list[dict[str, Any]]
    more: int


class Described(msgspec.Struct):
    """Answer of GET /api/v1/catalog/{name}."""

    days: int
    name: str
    events: int
    first_seen: str
    last_seen: str
    properties: list[dict[str, Any]]
    more: int


async def catalog(
    name: str = "", /, *, days: Annotated[int, Parameter(validator=Number(gte=1, lte=90))] = 30, cli: Cli
) -> Exit:
    """The names of events that were seen, or the properties of those of one name.

    headrace catalog
    headrace catalog purchase --days 7

    Parameters
    ----------
    name
        Of the events whose properties are to be shown.
    days
        Counts are of that many days, today among them.
    """
    params = {"days": str(days)}
    if not name:
        names: Names = data(await ask(cli, _PATH, params), Names)
        rows = [[one["name"], f"{one['events']:,}", *_times(one)] for one in names.events]
        shown = table("event", f"in {days} days", "first seen", "last seen", rows=rows)
        cli.output.answer(msgspec.to_builtins(names), shown if rows else "No event was seen yet.")
        _more(cli, names.more, "events whose names are too many to be kept apart")
        return Exit.OK
    found: Described = data(await ask(cli, f"{_PATH}/{quote(name, safe='')}", params), Described)
    rows = [[one["property"], _types(one), f"{one['share']:.1%}", *_times(one)] for one in found.properties]
    shown = table("property", "types", f"of {found.events:,} events", "first seen", "last seen", rows=rows)
    cli.output.answer(msgspec.to_builtins(found), shown if rows else "The events have no properties.")
    _more(cli, found.more, "properties that are too many or too long to be kept apart")
    return Exit.OK


def _types(one: dict[str, Any]) -> str:
    return ", ".join(kind["type"] for kind in one["types"])


def _times(one: dict[str, Any]) -> list[str]:
    return [f"{one[name][:16].replace('T', ' ')}Z" for name in ("first_seen", "last_seen")]


def _more(cli: Cli, count: int, what: str) -> None:
    if count:
        cli.output.note(f"And {count:,} {what}.")
