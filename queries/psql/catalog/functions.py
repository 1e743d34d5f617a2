"""The functions of PostgreSQL that clients call in questions to the catalog, in Python, for SQLite.

Arrays are JSON texts. Names that begin with an underscore stand for operators and casts (`rewrite.py`).
"""

import json
import os
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from queries.psql import kinds
from queries.psql.catalog.content import DATABASE, SCHEMAS, SYSTEM, described, view_oid
from queries.psql.catalog.tables import TABLES
from queries.sandbox.views import VIEWS

VERSION_NUMBER = "150000"
SERVER_VERSION = "15.0 (Headrace)"
VERSION = "PostgreSQL 15.0 (Headrace, answers come from ClickHouse)"
#: Python's `re` goes back and forth: these bounds keep every pattern that is let through quick
_MAX_PATTERN, _MAX_SUBJECT, _MAX_REPEATS = 200, 256, 3
_REPEAT_OF_GROUP = re.compile(r"\)[*+{?]")
_REPEATS = re.compile(r"(?<!\\)[*+{]")
_MAX_SERIES = 1000
_KEYWORDS = frozenset(("user", "table", "column", "select", "order", "group", "where", "from", "limit", "offset", "to"))

Value = str | int | float | bytes | None
#: name -> value of a session's settings
Settings = Mapping[str, str]


def matches(subject: Value, pattern: Value, ignore_case: int = 0) -> int | None:
    """`subject ~ pattern`, for patterns as clients have them. Raises `ValueError` for one that could take long."""
    if subject is None or pattern is None:
        return None
    pattern, subject = str(pattern), str(subject)
    if len(pattern) > _MAX_PATTERN or len(subject) > _MAX_SUBJECT or _REPEAT_OF_GROUP.search(pattern):
        raise ValueError("a pattern that is too intricate for the catalog")
    if len(_REPEATS.findall(pattern)) > _MAX_REPEATS:
        raise ValueError("a pattern that is too intricate for the catalog")
    return int(bool(re.search(pattern, subject, re.IGNORECASE if ignore_case else 0)))


def format_type(oid: Value, modifier: Value = None) -> str | None:
    if oid is None:
        return None
    kind = kinds.BY_OID.get(int(oid))
    return kind.title if kind else "-" if int(oid) == 0 else "???"


def regclass(name: Value) -> int | None:
    """`'public.events'::regclass`: the oid of a table; an unknown one has none."""
    if name is None or isinstance(name, int) or str(name).isdigit():
        return None if name is None else int(name)
    parts = [part.strip('"') for part in str(name).split(".")]
    return view_oid(".".join(parts) if parts[0] == "information_schema" else parts[-1])


def regclass_name(oid: Value) -> str | None:
    if oid is None or not str(oid).isdigit():
        return None if oid is None else str(oid)
    known = {view_oid(name): name for name in (*VIEWS, *SYSTEM, *TABLES)}
    return known.get(int(oid), str(oid)) if int(oid) else "-"


def regtype(name: Value) -> int | None:
    if name is None or str(name).isdigit():
        return None if name is None else int(str(name))
    kind = kinds.named(str(name))
    return kind.oid if kind else None


def regnamespace(name: Value) -> int | None:
    return SCHEMAS.get(str(name).strip('"')) if name is not None else None


def regnamespace_name(oid: Value) -> str | None:
    return next((name for name, one in SCHEMAS.items() if str(one) == str(oid)), None)


def quote_ident(name: Value) -> str | None:
    if name is None:
        return None
    text = str(name)
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", text) and text not in _KEYWORDS
    return text if plain else '"' + text.replace('"', '""') + '"'


def quote_literal(value: Value) -> str | None:
    return None if value is None else "'" + str(value).replace("'", "''") + "'"


def array_to_string(items: Value, separator: Value, null: Value = None) -> str | None:
    if items is None:
        return None
    shown = (null if one is None else one for one in _array(items))
    return str(separator).join(str(one) for one in shown if one is not None)


def string_to_array(text: Value, separator: Value) -> str | None:
    return None if text is None else json.dumps(str(text).split(str(separator)) if text else [])


def parse_ident(text: Value) -> str | None:
    return None if text is None else json.dumps([part.strip('"') for part in str(text).split(".")])


def item(items: Value, number: Value) -> Value:
    """`items[number]`, which counts from 1."""
    if items is None or number is None:
        return None
    found = _array(items)
    return found[int(number) - 1] if 0 < int(number) <= len(found) else None


def length(items: Value, dimension: Value = 1) -> int | None:
    return len(_array(items)) or None if items is not None and dimension == 1 else None


def series(first: Value, last: Value, step: Value = 1) -> str:
    """generate_series, as an array."""
    if first is None or last is None:
        return "[]"
    ends = (int(first), int(last) + (1 if int(step or 1) > 0 else -1))
    return json.dumps(list(range(*ends, int(step or 1)))[:_MAX_SERIES]) if ends[1] - ends[0] < 1 << 20 else "[]"


def subscripts(items: Value, _dimension: Value = 1) -> str:
    """generate_subscripts, as an array."""
    return series(1, length(items) or 0)


def encoding_name(number: Value) -> str:
    return "UTF8" if number == 6 else ""


def text_format(pattern: Value, *values: Value) -> str | None:
    """format() with %s, %I and %L."""
    if pattern is None:
        return None
    rest = iter(values)
    writes: dict[str, Callable[[Value], str | None]] = {"I": quote_ident, "L": quote_literal, "s": _text}

    def shown(found: re.Match[str]) -> str:
        return "%" if found[1] == "%" else str(writes[found[1]](next(rest, None)))

    return re.sub(r"%([sIL%])", shown, str(pattern))


def _array(items: Value) -> list[Any]:
    found = json.loads(str(items)) if str(items)[:1] == "[" else []
    return found if isinstance(found, list) else []


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _split_part(text: Value, separator: Value, number: Value) -> str | None:
    parts = str(text).split(str(separator)) if separator else [str(text)]
    return None if text is None else parts[int(number or 1) - 1] if 0 < int(number or 1) <= len(parts) else ""


def _nothing(*_: Value) -> None:
    return None


def _yes(*_: Value) -> int:
    return 1


def _visible(oid: Value) -> int | None:
    """Whether a table is found without its schema."""
    return None if oid is None else int(not str(regclass_name(oid)).startswith("information_schema."))


def _no(*_: Value) -> int:
    return 0


def _comment(oid: Value, catalog_or_number: Value = None) -> str | None:
    number = int(catalog_or_number) if isinstance(catalog_or_number, int) else 0
    return described(int(oid), number) if oid is not None else None


def _may(*asked: Value) -> int:
    """has_table_privilege and its like: reading is allowed, nothing else is."""
    return int(all(one.strip().upper() in {"SELECT", "USAGE", "CONNECT"} for one in str(asked[-1]).split(",")))


_SEEN = ("type", "function", "collation", "operator", "opclass", "opfamily", "conversion", "statistics_obj")
_SAME: dict[str, Callable[..., Value]] = {
    **{f"pg_{what}_is_visible": _yes for what in _SEEN},
    "pg_table_is_visible": _visible,
    **dict.fromkeys(("pg_relation_is_publishable", "pg_is_in_recovery", "pg_is_wal_replay_paused"), _no),
    **dict.fromkeys(("has_table_privilege", "has_schema_privilege", "has_database_privilege"), _may),
    **dict.fromkeys(("has_column_privilege", "has_any_column_privilege", "has_function_privilege"), _may),
    **dict.fromkeys(("pg_has_role", "has_sequence_privilege", "row_security_active"), _no),
    **dict.fromkeys(("pg_get_expr", "pg_get_viewdef", "pg_get_indexdef", "pg_get_constraintdef"), _nothing),
    **dict.fromkeys(("pg_get_functiondef", "pg_get_function_result", "pg_get_function_arguments"), _nothing),
    **dict.fromkeys(("pg_get_function_identity_arguments", "pg_get_triggerdef", "pg_get_ruledef"), _nothing),
    **dict.fromkeys(("pg_get_serial_sequence", "pg_get_statisticsobjdef_columns", "pg_get_partkeydef"), _nothing),
    **dict.fromkeys(("pg_tablespace_location", "shobj_description", "pg_notification_queue_usage"), _nothing),
    **dict.fromkeys(("pg_advisory_unlock_all", "inet_client_addr", "inet_server_addr", "_pg_expandarray"), _nothing),
    **dict.fromkeys(("pg_relation_size", "pg_total_relation_size", "pg_table_size", "pg_database_size"), _no),
    **dict.fromkeys(
        ("pg_my_temp_schema", "txid_current", "pg_index_column_has_property", "pg_is_other_temp_schema"), _no
    ),
    "format_type": format_type,
    "obj_description": _comment,
    "col_description": _comment,
    "to_regclass": regclass,
    "_regclass": regclass,
    "_regclass_name": regclass_name,
    "to_regtype": regtype,
    "_regtype": regtype,
    "to_regnamespace": regnamespace,
    "_regnamespace": regnamespace,
    "_regnamespace_name": regnamespace_name,
    "quote_ident": quote_ident,
    "quote_literal": quote_literal,
    "array_to_string": array_to_string,
    "string_to_array": string_to_array,
    "parse_ident": parse_ident,
    "_item": item,
    "array_length": length,
    "array_upper": length,
    "cardinality": length,
    "_series": series,
    "_subscripts": subscripts,
    "array_lower": lambda items, _: 1 if length(items) else None,
    "pg_encoding_to_char": encoding_name,
    "_matches": matches,
    "format": text_format,
    "split_part": _split_part,
    "pg_get_userbyid": lambda oid: None if oid is None else "headrace",
    "pg_size_pretty": lambda n: f"{n} bytes",
    "version": lambda: VERSION,
    "current_database": lambda: DATABASE,
    "current_catalog": lambda: DATABASE,
    "current_schema": lambda: "public",
    "pg_backend_pid": os.getpid,
    "pg_client_encoding": lambda: "UTF8",
    "current_schemas": lambda all_: json.dumps(["pg_catalog", "public"] if all_ else ["public"]),
    "array_in": lambda text, *_: text,
    "textin": lambda text: text,
    "array_out": lambda items: items,
}
#: give rows where they stand among columns: clients ask so for indexes and constraints, of which there are none
_ROWS = ("unnest", "generate_subscripts", "generate_series", "aclexplode", "pg_options_to_table")
#: what a session says of itself
OF_SESSION = frozenset(("current_user", "session_user", "user", "current_role", "current_setting", "set_config"))
NAMES = frozenset(_SAME) | OF_SESSION
#: function -> type of its result, where that is not text
RESULTS: Mapping[str, str] = {
    **{
        name: "bool"
        for name, call in _SAME.items()
        if call in {_yes, _may, _visible} or name.startswith(("pg_is_", "pg_has_"))
    },
    **dict.fromkeys(
        ("pg_relation_is_publishable", "row_security_active", "has_sequence_privilege", "_matches"), "bool"
    ),
    **dict.fromkeys(
        ("current_user", "session_user", "user", "current_role", "current_schema", "pg_get_userbyid"), "name"
    ),
    **dict.fromkeys(("current_database", "current_catalog", "pg_client_encoding", "pg_encoding_to_char"), "name"),
    **dict.fromkeys(("to_regclass", "_regclass", "to_regtype", "_regtype", "to_regnamespace", "_regnamespace"), "oid"),
    **dict.fromkeys(("array_length", "array_upper", "array_lower", "cardinality", "pg_backend_pid"), "int4"),
    **dict.fromkeys(("pg_relation_size", "pg_total_relation_size", "pg_table_size", "pg_database_size"), "int8"),
    **dict.fromkeys(("string_to_array", "parse_ident"), "_text"),
    "current_schemas": "_name",
    "txid_current": "int8",
}


def register(base: sqlite3.Connection, user: str, settings: Settings) -> None:
    """Make them known to a connection, for a session of this user."""
    for name, call in _SAME.items():
        base.create_function(name, -1, call)
    for name in _ROWS:
        base.create_function(name, -1, _nothing)
    for name in OF_SESSION - {"current_setting", "set_config"}:
        base.create_function(name, 0, lambda: user)
    base.create_function("current_setting", -1, lambda name, *_: settings.get(str(name).lower()))
    base.create_function("set_config", 3, lambda _name, value, _local: value)
