"""Every answer equals what plain Python makes of the same events, however they arrived."""

import itertools
import re
import uuid
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queries.questions import dimensions, filters, measures, select, spans
from queries.questions.bots import BOTS
from queries.questions.question import Question
from queries.questions.spans import Span
from queries.sql import Statement
from tests.examples import examples
from tests.queries import asked, oracle
from tests.queries.crowd import DAY, HALF_HOUR, Row
from tests.queries.oracle import World
from tests.queries.questions.test_sources import FACTS as PEOPLE
from tests.queries.questions.test_sources import NOON, arrive
from tests.queries.stored import event, store

_projects = itertools.count()
_run = uuid.uuid4().hex[:8]

PROPERTIES = st.sampled_from(
    ("{}", '{"price": 1}', '{"price": 2.5}', '{"price": -3, "plan": "pro"}', '{"price": "7"}', '{"price": 7}',
     '{"price": true, "cart": {"size": 2}}', '{"price": null, "plan": ""}', '{"plan": "free", "cart": {"size": 3}}')
)  # fmt: skip
FACTS = st.builds(
    lambda people, more: people | more,
    PEOPLE,
    st.fixed_dictionaries(
        {
            "properties": PROPERTIES,
            "channel": st.sampled_from(("Direct", "Email")),
            "browser": st.sampled_from(("Firefox", "Chrome", "")),
        }
    ),
)
CROWD = st.lists(FACTS, min_size=6, max_size=24, unique_by=lambda facts: facts["event_id"])
EVENT_METRICS = ("event_count", "page_views", "visitors", "unique_users", "new_users", "sum(properties.price)",
                 "avg(properties.price)", "min(properties.price)", "max(properties.price)", "p50(properties.price)",
                 "p95(properties.cart.size)", "p99(properties.price)")  # fmt: skip
SESSION_METRICS = ("sessions", "events_per_session", "bounce_rate", "session_duration")
BOTH = ("country", "channel", "user_id", "visitor", "hour_of_day", "day_of_week")
EVENT_DIMENSIONS = (*BOTH, "event", "page", "browser", "site_id", "properties.price", "properties.plan", "client_id")
SESSION_DIMENSIONS = (*BOTH, "entry_page", "exit_page")
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York")


def leaf(operators: str, name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.builds(lambda operator, value: [operator, name, value], st.sampled_from(operators.split()), values)


def bare(operator: str, name: str) -> list[str]:
    return [operator, name]


NUMBERS = st.sampled_from((2.5, -3, 0))
AMOUNTS = st.sampled_from(([7], ["7"], [7, "true"], [2.5, 1], [""]))
LEAVES = st.one_of(
    leaf("is is_not", "event", st.lists(st.sampled_from(("click", "page_view")), min_size=1, max_size=2)),
    leaf("is contains matches_not", "country", st.sampled_from((["DE"], ["TR", "DE"], ["R"]))),
    leaf("is contains contains_not", "page", st.sampled_from((["/a"], ["/b", "/c"]))),
    leaf("matches", "page", st.just(["^/[ab]$"])),
    leaf("is is_not", "site_id", st.just("web")),
    leaf("gt gte lt lte", "properties.price", NUMBERS),
    leaf("is is_not", "properties.price", AMOUNTS),
    leaf("gte lt", "hour_of_day", st.integers(0, 23)),
    st.builds(
        bare, st.sampled_from(("is_set", "is_not_set")), st.sampled_from(("user_id", "properties.plan", "browser"))
    ),
)
OF_SESSIONS = LEAVES | leaf("is is_not", "entry_page", st.sampled_from((["/a"], ["/b", ""])))


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nested up to a few levels; what people did is asked of events."""
    did = st.sampled_from(("has_done", "has_not_done"))
    several = st.sampled_from(("and", "or"))
    return st.recursive(
        leaves | st.builds(lambda name, part: [name, part], did, LEAVES),
        lambda inner: (
            st.builds(lambda name, parts: [name, parts], several, st.lists(inner, min_size=1, max_size=3))
            | st.builds(lambda part: ["not", part], inner)
        ),
        max_leaves=5,
    )


@st.composite
def questions(draw: st.DrawFn) -> tuple[Question, list[Any]]:
    """A question about days around noon, and its filters as they are written. The project comes later."""
    whole, mixed = draw(st.booleans()), draw(st.booleans())
    known = (*EVENT_METRICS, *SESSION_METRICS) if mixed else SESSION_METRICS if whole else EVENT_METRICS
    names = draw(st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True))
    told = BOTH if mixed else SESSION_DIMENSIONS if whole else EVENT_DIMENSIONS
    by = [dimensions.find(name, "x") for name in draw(st.lists(st.sampled_from(told), max_size=2, unique=True))]
    interval = draw(st.sampled_from(("", "", "hour", "day", "week")))
    if interval:
        by.insert(draw(st.integers(0, len(by))), dimensions.find_or_time(f"time:{interval}", "x"))
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    since = NOON + draw(st.integers(-2, 2)) * HALF_HOUR
    span = Span(since, draw(st.sampled_from((since + DAY, since + 2 * DAY + HALF_HOUR, None))), "any", zone)
    raw = draw(st.lists(trees(OF_SESSIONS if whole and not mixed else LEAVES), max_size=2))
    metrics = tuple(measures.find(name, "x") for name in names)
    columns = len(by) + len(metrics)
    question = Question(
        "",
        metrics,
        span,
        tuple(by),
        filters.parse(raw),
        draw(st.sampled_from(("", "", "web"))),
        draw(st.sampled_from(BOTS)),
        order=tuple((column, draw(st.booleans())) for column in draw(st.permutations(range(columns)))[:2])
        if by
        else (),
        edges=spans.starts(span, interval, NOON + DAY) if interval else (),
    )
    return question, raw


def near(rows: list[list[Any]]) -> list[Any]:
    """Means may differ in their last digit."""
    return [[pytest.approx(one) if isinstance(one, float) else one for one in row] for row in rows]


def of_project(facts: list[Row]) -> tuple[str, list[Row]]:
    """The events of a project that nobody else has."""
    name = f"selected-{_run}-{next(_projects)}"
    return name, [event(name, **one) for one in facts]


def agree(warehouse: Client, question: Question, raw: list[Any], events: list[Row]) -> None:
    """The engine and plain Python say the same, in the same order."""
    expected = oracle.ordered(question, World(events, question, raw).answer())
    found = asked.rows(warehouse, question)
    assert sorted(found, key=repr) == near(sorted(expected, key=repr))
    if not any("session_duration" in metric.name for metric in question.metrics):  # sums of seconds may tie, or not
        assert found == near(expected)


@pytest.mark.stack
@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(CROWD, st.lists(questions(), min_size=4, max_size=4), st.data())
def test_an_answer_is_that_of_plain_python(
    warehouse: Client, facts: list[Row], drawn: list[tuple[Question, list[Any]]], data: st.DataObject
) -> None:
    name, events = of_project(facts)
    arrive(warehouse, events, data)
    for question, raw in drawn:
        agree(warehouse, replace(question, project=name), raw, events)


@pytest.mark.stack
@settings(max_examples=examples(8), deadline=None)
@given(
    CROWD, st.lists(st.tuples(st.sampled_from(("has_done", "has_not_done")), LEAVES), min_size=4, max_size=4), st.data()
)
def test_what_people_did_is_theirs_under_all_of_their_ids(
    warehouse: Client, facts: list[Row], did: list[tuple[str, list[Any]]], data: st.DataObject
) -> None:
    name, events = of_project(facts)
    arrive(warehouse, events, data)
    for raw in map(list, did):
        for metric in ("event_count", "sessions"):
            question = asked.question(name, metric, NOON, NOON + DAY, filter=filters.parse(raw))
            agree(warehouse, question, [raw], events)


@pytest.mark.stack
@settings(max_examples=examples(12), deadline=None)
@given(CROWD, st.lists(trees(OF_SESSIONS), min_size=4, max_size=4), st.data())
def test_sessions_are_chosen_by_what_they_are_and_by_the_events_that_they_hold(
    warehouse: Client, facts: list[Row], trees: list[Any], data: st.DataObject
) -> None:
    name, events = of_project(facts)
    arrive(warehouse, events, data)
    for raw in trees:
        question = asked.question(name, "sessions", NOON - DAY, NOON + DAY, filter=filters.parse(raw))
        agree(warehouse, question, [raw], events)


@pytest.mark.stack
@settings(max_examples=examples(8), deadline=None)
@given(CROWD, st.data())
def test_only_the_groups_that_are_asked_for_are_told(warehouse: Client, facts: list[Row], data: st.DataObject) -> None:
    name, events = of_project(facts)
    arrive(warehouse, events, data)
    by = tuple(dimensions.find(one, "x") for one in ("event", "hour_of_day"))
    question = asked.question(name, "event_count", NOON - DAY, dimensions=by)
    every = asked.rows(warehouse, question)
    chosen = tuple((row[0], row[1]) for row in every[::2])
    if chosen:
        assert asked.rows(warehouse, replace(question, among=chosen)) == every[::2]
    alone = replace(question, dimensions=by[:1], among=(("click",), ("nothing",)))
    assert {row[0] for row in asked.rows(warehouse, alone)} <= {"click"}


@pytest.mark.stack
@settings(max_examples=examples(6), deadline=None)
@given(CROWD, questions(), st.integers(1, 4), st.data())
def test_pages_are_the_whole_cut_in_pieces(
    warehouse: Client, facts: list[Row], drawn: tuple[Question, list[Any]], limit: int, data: st.DataObject
) -> None:
    name, events = of_project(facts)
    arrive(warehouse, events, data)
    question = replace(drawn[0], project=name)
    whole = asked.rows(warehouse, question)
    cut = (replace(question, limit=limit, offset=offset) for offset in range(0, len(whole), limit))
    assert [row for piece in cut for row in asked.rows(warehouse, piece)] == whole
    statement = select.total(question)
    assert warehouse.query(statement.text, parameters=statement.parameters).result_rows == [(len(whole),)]


@given(questions(), st.text(min_size=1))
def test_the_project_is_bound_in_every_scan_and_no_value_stands_in_the_text(
    drawn: tuple[Question, list[Any]], name: str
) -> None:
    statement = select.rows(replace(drawn[0], project=name, limit=10))
    scans = re.findall(
        r"FROM (events|sightings|sessions\w*|identities|rollup_hours|rolled_sessions|closed_\w+|hour_marks)",
        statement.text,
    )
    assert len(scans) >= 1
    assert len(re.findall(r"project ?= ?\{project:String\}", statement.text)) >= len(scans)
    assert statement.parameters["project"] == name
    named = set(re.findall(r"\{(\w+):[\w()]+\}", statement.text))
    assert named | {"until"} == statement.parameters.keys() | {"until"}  # sessions begin and end in their own way
    assert statement.text == select.rows(replace(drawn[0], project="p", limit=11)).text


@pytest.mark.stack
def test_somebody_is_new_in_the_interval_of_its_first_event_alone(warehouse: Client) -> None:
    hour = 3_600_000
    name, events = of_project(
        [
            {"occurred_at": NOON + number * hour, "client_id": client_id}
            for number, client_id in ((-1, "old"), (0, "old"), (0, "c1"), (1, "c1"), (2, "c1"), (2, "c2"))
        ]
    )
    store(warehouse, *events)
    edges = tuple(NOON + number * hour for number in range(4))
    by = (dimensions.find_or_time("time:hour", "x"),)
    question = asked.question(name, "new_users", NOON, NOON + 3 * hour, dimensions=by, edges=edges)
    assert asked.rows(warehouse, question) == [[edges[0], 1], [edges[1], 0], [edges[2], 1]]
    assert asked.rows(warehouse, replace(question, dimensions=(), edges=())) == [[2]]


def test_a_count_reads_one_project_from_a_moment_on() -> None:
    by = (dimensions.find("properties.plan", "x"),)
    assert select.rows(asked.question("demo", "event_count", 1000, dimensions=by)) == Statement(
        "SELECT toString({p0:Identifier}) AS d0, count() AS m0 FROM events FINAL WHERE project = {project:String}"
        " AND occurred_at >= fromUnixTimestamp64Milli({since:Int64}) AND bot = '' AND 1 GROUP BY d0 ORDER BY d0 ASC",
        {"project": "demo", "since": 1000, "p0": "properties.plan"},
    )
