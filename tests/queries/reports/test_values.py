"""What properties hold equals what plain Python makes of the same events: names, types, values, numbers."""

from collections import Counter
from statistics import fmean
from typing import Any

import orjson
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.projects.project import Project
from queries.questions import dimensions, spans
from queries.reports import values
from queries.reports.view import View, view
from tests.queries import crowd
from tests.queries.crowd import Row
from tests.queries.reports import happened
from tests.queries.reports.happened import FACTS, SINCE, UNTIL, arrive

pytestmark = pytest.mark.stack

NUMBERS = st.one_of(st.integers(-5, 5), st.sampled_from((0.5, 1.0, 2.5, -1.5)))
VALUES = st.one_of(NUMBERS, st.sampled_from(("", "a", "b", "1", "true")), st.booleans(), st.lists(st.integers(0, 1)))
PROPERTIES = st.dictionaries(st.sampled_from(("p", "q", "in.ner", "odd name")), VALUES, max_size=3)
EVENTS = st.lists(
    st.tuples(FACTS, PROPERTIES).map(lambda made: {**made[0], "properties": orjson.dumps(nested(made[1])).decode()}),
    max_size=25,
    unique_by=lambda facts: facts["event_id"],
)


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    return {
        ("in" if name == "in.ner" else name): ({"ner": value} if name == "in.ner" else value)
        for name, value in flat.items()
    }


def flat(row: Row) -> dict[str, Any]:
    found = orjson.loads(row["properties"])
    return {name: value for name, value in {**found, "in.ner": found.get("in", {}).get("ner")}.items()
            if value is not None and name != "in"}  # fmt: skip


def kind(value: Any) -> str:
    kinds: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return kinds[type(value)]


def shown(value: Any) -> tuple[str, str]:
    """All numbers are one type, and written the same."""
    if isinstance(value, bool | list):
        return kind(value), orjson.dumps(value).decode()
    if isinstance(value, int | float):
        return "number", f"{value:g}"
    return "string", value


def looked(of: Project, rows: list[Row], asked: dict[str, str]) -> tuple[View, list[Row]]:
    """What is looked at, and the same by plain Python."""
    span = spans.of_times(SINCE, UNTIL, spans.zone_of("UTC", ""), UNTIL, "")
    seen = [
        row
        for row in crowd.once(rows)
        if SINCE <= row["occurred_at"] < UNTIL and crowd.counted(row, asked.get("bots", "exclude"))
    ]
    if "filter" in asked:
        seen = [row for row in seen if row["country"] == "DE"]
    return view(asked, of, span), seen


ASKED = st.sampled_from(({}, {"bots": "include"}, {"filter": "country==DE"}))


def visitors(rows: list[Row]) -> int:
    return len({crowd.visitor(row) for row in rows} - {""})


@settings(max_examples=20, deadline=None)
@given(facts=EVENTS, asked=ASKED, data=st.data())
def test_events_equal_plain_python(
    warehouse: Client, facts: list[Row], asked: dict[str, str], data: st.DataObject
) -> None:
    of = happened.project()
    found, seen = looked(of, arrive(warehouse, of, facts, data), asked)
    by_name = {name: [row for row in seen if row["name"] == name] for name in {row["name"] for row in seen}}
    assert happened.rows_of(warehouse, values.events(found, 100)) == [
        (len(seen), name, len(rows), visitors(rows), rows[0]["occurred_at"], rows[-1]["occurred_at"])
        for name, rows in sorted(by_name.items(), key=lambda one: (-len(one[1]), one[0]))
    ]


@settings(max_examples=20, deadline=None)
@given(facts=EVENTS, asked=ASKED, data=st.data())
def test_properties_equal_plain_python(
    warehouse: Client, facts: list[Row], asked: dict[str, str], data: st.DataObject
) -> None:
    of = happened.project()
    found, seen = looked(of, arrive(warehouse, of, facts, data), asked)
    among = [dimensions.find(f"properties.{name}", "") for name in ("p", "q", "in.ner", "odd name", "never")]
    rows = {name: tuple(row) for name, *row in happened.rows_of(warehouse, values.properties(found, among))}
    held: dict[str, list[Any]] = {}
    for row in seen:
        for name, value in flat(row).items():
            held.setdefault(name, []).append(value)
    expected = {name: (len(some), Counter(map(kind, some)), len(set(map(shown, some)))) for name, some in held.items()}
    if seen:
        expected[""] = (len(seen), Counter(events=len(seen)), 1)
    assert rows == expected


@settings(max_examples=20, deadline=None)
@given(facts=EVENTS, asked=ASKED, path=st.sampled_from(("p", "in.ner", "odd name")), data=st.data())
def test_a_property_equals_plain_python(
    warehouse: Client, facts: list[Row], asked: dict[str, str], path: str, data: st.DataObject
) -> None:
    of = happened.project()
    found, seen = looked(of, arrive(warehouse, of, facts, data), asked)
    one = dimensions.find(f"properties.{path}", "")
    having = [(flat(row)[path], row) for row in seen if path in flat(row)]
    numbers = [value for value, _ in having if isinstance(value, int | float) and not isinstance(value, bool)]
    ((whole, events, types, different, least, greatest, mean),) = happened.rows_of(
        warehouse, values.summary(found, one)
    )
    assert (whole, events, different) == (len(seen), len(having), len({shown(value) for value, _ in having}))
    assert {name: count for name, count in types.items() if name} == Counter(kind(value) for value, _ in having)
    assert (least, greatest) == ((min(numbers), max(numbers)) if numbers else (None, None))
    assert mean == (pytest.approx(fmean(numbers)) if numbers else None)
    by_value = {
        value: [row for held, row in having if shown(held) == value] for value in {shown(held) for held, _ in having}
    }
    expected = [(*value, len(rows), visitors(rows)) for value, rows in by_value.items()]
    expected.sort(key=lambda row: (-row[2], row[0], row[1].encode()))
    assert happened.rows_of(warehouse, values.values(found, one, 100)) == expected
