"""Dimensions: each is one that the engine knows, and the path of a property is never more than a path."""

import string
import uuid
from pathlib import Path
from zoneinfo import available_timezones

import orjson
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import Refused
from queries.questions import dimensions
from queries.questions.binder import Binder
from queries.questions.dimensions import DIMENSIONS, MAX_PATH, TIMES, Dimension
from tests.queries.stored import event, store
from tests.queries.test_request import NASTY

NAMES = st.text(min_size=1, max_size=12) | st.text(string.punctuation + "ab \t", min_size=1, max_size=6)


def read(warehouse: Client, project: str, dimension: Dimension) -> list[tuple[str, float | None]]:
    """Text and number of a property of a project's events, in the order in which they were stored."""
    binder = Binder({"project": project})
    text = f"SELECT {dimension.text(binder)}, {dimension.figure(binder)} FROM events FINAL"
    rows = warehouse.query(f"{text} WHERE project = {{project:String}} ORDER BY _index", parameters=binder.parameters)
    return [tuple(row) for row in rows.result_rows]


@pytest.mark.stack
@pytest.mark.parametrize("dimension", DIMENSIONS.values(), ids=lambda one: one.name)
def test_a_dimension_is_known_to_the_engine(warehouse: Client, dimension: Dimension) -> None:
    binder = Binder({"project": "nobody"}, zone="Europe/Berlin")
    tables = []
    if dimension.event:
        tables.append((dimension.text(binder), "events"))
    if dimension.session or dimension.held:
        view = "sessions(project={project:String}, since=0, until=1, bots='include')"
        tables.append((dimension.of_session(binder) or dimension.held, view))
    for expression, table in tables:
        text = f"DESCRIBE (SELECT {expression} AS value FROM {table})"
        (row,) = warehouse.query(text, parameters=binder.parameters).result_rows
        plain = row[1].replace("LowCardinality(String)", "String")
        wanted = "UInt8" if dimension.number else "Array(String)" if expression == dimension.held else "String"
        assert plain == wanted, expression
    assert tables


@pytest.mark.stack
def test_a_property_is_text_and_a_number_where_json_has_one(warehouse: Client) -> None:
    project = f"properties-{uuid.uuid4().hex}"
    values = ["free", "7", 7, 2.5, -3, 2**63, True, None, [1, "b"], {"x": 1}, ""]
    store(
        warehouse,
        *(event(project, properties=orjson.dumps({"a": {"b": one}}).decode()) for one in values),
        event(project),
    )
    assert read(warehouse, project, dimensions.find("properties.a.b", "x")) == [
        *(("free", None), ("7", None), ("7", 7), ("2.5", 2.5), ("-3", -3), (str(2**63), 2**63), ("true", None)),
        *(("", None), ("[1,'b']", None), ("", None), ("", None), ("", None)),
    ]


@pytest.mark.stack
@settings(max_examples=60, deadline=None)
@given(NAMES)
def test_a_property_of_any_name_that_is_taken_is_the_property_of_this_name(warehouse: Client, name: str) -> None:
    try:
        dimension = dimensions.find(f"properties.{name}", "group_by")
    except Refused:
        return
    project = f"named-{uuid.uuid4().hex}"
    store(warehouse, event(project, properties=orjson.dumps({name: 5, f"{name}2": 6, "other": 7}).decode()))
    assert read(warehouse, project, dimension) == [("5", 5)]


@pytest.mark.stack
def test_the_engine_knows_every_zone_that_is_taken(warehouse: Client) -> None:
    told = warehouse.query("SELECT time_zone FROM system.time_zones").result_rows
    assert available_timezones() - {name for (name,) in told} == {"localtime"}  # which spans.py takes for none


@pytest.mark.parametrize(
    "path", ["a", "a.b", "$browser", "we ird", "ünï", "a-b", "x:y", "a/b", "1", "🜂", "a" * MAX_PATH]
)
def test_names_with_dots_between_are_a_path(path: str) -> None:
    assert dimensions.find(f"properties.{path}", "x").path == path


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "^a",
            "a.^b",
            ":Int64",
            "a.:Int64",
            "@x",
            "a'",
            'a"',
            "a`",
            "a\\",
            "a[]",
            "a{b}",
        ),
        *("a\nb", "a\x00", "a\x85", "\ud800", "a" * (MAX_PATH + 1)),
    ],
)
def test_another_path_is_refused_by_its_place(path: str) -> None:
    with pytest.raises(Refused, match=r"^group_by: ") as refused:
        dimensions.find(f"properties.{path}", "group_by")
    assert refused.value.message.isprintable()


@pytest.mark.parametrize("name", [*NASTY, "name", "time:day", "Country", "event_id"], ids=ascii)
def test_another_dimension_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(Refused, match=r"^group_by: .* is no dimension\. Known: event, page, .*properties\.<path>\.$"):
        dimensions.find(name, "group_by")


def test_a_time_is_a_dimension_where_it_is_asked_for() -> None:
    assert [dimensions.find_or_time(f"time:{one}", "x").interval for one in ("minute", "month")] == ["minute", "month"]
    assert dimensions.find_or_time("country", "x") is DIMENSIONS["country"]
    assert len(TIMES) == 5


def test_every_dimension_stands_in_the_documents_with_its_meaning() -> None:
    written = (Path(__file__).parents[3] / "docs" / "stats.md").read_text()
    assert [one.name for one in DIMENSIONS.values() if f"| `{one.name}` | {one.meaning} |" not in written] == []
