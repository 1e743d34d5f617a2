"""Export: which events in which columns, as statements with bound parameters. Each event once, in time. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from queries.errors import Refused
from queries.request import event_type_of, only, quoted, time_of
from queries.route import Parameter
from queries.sandbox.views import VIEWS, Column
from queries.sql import Statement

#: format -> what ClickHouse calls it, and its content type
FORMATS: Mapping[str, tuple[str, str]] = {
    "csv": ("CSVWithNames", "text/csv; charset=utf-8"),
    "ndjson": ("JSONEachRow", "application/x-ndjson"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
}
#: of one answer; the command asks for windows of less
MOST_EVENTS = 200_000
HOURS_DAYS = 100
#: other names of columns that are there already
_AGAIN = frozenset({"id", "event_name", "hardal_server_request_id", "created_at"})
_LAST = frozenset({"client_id", "properties"})
COLUMNS: Mapping[str, Column] = {
    one.name: one
    for one in sorted(VIEWS["events"].columns, key=lambda one: one.name in _LAST)
    if one.name not in _AGAIN
}
_SPAN = (
    Parameter("from", str, "events that occurred from then on: ISO 8601 or Unix milliseconds; a day before `to`"),
    Parameter("to", str, "and before then; up to which all is complete, when it is left out"),
    Parameter("event_type", str, "only events of this name; all when it is left out"),
    Parameter("before", str, "only what arrived before then; what is complete when it is left out"),
    Parameter("project", str, "must be the key's, where it is given: a guard against the wrong key"),
)
HOURS_PARAMETERS = _SPAN
EXPORT_PARAMETERS = (
    *_SPAN,
    Parameter("format", str, "how it is written", "ndjson", tuple(FORMATS)),
    Parameter("columns", str, f"with commas between; all when it is left out: {', '.join(COLUMNS)}"),
    Parameter("header", str, "whether CSV begins with the names of the columns", "yes", ("yes", "no")),
    Parameter("slice", str, "one of several parts of the same size: 1/4, 2/4, ..."),
)
_SLICE = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
_DAY_MS = 86_400_000
#: what begins so is a formula to a spreadsheet
_FORMULA = r"^[=+\\-@\\t\\r]"
_CHOSEN = (
    "FROM events FINAL WHERE project = {project:String} AND occurred_at >= fromUnixTimestamp64Milli({from_ms:Int64}) "
    "AND occurred_at < fromUnixTimestamp64Milli({to_ms:Int64}) AND _stream_ms < {before:UInt64} "
    "AND ({event_type:String} = '' OR name = {event_type:String})"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which events: occurred in [from_ms, to_ms), arrived before `before`, Unix milliseconds. No name: all."""

    project: str
    from_ms: int
    to_ms: int
    before: int
    event_type: str = ""
    #: part `slice[0]` of `slice[1]`
    slice: tuple[int, int] = (1, 1)

    @property
    def parameters(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("project", "from_ms", "to_ms", "before", "event_type")}


@dataclass(frozen=True, slots=True)
class Written:
    """How it is written: a key of `FORMATS`, names in `COLUMNS`, and whether CSV begins with them."""

    format: str
    columns: tuple[str, ...]
    header: bool

    @property
    def clickhouse(self) -> str:
        """The format's name there."""
        return "CSV" if self.format == "csv" and not self.header else FORMATS[self.format][0]


def read_hours(asked: Mapping[str, str], project: str, fresh_through: int) -> Chosen:
    """The query string of GET /api/v1/export/hours. Raises `Refused` naming the parameter."""
    only(asked, HOURS_PARAMETERS)
    chosen = _chosen(asked, project, fresh_through)
    if chosen.to_ms - chosen.from_ms > HOURS_DAYS * _DAY_MS:
        raise Refused(400, f"to: must be at most {HOURS_DAYS} days after from.")
    return chosen


def read_export(asked: Mapping[str, str], project: str, fresh_through: int) -> tuple[Chosen, Written]:
    """The query string of GET /api/v1/export. Raises `Refused` naming the parameter."""
    only(asked, EXPORT_PARAMETERS)
    form, header = asked.get("format", "ndjson"), asked.get("header", "yes")
    if form not in FORMATS:
        raise Refused(400, f"format: {quoted(form)} is not known. Known: {', '.join(FORMATS)}.")
    if header not in {"yes", "no"}:
        raise Refused(400, "header: must be yes or no.")
    return _chosen(asked, project, fresh_through), Written(form, _columns(asked), header == "yes")


def events(chosen: Chosen, written: Written) -> Statement:
    """A row for each event. The same events give the same bytes, whoever asks and when."""
    shown = ", ".join(" ".join((_expression(COLUMNS[name], written.format), "AS", name)) for name in written.columns)
    number, slices = chosen.slice
    part = "AND cityHash64(event_id) % {slices:UInt32} = {slice:UInt32}" if slices > 1 else ""
    text = " ".join(("SELECT", shown, "FROM (SELECT *, visitor, is_page_view, is_action", _CHOSEN, part, ") AS events",
                     "ORDER BY events.occurred_at, events.event_id"))  # fmt: skip
    return Statement(text, {**chosen.parameters, "slices": slices, "slice": number - 1})


def hours(chosen: Chosen) -> Statement:
    """Unix milliseconds of each hour that has any, and how many events."""
    text = " ".join(("SELECT toUnixTimestamp(toStartOfHour(occurred_at)) * 1000 AS at, count()", _CHOSEN,
                     "GROUP BY at ORDER BY at"))  # fmt: skip
    return Statement(text, chosen.parameters)


def _expression(column: Column, form: str) -> str:
    """As the format has it: times as text but in Parquet, structures as JSON but where the format has them."""
    source = f"events.{column.source or column.name}"  # a bare name could be the alias of a column
    kind = column.type.partition("(")[0]
    if kind == "UUID" or (kind == "LowCardinality" and form == "parquet"):
        return f"toString({source})"
    if kind == "DateTime64" and form != "parquet":
        return f"formatDateTime({source}, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC')"
    if (kind == "JSON" and form != "ndjson") or (kind == "Array" and form == "csv"):
        return f"toJSONString({source})"
    if kind == "Array" and form == "parquet":
        return f"arrayMap(one -> toString(one), {source})"
    if kind in {"String", "LowCardinality"} and form == "csv":
        return f"concat(if(match({source}, '{_FORMULA}'), '\\'', ''), {source})"
    return source


def _chosen(asked: Mapping[str, str], project: str, fresh_through: int) -> Chosen:
    if asked.get("project", project) != project:
        raise Refused(403, "project: is not the one of this key.")
    to_ms = time_of(asked, "to") if "to" in asked else fresh_through
    from_ms = time_of(asked, "from") if "from" in asked else max(to_ms - _DAY_MS, 0)
    if from_ms >= to_ms:
        raise Refused(400, "from: must lie before to.")
    before = min(time_of(asked, "before"), fresh_through) if "before" in asked else fresh_through
    slices = _SLICE.fullmatch(asked.get("slice", "1/1"))
    if slices is None or int(slices[1]) > int(slices[2]):
        raise Refused(400, "slice: must be a number of a number of parts, such as 1/4.")
    return Chosen(project, from_ms, to_ms, before, event_type_of(asked), (int(slices[1]), int(slices[2])))


def _columns(asked: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(asked["columns"].split(","))) if "columns" in asked else tuple(COLUMNS)
    if unknown := [name for name in names if name not in COLUMNS]:
        raise Refused(400, f"columns: {quoted(unknown[0])} is not known. Known: {', '.join(COLUMNS)}.")
    return names
