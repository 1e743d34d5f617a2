"""`headrace schema`: what the events of a project must look like, set, shown and tried on stored ones."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
import orjson
from cyclopts import Parameter
from cyclopts.validators import Number

from clients.cli.errors import Exit, WrongUsage
from clients.cli.output import printable, table
from clients.cli.rejected import Cli, ask, data

File = Annotated[str, Parameter(allow_leading_hyphen=True)]

_STANDARD = "-"
_COLUMNS = ("event", "mode", "version", "changed")


class Shown(msgspec.Struct):
    """A schema as the query service gives it."""

    name: str
    mode: str
    version: int
    changed_at: str
    schema: dict[str, Any]

    @property
    def row(self) -> list[str]:
        return [self.name, self.mode, str(self.version), f"{self.changed_at[:16].replace('T', ' ')}Z"]


class Tried(msgspec.Struct):
    """What a schema would do to stored events."""

    events: int
    failing: int
    fields: list[dict[str, Any]]


async def list_schemas(project: str, /, *, cli: Cli) -> Exit:
    """The schemas of a project, by the names of its events.

    headrace schema list shop
    """
    found: list[Shown] = data(await ask(cli, "GET", _path(project)), dict[str, list[Shown]])["schemas"]
    shown = table(*_COLUMNS, rows=[one.row for one in found]) if found else "The project has no schemas."
    cli.output.answer({"schemas": msgspec.to_builtins(found)}, shown)
    return Exit.OK


async def show_schema(project: str, name: str, /, *, cli: Cli) -> Exit:
    """One schema, as JSON.

    headrace schema show shop purchase > purchase.json

    Parameters
    ----------
    project
        Its id.
    name
        Of the events.
    """
    found: Shown = data(await ask(cli, "GET", _path(project, name)), Shown)
    cli.output.note(f"{found.name}: {found.mode}, version {found.version} of {found.row[-1]}")
    text = orjson.dumps(found.schema, option=orjson.OPT_INDENT_2).decode()
    cli.output.answer(msgspec.to_builtins(found), "\n".join(map(printable, text.splitlines())))
    return Exit.OK


async def set_schema(
    project: str, name: str, file: File, /, *, mode: Literal["warn", "reject"] = "warn", cli: Cli
) -> Exit:
    """Set the schema of the events of one name. It holds for events that arrive from then on.

    headrace schema set shop purchase purchase.json
    headrace schema set shop purchase purchase.json --mode reject

    Parameters
    ----------
    project
        Its id.
    name
        Of the events.
    file
        JSON Schema, draft 2020-12, of the events' properties; - is stdin.
    mode
        What becomes of an event that is not so: warn stores it and names the fields, reject sets it aside.
    """
    order = {"schema": await read_object(file), "mode": mode}
    found: Shown = data(await ask(cli, "PUT", _path(project, name), order=order), Shown)
    told = f"Events named {printable(name)} have a schema, version {found.version}, mode {found.mode}."
    cli.output.answer(msgspec.to_builtins(found), told)
    return Exit.OK


async def remove_schema(project: str, name: str, /, *, cli: Cli) -> Exit:
    """Take a schema away: events of the name are checked no longer.

    headrace schema remove shop purchase

    Parameters
    ----------
    project
        Its id.
    name
        Of the events.
    """
    found: Shown = data(await ask(cli, "DELETE", _path(project, name)), Shown)
    cli.output.answer(msgspec.to_builtins(found), f"Events named {printable(name)} are checked no longer.")
    return Exit.OK


async def check_schema(
    project: str,
    name: str,
    /,
    *,
    file: File = "",
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=1000))] = 1000,
    cli: Cli,
) -> Exit:
    """Try a schema on the newest stored events; changes nothing. Exit code 1 when an event would fail.

    headrace schema check shop purchase
    headrace schema check shop purchase --file new.json --limit 200

    Parameters
    ----------
    project
        Its id.
    name
        Of the events.
    file
        JSON Schema; - is stdin. Left out: the schema that is set.
    limit
        So many events at most.
    """
    order = {"limit": limit} | ({"schema": await read_object(file)} if file else {})
    found: Tried = data(await ask(cli, "POST", f"{_path(project, name)}/check", order=order), Tried)
    told = f"{found.failing:,} of {found.events:,} stored events would fail."
    rows = [[one["field"], f"{one['events']:,}", one["message"]] for one in found.fields]
    cli.output.answer(
        msgspec.to_builtins(found), told, *([table("field", "events", "what is wrong", rows=rows)] if rows else [])
    )
    return Exit.NO if found.failing else Exit.OK


async def read_object(file: str) -> dict[str, Any]:
    """A JSON object in a file; - is stdin. Raises `WrongUsage`."""
    try:
        text = await asyncio.to_thread(sys.stdin.buffer.read if file == _STANDARD else Path(file).read_bytes)
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read: {error.strerror}.") from error
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongUsage(f"{file} is no JSON object: {error}.") from error


def _path(project: str, name: str = "") -> str:
    below = f"/{quote(name, safe='')}" if name else ""
    return f"/api/v1/projects/{quote(project, safe='')}/schemas{below}"
