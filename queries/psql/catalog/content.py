"""The rows of the catalogs: one database with the sandbox's views as its tables, made once as an SQLite image."""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache

from queries.psql import kinds
from queries.psql.catalog.tables import TABLES
from queries.psql.kinds import Kind
from queries.sandbox.views import VIEWS, View

DATABASE, OWNER = "events", 10
PG_CATALOG, PUBLIC, INFORMATION_SCHEMA = 11, 2200, 13000
SCHEMAS = {"pg_catalog": PG_CATALOG, "public": PUBLIC, "information_schema": INFORMATION_SCHEMA}
#: what `'pg_class'::regclass` and its like are
SYSTEM = {"pg_type": 1247, "pg_attribute": 1249, "pg_proc": 1255, "pg_class": 1259, "pg_namespace": 2615}
_FIRST_VIEW, _FIRST_SYSTEM_VIEW, _HEAP = 16_384, 14_000, 2
_DEFAULT_COLLATION = 100
_AFFINITY = {**dict.fromkeys(("oid", "int2", "int4", "int8", "bool"), "INTEGER"), "float4": "REAL"}

Row = dict[str, object]


def view_oid(name: str) -> int | None:
    """The oid of a table, also of a catalog."""
    if name in VIEWS:
        return _FIRST_VIEW + list(VIEWS).index(name)
    if name in SYSTEM:
        return SYSTEM[name]
    return _FIRST_SYSTEM_VIEW + list(TABLES).index(name) if name in TABLES else None


@cache
def image() -> bytes:
    """The whole database, the same for everybody: whose project it is stands in functions, not in rows."""
    with sqlite3.connect(":memory:") as base:
        for table, columns in TABLES.items():
            # Text compares byte by byte, as in PostgreSQL; integers take the texts that psql compares them with.
            listed = ", ".join(f'"{name}" {_AFFINITY.get(kind, "TEXT")}' for name, kind in columns.items())
            base.execute(f'CREATE TABLE "{table}" ({listed})')
        for table, row in _rows():
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" * len(row))
            base.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', tuple(row.values()))  # noqa: S608  names of code
        base.commit()
        return base.serialize()


def kind_of(column_type: str) -> Kind:
    """The type of a view's column."""
    return kinds.named(column_type) or kinds.TEXT


def _rows() -> Iterator[tuple[str, Row]]:
    for name, number in SCHEMAS.items():
        yield "pg_namespace", {"oid": number, "nspname": name, "nspowner": OWNER}
        yield "information_schema.schemata", {"catalog_name": DATABASE, "schema_name": name, "schema_owner": "headrace"}
    yield from _installation()
    for kind in kinds.ALL:
        yield "pg_type", _type(kind)
    for view in VIEWS.values():
        yield from _view(view)
    for table in TABLES:
        schema = INFORMATION_SCHEMA if "." in table else PG_CATALOG
        oid = view_oid(table)
        yield (
            "pg_class",
            _class(oid, table.rpartition(".")[2], schema, "r" if table in SYSTEM else "v", len(TABLES[table])),
        )


def _installation() -> Iterator[tuple[str, Row]]:
    yield (
        "pg_database",
        {
            "oid": 5,
            "datname": DATABASE,
            "datdba": OWNER,
            "encoding": 6,
            "datlocprovider": "c",
            "datistemplate": 0,
            "datallowconn": 1,
            "datconnlimit": -1,
            "dattablespace": 1663,
            "datcollate": "C",
            "datctype": "C.UTF-8",
        },
    )
    yield "pg_am", {"oid": _HEAP, "amname": "heap", "amhandler": "heap_tableam_handler", "amtype": "t"}
    yield (
        "pg_roles",
        {
            "rolname": "headrace",
            "rolsuper": 0,
            "rolinherit": 1,
            "rolcreaterole": 0,
            "rolcreatedb": 0,
            "rolcanlogin": 1,
            "rolreplication": 0,
            "rolconnlimit": -1,
            "rolbypassrls": 0,
            "oid": OWNER,
        },
    )
    yield "pg_user", {"usename": "headrace", "usesysid": OWNER, "usecreatedb": 0, "usesuper": 0, "userepl": 0}
    yield "pg_tablespace", {"oid": 1663, "spcname": "pg_default", "spcowner": OWNER}
    yield "pg_timezone_names", {"name": "UTC", "abbrev": "UTC", "utc_offset": "00:00:00", "is_dst": 0}
    yield (
        "pg_collation",
        {
            "oid": _DEFAULT_COLLATION,
            "collname": "default",
            "collnamespace": PG_CATALOG,
            "collowner": OWNER,
            "collprovider": "d",
            "collisdeterministic": 1,
            "collencoding": -1,
        },
    )


def _type(kind: Kind) -> Row:
    return {
        "oid": kind.oid,
        "typname": kind.name,
        "typnamespace": PG_CATALOG,
        "typowner": OWNER,
        "typlen": kind.size,
        "typbyval": int(kind.size in {1, 2, 4, 8}),
        "typtype": "b",
        "typcategory": kind.category,
        "typispreferred": int(kind.name in {"text", "float8", "bool", "timestamptz", "oid"}),
        "typisdefined": 1,
        "typdelim": ",",
        "typrelid": 0,
        "typelem": kind.element.oid if kind.element else 0,
        "typarray": kind.array,
        "typinput": "array_in" if kind.element else f"{kind.name}in",
        "typnotnull": 0,
        "typbasetype": 0,
        "typoutput": "array_out" if kind.element else f"{kind.name}out",
        "typtypmod": -1,
        "typndims": 0,
        "typreceive": "array_recv" if kind.element else f"{kind.name}recv",
        "typcollation": _collation(kind),
        "typsubscript": "array_subscript_handler" if kind.element else "-",
        "typalign": "i",
        "typstorage": "p",
    }


def _collation(kind: Kind) -> int:
    return _DEFAULT_COLLATION if (kind.element or kind).category == "S" else 0


def _class(oid: int | None, name: str, schema: int, relkind: str, columns: int) -> Row:
    zeros = ("reltype", "reloftype", "relfilenode", "reltablespace", "relpages", "relallvisible", "reltoastrelid")
    falses = ("relhasindex", "relisshared", "relhasrules", "relhastriggers", "relhassubclass", "relrowsecurity")
    return {
        "oid": oid,
        "relname": name,
        "relnamespace": schema,
        "relowner": OWNER,
        "relkind": relkind,
        "relam": _HEAP if relkind == "r" else 0,
        "reltuples": -1,
        "relpersistence": "p",
        "relnatts": columns,
        "relchecks": 0,
        "relforcerowsecurity": 0,
        "relispopulated": 1,
        "relreplident": "n",
        "relispartition": 0,
        **dict.fromkeys((*zeros, *falses), 0),
    }


def _view(view: View) -> Iterator[tuple[str, Row]]:
    oid = view_oid(view.name)
    where: Row = {"table_catalog": DATABASE, "table_schema": "public", "table_name": view.name}
    yield "pg_class", _class(oid, view.name, PUBLIC, "r", len(view.columns))
    yield "pg_description", {"objoid": oid, "classoid": SYSTEM["pg_class"], "objsubid": 0, "description": view.meaning}
    yield "pg_tables", {"schemaname": "public", "tablename": view.name, "tableowner": "headrace", "hasindexes": 0}
    yield (
        "information_schema.tables",
        {**where, "table_type": "BASE TABLE", "is_insertable_into": "NO", "is_typed": "NO"},
    )
    for grants in ("table_privileges", "role_table_grants"):
        granted: Row = {"grantor": "headrace", "grantee": "PUBLIC", "privilege_type": "SELECT", "is_grantable": "NO"}
        yield f"information_schema.{grants}", {**where, **granted}
    for number, column in enumerate(view.columns, 1):
        kind = kind_of(column.pg)
        yield "pg_attribute", _attribute(oid, column.name, number, kind)
        described: Row = {
            "objoid": oid,
            "classoid": SYSTEM["pg_class"],
            "objsubid": number,
            "description": column.meaning,
        }
        yield "pg_description", described
        yield "information_schema.columns", {**where, **_column(column.name, number, kind)}


def _attribute(oid: int | None, name: str, number: int, kind: Kind) -> Row:
    zeros = ("attndims", "attnotnull", "atthasdef", "atthasmissing", "attisdropped", "attinhcount")
    return {
        "attrelid": oid,
        "attname": name,
        "atttypid": kind.oid,
        "attlen": kind.size,
        "attnum": number,
        "attstattarget": -1,
        "attcacheoff": -1,
        "atttypmod": -1,
        "attbyval": int(kind.size > 0),
        "attalign": "i",
        "attstorage": "p",
        "attcompression": "",
        "attidentity": "",
        "attgenerated": "",
        "attislocal": 1,
        "attcollation": _collation(kind),
        **dict.fromkeys(zeros, 0),
    }


def _column(name: str, number: int, kind: Kind) -> Row:
    return {
        "column_name": name,
        "ordinal_position": number,
        "is_nullable": "YES",
        "udt_catalog": DATABASE,
        "data_type": "ARRAY" if kind.element else kind.title,
        "udt_schema": "pg_catalog",
        "udt_name": kind.name,
        "is_self_referencing": "NO",
        "is_identity": "NO",
        "is_generated": "NEVER",
        "is_updatable": "NO",
    }


def described(oid: int, number: int) -> str | None:
    """The comment on a table (number 0) or one of its columns."""
    views: Sequence[View] = list(VIEWS.values())
    if not 0 <= oid - _FIRST_VIEW < len(views):
        return None
    view = views[oid - _FIRST_VIEW]
    if number == 0:
        return view.meaning
    return view.columns[number - 1].meaning if 0 < number <= len(view.columns) else None
