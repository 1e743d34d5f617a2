"""`headrace sql`: one SELECT over the project's views, as a table or in a format for other programs."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
from cyclopts import Parameter

from clients.cli.errors import Exit, Transient, Unreachable, WrongUsage
from clients.cli.output import Invocation, table
from clients.cli.question import insist
from clients.cli.service import Answer, Service, Sink

Format = Literal["table", "json", "ndjson", "csv", "parquet", "arrow"]
_BINARY = frozenset(("parquet", "arrow"))
#: rows of a table; more are for programs
_MOST_ROWS = 1000


class Column(msgspec.Struct):
    """A column of the answer."""

    name: str
    type: str


class Rows(msgspec.Struct):
    """Answer of POST /api/v1/sql in JSON."""

    meta: list[Column]
    data: list[dict[str, Any]]


async def sql(
    statement: str,
    *,
    format: Format = "table",  # noqa: A002  # the option's name
    out: str = "",
    dialect: Literal["clickhouse", "postgres"] = "clickhouse",
    parameter: Annotated[list[str] | None, Parameter(negative=())] = None,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Ask in SQL: one SELECT over events, sessions, users and rejected_events of the key's project.

    headrace sql "SELECT name, count() AS n FROM events GROUP BY name ORDER BY n DESC"
    headrace sql "SELECT * FROM sessions WHERE started_at > now() - INTERVAL 1 DAY" --format csv --out day.csv
    headrace sql "SELECT count() FROM events WHERE name = {name:String}" --parameter name=purchase
    headrace sql - < question.sql

    Parameters
    ----------
    statement
        The SELECT; - reads it from stdin.
    format
        table, json, ndjson, csv, parquet or arrow (a stream).
    out
        The file to write, which must not be there yet. Default: stdout.
    dialect
        Whose SQL it is: clickhouse, or postgres.
    parameter
        name=value of a {name:Type} in the statement; may be given several times.
    """
    order = {
        "sql": sys.stdin.read() if statement == "-" else statement,
        "format": "json" if format == "table" else format,
        "dialect": dialect,
        "parameters": dict(_parameter(one) for one in parameter or ()),
    }
    if format == "table" and not out:
        _show(cli, (await _ask(cli, order, None)).decode(Rows))
        return Exit.OK
    if format in _BINARY and not out and sys.stdout.isatty():
        raise WrongUsage(f"{format} is not for a terminal. Name a file with --out, or pipe it.")
    with _target(out) as target:
        answer = await _ask(cli, order, target.write)
        target.write(answer.body)  # what the sink has not taken
        target.flush()
    if out:
        cli.output.note(f"Wrote {out}.")
    return Exit.OK


def _target(out: str) -> AbstractContextManager[BinaryIO]:
    if not out:
        return nullcontext(sys.stdout.buffer)
    try:
        return os.fdopen(os.open(Path(out), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb")
    except OSError as error:
        raise WrongUsage(f"{out} cannot be written: {error.strerror}.") from error


def _parameter(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise WrongUsage(f"--parameter {given}: write name=value.")
    return name, value


async def _ask(cli: Invocation, order: object, sink: Sink | None) -> Answer:
    """Asked again only while nothing was written."""
    begun = False

    def take(piece: bytes) -> None:
        nonlocal begun
        begun = True
        if sink:
            sink(piece)

    async def once() -> Answer:
        try:
            return await service.sql(order, take if sink else None)
        except Transient as trouble:
            if begun:
                raise Unreachable(f"The answer broke off in the middle. {trouble} Ask again.") from trouble
            raise

    async with Service(cli.settings) as service:
        return await insist(cli, once)


def _show(cli: Invocation, rows: Rows) -> None:
    names = [column.name for column in rows.meta]
    if cli.output.json:
        cli.output.answer(msgspec.to_builtins(rows))
        return
    shown = [[_cell(row.get(name)) for name in names] for row in rows.data[:_MOST_ROWS]]
    cli.output.answer(None, table(*names, rows=shown))
    if len(rows.data) > _MOST_ROWS:
        cli.output.note(f"{len(rows.data) - _MOST_ROWS:,} more rows: add LIMIT, or choose another --format.")


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
