"""One HTTP request as one statement: text, rows, settings and parameters, told apart and checked."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from deploy.local.clickhouse.exceptions import Code, refused
from deploy.local.clickhouse.sql import outline

# URL fields that are not settings of the engine. Sessions, quotas and progress are accepted and do nothing: each
# statement runs for itself and is answered when it is done.
_NOT_SETTINGS = {
    *("query", "query_id", "database", "default_format", "user", "password", "quota_key", "stacktrace"),
    *("session_id", "session_timeout", "session_check", "close_session", "wait_end_of_query", "buffer_size"),
    *("client_protocol_version", "compress", "decompress", "role"),
}
_NOT_SERVED = {
    "compress": "ClickHouse's own block compression; use enable_http_compression and Accept-Encoding",
    "decompress": "ClickHouse's own block compression; send a body with a Content-Encoding",
    "role": "roles, the engine in this process has none",
}
_NAME = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_PLAIN = re.compile(r"[ -~]{0,200}")


@dataclass(frozen=True, slots=True)
class Statement:
    """What to run, and how.

    `format` is the one of `data` for an insert with rows, else the one of the answer; `format_in_sql` is true when the
    SQL names it. `parameters` are in ClickHouse's escaped form, as they came. The rest is as in `sql.Outline`.
    """

    sql: str
    data: memoryview | None
    format: str
    format_in_sql: bool
    inserts: bool
    answers: bool
    database: str
    settings: Mapping[str, str]
    parameters: Mapping[str, str]
    query_id: str


def fields_of(query_string: str) -> dict[str, str]:
    """The fields of a URL; raises BAD_ARGUMENTS where they are not UTF-8."""
    try:
        return dict(parse_qsl(query_string, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise refused(Code.BAD_ARGUMENTS, "The URL is not UTF-8, percent-encode its fields as UTF-8") from None


def query_id_of(fields: Mapping[str, str]) -> str:
    """The client's id of this statement, or a new one."""
    given = fields.get("query_id", "")
    if not _PLAIN.fullmatch(given):
        raise refused(Code.BAD_ARGUMENTS, "query_id has to be at most 200 printable ASCII characters")
    return given or str(uuid.uuid4())


def parse(fields: Mapping[str, str], headers: Mapping[str, str], body: bytes, query_id: str) -> Statement:
    """Put URL fields, headers and a decoded body together; raises StatementError where they make no statement."""
    for name, what in _NOT_SERVED.items():
        if fields.get(name, "0") not in {"", "0"}:
            raise refused(Code.NOT_IMPLEMENTED, f"{name} asks for {what}")
    head = fields.get("query", "").encode()
    found = outline(head + b"\n" + body if head else body)
    return Statement(
        sql=_text(found.sql),
        data=found.data,
        format=found.format or fields.get("default_format") or headers.get("X-ClickHouse-Format") or "TabSeparated",
        format_in_sql=found.format is not None,
        inserts=found.inserts,
        answers=found.answers,
        database=_database(fields.get("database") or headers.get("X-ClickHouse-Database", "")),
        settings=_settings(fields),
        parameters={_named(key[6:]): value for key, value in fields.items() if key.startswith("param_")},
        query_id=query_id,
    )


def _database(name: str) -> str:
    if not name.isprintable():
        raise refused(Code.BAD_ARGUMENTS, "The name of the database has to be printable UTF-8")
    return name


def _settings(fields: Mapping[str, str]) -> dict[str, str]:
    own = {key for key in fields if key in _NOT_SETTINGS or key.startswith("param_")}
    return {_named(key): value for key, value in fields.items() if key not in own}


def _named(key: str) -> str:
    if not _NAME.fullmatch(key):
        raise refused(Code.UNKNOWN_SETTING, f"Unknown setting {key!r}")
    return key


def _text(sql: bytes) -> str:
    try:
        return sql.decode()
    except UnicodeDecodeError as error:
        sentence = f"Syntax error: the query is not UTF-8 at byte {error.start}, send other bytes as unhex('…')"
        raise refused(Code.SYNTAX_ERROR, sentence) from None
