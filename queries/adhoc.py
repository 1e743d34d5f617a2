"""SQL over HTTP: POST /api/v1/sql takes one SELECT, checks it, and sends the answer as it comes."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ingest_api.errors import Detail
from ingest_api.projects.keys import Kind
from queries.errors import Refused, StoreUnavailable
from queries.exports.formulas import disarmed
from queries.route import Call, Route
from queries.sandbox import compile as sandbox
from queries.sandbox import limits, verdicts
from queries.sandbox.compile import Checked, Dialect
from queries.sandbox.errors import Unfit
from queries.service import QueryService
from queries.streamed import Streamed

_MAX_BODY = 4 * limits.MAX_BYTES
#: longer ones would hold up others while they are read
_WORTH_A_THREAD = 2_000


@dataclass(frozen=True, slots=True)
class Form:
    """A format of the answer: ClickHouse's name, the content type, the ending of a file."""

    clickhouse: str
    content_type: str
    ending: str


Format = Literal["json", "ndjson", "csv", "parquet", "arrow"]
FORMATS: Mapping[Format, Form] = {
    "json": Form("JSON", "application/json", ""),
    "ndjson": Form("JSONEachRow", "application/x-ndjson", "ndjson"),
    "csv": Form("CSVWithNames", "text/csv; charset=utf-8; header=present", "csv"),
    "parquet": Form("Parquet", "application/vnd.apache.parquet", "parquet"),
    "arrow": Form("ArrowStream", "application/vnd.apache.arrow.stream", "arrow"),
}


class SqlAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/sql"""

    sql: Annotated[str, Meta(min_length=1, description="one SELECT over events, sessions, users, rejected_events")]
    format: Annotated[Format, Meta(description="json: rows as objects beside their types")] = "json"
    parameters: Annotated[dict[str, Any], Meta(description="values of {name:Type} in the statement")] = {}
    dialect: Annotated[Dialect, Meta(description="whose SQL it is; parameters are $1, $2 … in postgres")] = "clickhouse"


async def ask_sql(service: QueryService, call: Call) -> Streamed:
    """Of the key's project."""
    asked: SqlAsked = call.body
    try:
        checked = await _checked(asked)
    except Unfit as unfit:
        raise Refused(400, unfit.message, [Detail("sql", unfit.message)]) from unfit
    form = FORMATS[asked.format]
    chunks = _chunks(service, call.project.id, checked, asked)
    return Streamed(form.content_type, chunks, f"answer.{form.ending}" if form.ending else "")


async def _checked(asked: SqlAsked) -> Checked:
    if len(asked.sql) < _WORTH_A_THREAD:
        return sandbox.compile(asked.sql, asked.dialect, asked.parameters)
    return await asyncio.to_thread(sandbox.compile, asked.sql, asked.dialect, asked.parameters)


async def _chunks(
    service: QueryService, project: str, checked: Checked, asked: SqlAsked
) -> AsyncGenerator[bytes, None]:
    """Raises `Refused` for what the engine has against the statement, before the first chunk."""
    stream = service.confined.stream(checked, project, FORMATS[asked.format].clickhouse)
    safe = disarmed(stream) if asked.format == "csv" else stream
    try:
        async with service.gate.enter(project), aclosing(safe) as chunks:
            async for chunk in chunks:
                yield chunk
    except StoreUnavailable as error:
        cause = error.__cause__
        said = verdicts.sentence(getattr(cause, "code", None) or 0, str(cause), asked.sql)
        if said is None:
            raise
        raise Refused(400, said, [Detail("sql", said)]) from error


ROUTES = (
    Route(
        "POST",
        "/api/v1/sql",
        ask_sql,
        Streamed,
        "Ask in SQL",
        Kind.QUERY,
        SqlAsked,
        reads=True,
        max_bytes=_MAX_BODY,
        media=tuple(form.content_type.partition(";")[0] for form in FORMATS.values()),
    ),
)
