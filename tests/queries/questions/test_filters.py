"""Filters: what is understood, what is named when it is wrong, and that no value ever stands in the text."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.errors import Refused
from queries.questions import filters
from queries.questions.binder import Binder
from queries.questions.dimensions import DIMENSIONS
from queries.questions.filters import MAX_DEPTH, MAX_LEAVES, MAX_VALUES, And, Did, Leaf, Not, Or

COUNTRY = DIMENSIONS["country"]
IS_GERMAN = ["is", "country", ["DE"]]
GERMAN = Leaf("is", COUNTRY, ("DE",))


def text_of(raw: object, binder: Binder | None = None) -> str:
    return filters.condition(filters.parse(raw), binder or Binder())


def wrong(raw: object) -> list[str]:
    """The places that are wrong."""
    with pytest.raises(Refused) as refused:
        filters.parse(raw)
    assert refused.value.status == 400
    assert refused.value.message.startswith(refused.value.details[0].field + ": ")
    assert refused.value.message.isprintable()
    return [one.field for one in refused.value.details]


def test_a_filter_and_lists_of_them_are_understood() -> None:
    assert filters.parse(IS_GERMAN) == GERMAN
    assert filters.parse([IS_GERMAN]) == GERMAN
    assert filters.parse([IS_GERMAN, ["not", IS_GERMAN]]) == And((GERMAN, Not(GERMAN)))
    assert filters.parse([]) == And(())
    assert filters.parse(["or", [IS_GERMAN, ["and", [IS_GERMAN]]]]) == Or((GERMAN, And((GERMAN,))))
    assert filters.parse(["has_done", IS_GERMAN]) == Did(GERMAN)
    assert filters.parse(["has_not_done", IS_GERMAN]) == Not(Did(GERMAN))


def test_one_value_needs_no_list_and_a_negation_is_one() -> None:
    assert filters.parse(["is", "country", "DE"]) == GERMAN
    for operator in ("is", "contains", "matches"):
        positive = filters.parse([operator, "country", ["x"]])
        assert filters.parse([f"{operator}_not" if operator != "is" else "is_not", "country", ["x"]]) == Not(positive)
    assert filters.parse(["is_not_set", "country"]) == Not(Leaf("is_set", COUNTRY))


@pytest.mark.parametrize(
    ("raw", "text", "parameters"),
    [
        ([], "1", {}),
        (IS_GERMAN, "(country = {p0:String})", {"p0": "DE"}),
        (["is", "event", ["a", "b"]], "(name IN {p0:Array(String)})", {"p0": ["a", "b"]}),
        (["is_not", "country", ["DE"]], "(NOT (country = {p0:String}))", {"p0": "DE"}),
        (["contains", "page", ["/a", "/b"]], "(position(path, {p0:String}) > 0 OR position(path, {p1:String}) > 0)",
         {"p0": "/a", "p1": "/b"}),
        (["matches", "page", "^/a"], "(match(path, {p0:String}))", {"p0": "^/a"}),
        (["is_set", "user_id"], "(user_id != '')", {}),
        (["is", "properties.plan", ["pro"]], "(toString({p0:Identifier}) = {p1:String})",
         {"p0": "properties.plan", "p1": "pro"}),
        (["gte", "hour_of_day", 9], "ifNull(toHour(toTimeZone(occurred_at, {p0:String})) >= {p1:Float64}, 0)",
         {"p0": "UTC", "p1": 9.0}),
        (["and", [IS_GERMAN, ["is", "browser", "DE"]]], "((country = {p0:String}) AND (browser = {p0:String}))",
         {"p0": "DE"}),
    ],
)  # fmt: skip
def test_a_condition_is_text_of_ours_and_parameters(raw: object, text: str, parameters: dict[str, object]) -> None:
    binder = Binder()
    assert (text_of(raw, binder), binder.parameters) == (text, parameters)


def test_a_property_is_compared_as_a_number_with_numbers_and_as_text_with_text() -> None:
    binder = Binder()
    found = text_of(["is", "properties.price", [10, "10", True]], binder)
    assert re.fullmatch(
        r"\(toString\(\{p0:Identifier\}\) IN \{p1:Array\(String\)\} OR ifNull\(coalesce\(.*\) = .*\)", found
    )
    assert binder.parameters == {"p0": "properties.price", "p1": ["10", "true"], "p2": 10.0}
    assert "dynamicElement" in text_of(["gt", "properties.price", 10])


def test_what_people_did_is_asked_of_whoever_gives_the_range() -> None:
    raw = ["has_done", IS_GERMAN]
    binder = Binder(doers=lambda condition: f"SELECT key OF {condition}")
    assert text_of(raw, binder) == f"({filters.KEY} IN (SELECT key OF (country = {{p0:String}})))"
    with pytest.raises(Refused, match="has_done"):
        text_of(raw)


def test_a_test_of_sessions_is_none_of_events() -> None:
    with pytest.raises(Refused, match="entry_page belongs to sessions"):
        text_of(["is", "entry_page", ["/"]])


@pytest.mark.parametrize(
    ("raw", "places"),
    [
        (None, ["filters"]),
        ("x", ["filters"]),
        ({}, ["filters"]),
        ([[]], ["filters[0]"]),
        ([IS_GERMAN, 5, IS_GERMAN, ["is"]], ["filters[1]", "filters[3]"]),
        (["nor", [IS_GERMAN]], ["filters[0]"]),
        (["is", "country"], ["filters"]),
        (["is_set", "country", "x"], ["filters"]),
        (["is", "county", ["DE"]], ["filters[1]"]),
        (["is", 5, ["DE"]], ["filters[1]"]),
        (["is", "country", []], ["filters[2]"]),
        (["is", "country", [None]], ["filters[2][0]"]),
        (["is", "country", ["DE", 5]], ["filters[2][1]"]),
        (["is", "country", ["x" * 1025]], ["filters[2][0]"]),
        (["is", "country", ["\ud800"]], ["filters[2][0]"]),
        (["is", "country", ["DE"] * (MAX_VALUES + 1)], ["filters[2]"]),
        (["contains", "page", ["/"] * 101], ["filters[2]"]),
        (["contains", "hour_of_day", ["1"]], ["filters"]),
        (["gt", "country", 5], ["filters"]),
        (["gt", "properties.price", "cheap"], ["filters[2][0]"]),
        (["gt", "properties.price", [1, 2]], ["filters[2]"]),
        (["gt", "properties.price", float("inf")], ["filters[2][0]"]),
        (["is", "properties.", ["x"]], ["filters[1]"]),
        (["is", "time:day", ["x"]], ["filters[1]"]),
        (["and", []], ["filters[1]"]),
        (["or", [["and", [IS_GERMAN, ["is", "x", "y"]]], ["not", []]]], ["filters[1][0][1][1][1]", "filters[1][1][1]"]),
        (["and", [IS_GERMAN] * (MAX_LEAVES + 1)], ["filters"]),
    ],
)
def test_every_place_that_is_wrong_is_named(raw: object, places: list[str]) -> None:
    assert wrong(raw) == places


def test_filters_are_nested_so_deep_and_no_deeper() -> None:
    raw: list[Any] = IS_GERMAN
    for _ in range(MAX_DEPTH - 1):
        raw = ["not", raw]
    filters.parse(raw)
    assert wrong(["not", raw]) == ["filters" + "[1]" * MAX_DEPTH]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(filters.OPERATORS)
    | st.sampled_from((*DIMENSIONS, "properties.a", "time:day")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=12,
)  # fmt: skip
LEAVES = st.one_of(
    st.tuples(st.sampled_from(("is", "is_not", "contains", "matches")), st.sampled_from(("country", "properties.a b")),
              st.lists(st.text(max_size=20), min_size=1, max_size=3)),
    st.tuples(st.sampled_from(("gt", "lte")), st.just("properties.x"), st.floats(-1e9, 1e9)),
    st.tuples(st.just("is_set"), st.sampled_from(("user_id", "properties.$y"))),
).map(list)  # fmt: skip
COMBINED = {"and": 3, "or": 3, "not": 0, "has_done": 0, "has_not_done": 0}
TREES = st.recursive(
    LEAVES,
    lambda inner: st.sampled_from(sorted(COMBINED)).flatmap(
        lambda name: (st.lists(inner, min_size=1, max_size=3) if COMBINED[name] else inner).map(
            lambda part: [name, part]
        )
    ),
    max_leaves=6,
)


@given(JSON)
def test_any_json_is_understood_or_refused_by_its_places(raw: object) -> None:
    try:
        filters.parse(raw)
    except Refused as why:
        refused = why
    else:
        return
    assert all(one.field.startswith("filters") for one in refused.details)
    assert refused.message.isprintable()


@given(TREES)
def test_no_value_of_a_filter_stands_in_its_text(raw: object) -> None:
    binder = Binder(doers=lambda condition: f"DOERS({condition})")
    found = text_of(raw, binder)
    assert set(re.findall(r"\{(p\d+):[\w()]+\}", found)) == set(binder.parameters)
    known = {
        "IN",
        "ifNull",
        "AND",
        "OR",
        "NOT",
        "country",
        "user_id",
        "visitor",
        "if",
        "concat",
        "u",
        "DOERS",
        "toString",
    }
    known |= {"position", "match", "coalesce", "dynamicElement", "toFloat64", "Float64", "Int64", "UInt64", "0"}
    known |= {"String", "Array", "Identifier"}
    assert {word for word in re.findall(r"\w+", found) if not re.fullmatch(r"p\d+", word)} <= known
