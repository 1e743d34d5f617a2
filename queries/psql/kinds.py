"""PostgreSQL's types as far as answers and parameters have them, and which one a ClickHouse type is shown as."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: `size` is -1 for a varying one, `form` says how a value is written, `element` is set for arrays."""

    oid: int
    name: str
    size: int
    form: str
    #: as `format_type` writes it
    title: str
    #: of pg_type.typcategory
    category: str
    array: int = 0
    element: "Kind | None" = None


_SCALARS = (
    Kind(16, "bool", 1, "bool", "boolean", "B", 1000),
    Kind(17, "bytea", -1, "text", "bytea", "U", 1001),
    Kind(18, "char", 1, "text", '"char"', "Z", 1002),
    Kind(19, "name", 64, "text", "name", "S", 1003),
    Kind(20, "int8", 8, "int", "bigint", "N", 1016),
    Kind(21, "int2", 2, "int", "smallint", "N", 1005),
    Kind(23, "int4", 4, "int", "integer", "N", 1007),
    Kind(24, "regproc", 4, "text", "regproc", "N", 1008),
    Kind(25, "text", -1, "text", "text", "S", 1009),
    Kind(26, "oid", 4, "int", "oid", "N", 1028),
    Kind(114, "json", -1, "json", "json", "U", 199),
    Kind(700, "float4", 4, "float", "real", "N", 1021),
    Kind(701, "float8", 8, "float", "double precision", "N", 1022),
    Kind(705, "unknown", -2, "text", "unknown", "X"),
    Kind(1042, "bpchar", -1, "text", "character", "S", 1014),
    Kind(1043, "varchar", -1, "text", "character varying", "S", 1015),
    Kind(1082, "date", 4, "date", "date", "D", 1182),
    Kind(1114, "timestamp", 8, "timestamp", "timestamp without time zone", "D", 1115),
    Kind(1184, "timestamptz", 8, "timestamptz", "timestamp with time zone", "D", 1185),
    Kind(1700, "numeric", -1, "numeric", "numeric", "N", 1231),
    Kind(2950, "uuid", 16, "uuid", "uuid", "U", 2951),
    Kind(3802, "jsonb", -1, "jsonb", "jsonb", "U", 3807),
)
_ARRAYS = tuple(
    Kind(one.array, f"_{one.name}", -1, "array", f"{one.title}[]", "A", 0, one) for one in _SCALARS if one.array
)
_VECTORS = (
    Kind(22, "int2vector", -1, "vector", "int2vector", "A", 0, _SCALARS[5]),
    Kind(30, "oidvector", -1, "vector", "oidvector", "A", 0, _SCALARS[9]),
)
ALL = (*_SCALARS, *_ARRAYS, *_VECTORS)
BY_OID = {kind.oid: kind for kind in ALL}
BY_NAME = {kind.name: kind for kind in ALL}
TEXT, BOOL, INT4, INT8, FLOAT8 = (BY_NAME[name] for name in ("text", "bool", "int4", "int8", "float8"))
NUMERIC, JSONB, TIMESTAMPTZ, UNKNOWN = (BY_NAME[name] for name in ("numeric", "jsonb", "timestamptz", "unknown"))
#: other words for the same, as statements write them
_WORDS = {
    "bool": ("boolean",),
    "int2": ("smallint",),
    "int4": ("integer", "int", "serial"),
    "int8": ("bigint", "bigserial"),
    "float4": ("real",),
    "float8": ("double", "double precision", "float"),
    "numeric": ("decimal",),
    "text": ("string",),
    "varchar": ("character varying", "nvarchar"),
    "bpchar": ("character",),
    "timestamp": ("timestamp without time zone",),
    "timestamptz": ("timestamp with time zone",),
}
_ALIASES = {word: name for name, words in _WORDS.items() for word in words}
#: type -> ClickHouse's types, without what is in brackets, that are shown as it
_SHOWS = {
    "bool": ("Bool",),
    "int2": ("Int8", "UInt8", "Int16"),
    "int4": ("UInt16", "Int32"),
    "int8": ("UInt32", "Int64", "UInt64"),  # a count is one; what does not fit is an error
    "float4": ("Float32", "BFloat16"),
    "float8": ("Float64",),
    "numeric": ("Int128", "UInt128", "Int256", "UInt256", "Decimal"),
    "uuid": ("UUID",),
    "date": ("Date", "Date32"),
    "timestamptz": ("DateTime", "DateTime64"),
    "jsonb": ("JSON", "Tuple", "Map", "Dynamic", "Variant", "Object", "Nested"),
}
_SHOWN = {name: kind for kind, names in _SHOWS.items() for name in names}

_OUTER = re.compile(r"(?:Nullable\(|LowCardinality\(|SimpleAggregateFunction\(\w+, )(.*)\)$", re.DOTALL)
_ARRAY = re.compile(r"Array\((.*)\)$", re.DOTALL)


def named(name: str) -> Kind | None:
    """The type of this name, as a statement or a catalog writes it: int4, INTEGER, text[], _text."""
    plain = name.strip().strip('"').lower().removeprefix("pg_catalog.")
    plain = re.sub(r"\(.*\)", "", plain).strip()
    if plain.endswith("[]"):
        element = named(plain[:-2])
        return BY_OID.get(element.array) if element else None
    return BY_NAME.get(_ALIASES.get(plain, plain))


def of_clickhouse(name: str) -> Kind:
    """What a column of this ClickHouse type is shown as; text where nothing fits better."""
    while inner := _OUTER.match(name):
        name = inner[1]
    if array := _ARRAY.match(name):
        element = of_clickhouse(array[1])
        return BY_OID[element.array] if element.element is None and element.array else JSONB
    return BY_NAME[_SHOWN.get(name.partition("(")[0], "text")]
