"""PostgreSQL's functions -> ClickHouse's: a table of names, and how their arguments change. All others are refused."""

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from queries.sandbox.calls import call
from queries.sandbox.errors import Unfit

Arguments = list[exp.Expr]
Build = Callable[[Arguments], exp.Expr]


#: the same arguments; ClickHouse's name where it is another. An aggregate over nothing is NULL in PostgreSQL
_NAMES = """
    abs sign sqrt exp ln floor ceil ceiling=ceil power pow=power mod=modulo radians degrees sin cos tan asin acos
    atan atan2 pi random=randCanonical length=lengthUTF8 char_length=lengthUTF8 character_length=lengthUTF8
    octet_length=length lower=lowerUTF8 upper=upperUTF8 initcap=initcapUTF8 reverse=reverseUTF8 left=leftUTF8
    right=rightUTF8 lpad=leftPadUTF8 rpad=rightPadUTF8 concat concat_ws=concatWithSeparator replace ascii chr=char
    substr=substringUTF8 strpos=positionUTF8 starts_with=startsWith btrim=trimBoth ltrim=trimLeft rtrim=trimRight
    to_hex=hex coalesce greatest least nullif=nullIf make_date=makeDate cardinality=length unnest=arrayJoin
    array_append=arrayPushBack array_position=indexOf array_to_string=arrayStringConcat count sum=sumOrNull
    avg=avgOrNull min=minOrNull max=maxOrNull any_value=any array_agg=groupArray stddev=stddevSampOrNull
    stddev_samp=stddevSampOrNull stddev_pop=stddevPopOrNull variance=varSampOrNull var_samp=varSampOrNull
    var_pop=varPopOrNull corr bool_and=minOrNull every=minOrNull bool_or=maxOrNull row_number rank dense_rank
    percent_rank cume_dist ntile first_value last_value nth_value
"""
_SAME: Mapping[str, str] = {pair.partition("=")[0]: pair.partition("=")[2] or pair for pair in _NAMES.split()}
_PARTS: Mapping[str, tuple[str, ...]] = {
    "year": ("toYear",),
    "quarter": ("toQuarter",),
    "month": ("toMonth",),
    "week": ("toISOWeek",),
    "isoyear": ("toISOYear",),
    "day": ("toDayOfMonth",),
    "doy": ("toDayOfYear",),
    "isodow": ("toDayOfWeek", "0"),
    "dow": ("toDayOfWeek", "2"),
    "hour": ("toHour",),
    "minute": ("toMinute",),
    "second": ("toSecond",),
}
_SIGNS = """
    HH24=%H HH12=%I HH=%I MI=%i SS=%S AM=%p PM=%p YYYY=%Y YY=%y MM=%m Month=%M Mon=%b DDD=%j DD=%d Day=%W Dy=%a Q=%Q
    IW=%V IYYY=%G %=%%
"""
_FORMATS = {pair.partition("=")[0]: pair.partition("=")[2] for pair in _SIGNS.split()}
_FORMAT = re.compile("|".join(sorted(map(re.escape, _FORMATS), key=len, reverse=True)))


def translated(name: str, arguments: Arguments) -> exp.Expr:
    """ClickHouse's expression for a call. Raises `Unfit` for a function that is not in the tables."""
    name = name.lower()
    if build := _BUILT.get(name):
        try:
            return build(arguments)
        except (IndexError, ValueError, AttributeError) as error:
            raise Unfit("function", f"The arguments of {name} are not understood here.") from error
    if name in _SAME:
        return exp.Anonymous(this=_SAME[name], expressions=arguments)
    raise Unfit("function", f"There is no function {name} here. docs/sql.md lists those that there are.")


def part(unit: str, time: exp.Expr) -> exp.Expr:
    """EXTRACT(unit FROM time), date_part(unit, time)."""
    unit = unit.lower()
    if unit == "epoch":
        inner = time.unnest()
        if isinstance(inner, exp.Sub):
            between = call("dateDiff", "millisecond", inner.expression, inner.this)
            return exp.Paren(this=exp.Div(this=between, expression=exp.Literal.number(1000)))
        return call("toFloat64", call("toDateTime64", time, 6, "UTC"))
    if unit not in _PARTS:
        raise Unfit("feature", f"{unit[:20]} cannot be taken of a time here. Known: epoch, {', '.join(_PARTS)}.")
    name, *mode = _PARTS[unit]
    return call(name, time, *map(int, mode))


def _trunc(some: Arguments) -> exp.Expr:
    unit = _text(some[0]).lower().removesuffix("s")
    if unit not in {"second", "minute", "hour", "day", "week", "month", "quarter", "year"}:
        raise Unfit("feature", "date_trunc takes second, minute, hour, day, week, month, quarter or year.")
    zone = some[2:3] or [exp.Literal.string("UTC")]
    return call("toDateTime64", call("dateTrunc", unit, some[1], *some[2:3]), 3, *zone)


def _to_char(some: Arguments) -> exp.Expr:
    return call("formatDateTime", some[0], _FORMAT.sub(lambda found: _FORMATS[found[0]], _text(some[1])))


def _to_timestamp(some: Arguments) -> exp.Expr:
    if len(some) == 1:
        return call("toDateTime64", some[0], 6, "UTC")
    return call("parseDateTime", some[0], _FORMAT.sub(lambda found: _FORMATS[found[0]], _text(some[1])))


def _regexp_replace(some: Arguments) -> exp.Expr:
    flags = _text(some[3]) if len(some) > 3 else ""
    pattern = some[1] if "i" not in flags else call("concat", "(?i)", some[1])
    return call("replaceRegexpAll" if "g" in flags else "replaceRegexpOne", some[0], pattern, some[2])


def _beside(name: str) -> Build:
    """Where there is no row before or behind, the value is NULL."""
    return lambda some: exp.Anonymous(this=name, expressions=[call("toNullable", some[0]), *some[1:]])


def _json_path_text(some: Arguments) -> exp.Expr:
    return call("JSONExtract", json_text(some[0]), *some[1:], "Nullable(String)")


def json_text(value: exp.Expr) -> exp.Expr:
    """The JSON of a value as text: the columns of type JSON are written out, all else is text already."""
    inner = value.unnest()
    if isinstance(inner, exp.Column) and inner.name in {"properties", "traits"}:
        return call("toJSONString", inner)
    return value


def _split_part(some: Arguments) -> exp.Expr:
    return call("arrayElement", call("splitByString", some[1], call("assumeNotNull", some[0])), some[2])


def _date_bin(some: Arguments) -> exp.Expr:
    width = some[0] if isinstance(some[0], exp.Interval) else exp.Interval(this=some[0])
    return call("toStartOfInterval", some[1], width)


def _text(node: exp.Expr) -> str:
    if not (isinstance(node, exp.Literal) and node.is_string):
        raise ValueError("not a text")
    return node.name


_BUILT: Mapping[str, Build] = {
    "date_trunc": _trunc,
    "date_part": lambda some: part(_text(some[0]), some[1]),
    "date_bin": _date_bin,
    "time_bucket": _date_bin,
    "to_char": _to_char,
    "to_date": lambda some: call("toDate", _to_timestamp(some)),
    "to_timestamp": _to_timestamp,
    "now": lambda _: call("now64", 6, "UTC"),
    "split_part": _split_part,
    "regexp_replace": _regexp_replace,
    "array_length": lambda some: call("length", some[0]),
    "round": lambda some: call("round", *some),
    "trunc": lambda some: call("trunc", *some),
    **{name: _beside(name) for name in ("lag", "lead")},
    "md5": lambda some: call("lower", call("hex", call("MD5", some[0]))),
    "log": lambda some: call("log10", some[0]),
    "substring": lambda some: call("substringUTF8", *some),
    "jsonb_extract_path_text": _json_path_text,
    "json_extract_path_text": _json_path_text,
    "jsonb_array_length": lambda some: call("JSONLength", json_text(some[0])),
    "json_array_length": lambda some: call("JSONLength", json_text(some[0])),
    "jsonb_object_keys": lambda some: call("arrayJoin", call("JSONExtractKeys", json_text(some[0]))),
    "jsonb_typeof": lambda some: call("lower", call("toString", call("JSONType", json_text(some[0])))),
}
