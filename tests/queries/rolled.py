"""Questions about hours that may be rolled up: asked through rollups, of the events alone, and of plain Python."""

import itertools
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.client import Client
from hypothesis import strategies as st

from queries.questions import dimensions, measures, rollups, select, sources, spans
from queries.questions.filters import EVERYTHING, Filter
from queries.questions.question import Question
from queries.questions.spans import Span
from queries.sql import Statement
from tests.queries.crowd import PAGES, Row, counted, links, once, person, visitor

HOUR, MINUTE = 3_600_000, 60_000
#: a whole hour in UTC, within a day in most zones
START = 1_767_279_600_000
NOW = START + 30 * HOUR
METRICS = ("event_count", "page_views", "visitors", "unique_users")
UTC = ZoneInfo("UTC")
_projects = itertools.count()
_run = uuid.uuid4().hex[:8]

FACTS = st.fixed_dictionaries(
    {
        "event_id": st.integers(1, 2**127).map(lambda number: uuid.UUID(int=number)),
        "occurred_at": st.builds(
            lambda hour, minute, jitter: START + hour * HOUR + minute * MINUTE + jitter,
            st.integers(-2, 7), st.sampled_from((0, 0, 7, 30, 59)), st.integers(-1, 1),
        ),
        "name": st.sampled_from(("page_view", "buy", "screen", "identify")),
        "client_id": st.sampled_from(("", "c1", "c2", "c3", "c4")),
        "user_id": st.sampled_from(("", "", "u1", "u2")),
        "site_id": st.sampled_from(("", "web", "app")),
        "path": st.sampled_from(("", "/a", "/b")),
        "country": st.sampled_from(("TR", "DE")),
        "bot": st.sampled_from(("", "", "", "Googlebot")),
    }
)  # fmt: skip
Key = tuple[Any, ...]
COLUMNS = {"event": "name", "page": "path", "country": "country", "site_id": "site_id"}


def project() -> str:
    return f"rolled-{_run}-{next(_projects)}"


def ask(
    name: str, *by: str, since: int = START, until: int | None = START + 6 * HOUR, metrics: Iterable[str] = METRICS,
    found: Filter = EVERYTHING, zone: str = "UTC", **other: Any,
) -> Question:  # fmt: skip
    span = Span(since, until, "", ZoneInfo(zone))
    some = tuple(dimensions.find_or_time(one, "by") for one in by)
    interval = next((one.interval for one in some if one.interval), "")
    edges = spans.starts(span, interval, NOW) if interval else ()
    metric = tuple(measures.find(one, "metrics") for one in metrics)
    return Question(name, metric, span, some, found, edges=edges, **other)


def answer(warehouse: Client, question: Question) -> dict[Key, Key]:
    """Through rollups, and it must be so."""
    assert rollups.source(question, sources.binder(question), question.metrics) is not None
    return _answer(warehouse, select.rows(question), len(question.dimensions))


def raw(warehouse: Client, question: Question) -> dict[Key, Key]:
    """Of the events alone: what is not of people."""
    binder = sources.binder(question)
    source = sources.events(question, binder)
    values = [one.value(binder, "0", approximate=False) for one in question.metrics if one.measure.of == "events"]
    keys = [f"{key} AS d{index}" for index, key in enumerate(source.keys)]
    grouped = f" GROUP BY {', '.join(f'd{index}' for index in range(len(keys)))}" if keys else ""
    text = f"SELECT {', '.join((*keys, *values))} {source.text}{grouped}"
    return _answer(warehouse, Statement(text, binder.parameters), len(keys))


def _answer(warehouse: Client, statement: Statement, keys: int) -> dict[Key, Key]:
    found = warehouse.query(statement.text, parameters=statement.parameters, settings={"readonly": 1}).result_rows
    return {tuple(row[:keys]): tuple(row[keys:]) for row in found}


def counts(rows: Iterable[Row], question: Question, keep: Callable[[Row], bool] = lambda _: True) -> dict[Key, Key]:
    """The same by plain Python, for intervals of UTC."""
    until = question.until
    groups: dict[Key, list[Row]] = {} if question.dimensions else {(): []}
    for row in once(rows):
        inside = question.span.since <= row["occurred_at"] and (until is None or row["occurred_at"] < until)
        site = not question.site_id or row["site_id"] in {"", question.site_id}
        if inside and site and counted(row, question.bots) and keep(row):
            groups.setdefault(_key(row, question), []).append(row)
    linked = links(once(rows))
    return {key: _figures(some, linked) for key, some in groups.items()}


def _key(row: Mapping[str, Any], question: Question) -> Key:
    return tuple(
        max(edge for edge in question.edges if edge <= row["occurred_at"]) if one.interval else _value(row, one.name)
        for one in question.dimensions
    )


def _value(row: Mapping[str, Any], name: str) -> Any:
    return row[COLUMNS[name]] if name != "viewed_page" else row["path"] if row["name"] in PAGES else ""


def _figures(rows: list[Row], linked: dict[str, str]) -> Key:
    views = sum(row["name"] in PAGES for row in rows)
    people = {person(row, linked) for row in rows} - {""}
    return len(rows), views, len({visitor(row) for row in rows} - {""}), len(people)
