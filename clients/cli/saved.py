"""`headrace queries`: questions that a project keeps under names."""

from typing import Any
from urllib.parse import quote

import msgspec
import orjson

from clients.cli.errors import Exit
from clients.cli.output import printable, table
from clients.cli.question import insist
from clients.cli.rejected import Cli, data
from clients.cli.schema import File, read_object
from clients.cli.service import Answer, Service


class Saved(msgspec.Struct):
    """A query as the service gives it."""

    name: str
    description: str
    version: int
    changed_at: str
    question: dict[str, Any]


class Ran(msgspec.Struct):
    """Answer of POST /api/v2/query, as far as it is shown."""

    results: list[dict[str, Any]]
    meta: dict[str, Any]
    query: dict[str, Any]


async def list_queries(*, cli: Cli) -> Exit:
    """The saved queries of the key's project.

    headrace queries list
    """
    found: list[Saved] = data(await _ask(cli, "GET"), dict[str, list[Saved]])["queries"]
    rows = [[one.name, ", ".join(one.question.get("metrics", [])), str(one.version), one.description] for one in found]
    shown = table("name", "metrics", "version", "description", rows=rows) if rows else "There is no saved query yet."
    cli.output.answer({"queries": msgspec.to_builtins(found)}, shown)
    return Exit.OK


async def save_query(name: str, file: File, /, *, description: str = "", cli: Cli) -> Exit:
    """Save a question under a name: a new one, or in the place of the old one.

    headrace queries save weekly weekly.json --description "visitors of the last 7 days"

    Parameters
    ----------
    name
        1-127 letters, digits, '.', '-' and '_'.
    file
        The body of POST /api/v2/query, as JSON; - is stdin.
    description
        For people.
    """
    order = {"question": await read_object(file), "description": description}
    found: Saved = data(await _ask(cli, "PUT", name, order), Saved)
    cli.output.answer(msgspec.to_builtins(found), f"Query {found.name} is saved, version {found.version}.")
    return Exit.OK


async def show_query(name: str, /, *, cli: Cli) -> Exit:
    """A saved question, as JSON.

    headrace queries show weekly

    Parameters
    ----------
    name
        Of the query.
    """
    found: Saved = data(await _ask(cli, "GET", name), Saved)
    cli.output.note(f"{found.name}, version {found.version}: {printable(found.description)}")
    text = orjson.dumps(found.question, option=orjson.OPT_INDENT_2).decode()
    cli.output.answer(msgspec.to_builtins(found), "\n".join(map(printable, text.splitlines())))
    return Exit.OK


async def run_query(name: str, /, *, cli: Cli) -> Exit:
    """Ask a saved question now.

    headrace queries run weekly
    headrace queries run weekly --json | jq .results

    Parameters
    ----------
    name
        Of the query.
    """
    answer = await _ask(cli, "POST", f"{name}/run")
    found = answer.decode(Ran)
    columns = [*found.query["dimensions"], *found.query["metrics"]]
    rows = [[_cell(cell) for cell in (*one["dimensions"], *one["metrics"])] for one in found.results]
    for warning in found.meta.get("warnings", []):
        cli.output.note(printable(warning))
    cli.output.answer(orjson.loads(answer.body), table(*columns, rows=rows))
    cli.output.note(f"Complete up to {found.meta.get('fresh_through')}.")
    return Exit.OK


async def remove_query(name: str, /, *, cli: Cli) -> Exit:
    """Remove a saved query.

    headrace queries remove weekly

    Parameters
    ----------
    name
        Of the query.
    """
    found: Saved = data(await _ask(cli, "DELETE", name), Saved)
    cli.output.answer(msgspec.to_builtins(found), f"Query {found.name} is removed.")
    return Exit.OK


def _cell(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else f"{value:,}"


async def _ask(cli: Cli, method: str, name: str = "", order: object = None) -> Answer:
    path = "/api/v1/queries" + (f"/{quote(name, safe='/')}" if name else "")
    async with Service(cli.settings) as service:
        return await insist(cli, lambda: service.query(path, {}, method=method, order=order))
