"""Sessions and persons equal what plain Python makes of the same events, however they arrived."""

import itertools
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.questions.bots import BOTS, Bots
from tests.queries import asked, crowd
from tests.queries.crowd import DAY, HALF_HOUR, Row, Visit
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

NOON = 1_795_003_200_000
SINCE, UNTIL = NOON, NOON + DAY
_projects = itertools.count()
_run = uuid.uuid4().hex[:8]

#: around every moment where a rule changes its mind
TIMES = st.builds(
    lambda days, halves, jitter: NOON + days * DAY + halves * HALF_HOUR + jitter,
    st.integers(-1, 2),
    st.integers(-3, 3),
    st.integers(-1, 1),
)
NAMES = ("page_view", "pageview", "click", "identify", "heartbeat", "screen")
FACTS = st.fixed_dictionaries(
    {
        "event_id": st.integers(1, 2**127).map(lambda number: uuid.UUID(int=number)),
        "occurred_at": TIMES,
        "name": st.sampled_from(NAMES),
        "kind": st.sampled_from(("event", "event", "identify")),
        "client_id": st.sampled_from(("", "c1", "c2", "c3", "u1", "undefined")),
        "user_id": st.sampled_from(("", "", "u1", "u2", "null")),
        "visitor_id": st.sampled_from(("", "v1")),
        "session_id": st.sampled_from(("", "", "", "s1")),
        "site_id": st.sampled_from(("", "web", "app")),
        "url": st.sampled_from(("", "https://shop.example/")),
        "path": st.sampled_from(("/a", "/b", "/c")),
        "country": st.sampled_from(("TR", "DE")),
        "bot": st.sampled_from(("", "", "", "Googlebot")),
        "_shard": st.integers(0, 3),
    }
)
CROWD = st.lists(FACTS, max_size=25, unique_by=lambda facts: facts["event_id"])


def project() -> str:
    return f"crowd-{_run}-{next(_projects)}"


def rows(facts: Sequence[Row]) -> tuple[str, list[Row]]:
    """The events of a project that nobody else has."""
    name = project()
    return name, [event(name, **one) for one in facts]


def arrive(warehouse: Client, events: Sequence[Row], data: st.DataObject) -> None:
    """In any order, in some inserts, some of them more than once."""
    order = data.draw(st.permutations(events))
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    cut = data.draw(st.integers(0, len(order)))
    for batch in (order[:cut], again, order[cut:]):
        if batch:
            store(warehouse, *batch)


def ask(warehouse: Client, name: str, metric: str, since: int = SINCE, until: int = UNTIL, **more: Any) -> Any:
    return asked.rows(warehouse, asked.question(name, metric, since, until, **more))[0][0]


def visits(warehouse: Client, name: str, since: int = SINCE, until: int = UNTIL, bots: Bots = "exclude") -> list[Visit]:
    """The sessions as the view has them."""
    found = warehouse.query(
        "SELECT session, toUnixTimestamp64Milli(started_at), toUnixTimestamp64Milli(ended_at), events, page_views, "
        "bounced, entry_page, exit_page, visitor, user_id, country "
        "FROM sessions(project={project:String}, since={since:Int64}, until={until:Int64}, bots={bots:String}) "
        "ORDER BY started_at, session",
        parameters={"project": name, "since": since, "until": until, "bots": bots},
    )
    return [Visit(*row) for row in found.result_rows]


def day(warehouse: Client, *facts: Row) -> tuple[str, list[Row]]:
    """Stored as they stand."""
    name, events = rows([{"event_id": uuid.UUID(int=number), **one} for number, one in enumerate(facts, start=1)])
    store(warehouse, *events)
    return name, events


def seen(minutes: float, **more: Any) -> Row:
    """A page view of c1, so many minutes after noon."""
    known = {"occurred_at": NOON + int(minutes * 60_000), "client_id": "c1", "name": "page_view", "url": "https://x/"}
    return {**known, "path": "/", **more}


@settings(max_examples=25, deadline=None)
@given(CROWD, st.data())
def test_sessions_are_those_of_plain_python(warehouse: Client, facts: list[Row], data: st.DataObject) -> None:
    name, events = rows(facts)
    arrive(warehouse, events, data)
    bots = data.draw(st.sampled_from(BOTS))
    assert visits(warehouse, name, bots=bots) == crowd.visits(events, SINCE, UNTIL, bots)


@settings(max_examples=10, deadline=None)
@given(CROWD, st.lists(TIMES, min_size=1, max_size=3), st.data())
def test_a_range_cut_in_pieces_has_the_same_sessions(
    warehouse: Client, facts: list[Row], cuts: list[int], data: st.DataObject
) -> None:
    name, events = rows(facts)
    arrive(warehouse, events, data)
    edges = [NOON - 3 * DAY, *sorted(cuts), NOON + 5 * DAY]
    pieces = [visits(warehouse, name, since, until) for since, until in itertools.pairwise(edges)]
    assert list(itertools.chain(*pieces)) == visits(warehouse, name, edges[0], edges[-1])


@settings(max_examples=25, deadline=None)
@given(CROWD, st.data())
def test_people_are_those_of_plain_python(warehouse: Client, facts: list[Row], data: st.DataObject) -> None:
    name, events = rows(facts)
    arrive(warehouse, events, data)
    bots = data.draw(st.sampled_from(BOTS))
    site = data.draw(st.sampled_from(("", "web")))
    meant = [row for row in crowd.once(events) if SINCE <= row["occurred_at"] < UNTIL and crowd.counted(row, bots)]
    meant = [row for row in meant if not site or row["site_id"] in {site, ""}]
    linked = crowd.links(events)
    people = {crowd.person(row, linked) for row in meant} - {""}
    before = {crowd.person(row, linked) for row in events if row["occurred_at"] < SINCE}
    expected = {
        "event_count": len(meant),
        "page_views": sum(row["name"] in crowd.PAGES for row in meant),
        "visitors": len({crowd.visitor(row) for row in meant} - {""}),
        "unique_users": len(people),
        "new_users": len({one for one in people - before if not one.startswith("v:")}),
    }
    assert {metric: ask(warehouse, name, metric, bots=bots, site_id=site) for metric in expected} == expected


@settings(max_examples=10, deadline=None)
@given(CROWD, st.data())
def test_measures_of_sessions_are_those_of_plain_python(
    warehouse: Client, facts: list[Row], data: st.DataObject
) -> None:
    name, events = rows(facts)
    arrive(warehouse, events, data)
    found = crowd.visits(events, SINCE, UNTIL)
    viewed = [one for one in found if one.page_views]
    expected = {
        "sessions": len(found),
        "events_per_session": sum(one.events for one in found) / len(found) if found else None,
        "bounce_rate": sum(one.bounced for one in found) / len(viewed) if viewed else None,
        "session_duration": sum(one.ended_at - one.started_at for one in found) / 1000 / len(found) if found else None,
    }
    for metric, value in expected.items():
        assert ask(warehouse, name, metric) == (value if value is None else pytest.approx(value)), metric


def test_thirty_minutes_of_silence_do_not_end_a_session_and_a_moment_more_does(warehouse: Client) -> None:
    name, _ = day(warehouse, seen(0), seen(30), seen(60 + 1 / 60_000))
    assert [one.events for one in visits(warehouse, name)] == [2, 1]


def test_a_late_event_joins_two_sessions_into_one(warehouse: Client) -> None:
    name, _ = day(warehouse, seen(0), seen(50))
    assert len(visits(warehouse, name)) == 2
    store(warehouse, event(name, **seen(25)))
    assert [one.events for one in visits(warehouse, name)] == [3]


def test_a_session_over_midnight_belongs_to_the_day_it_started_and_is_not_cut(warehouse: Client) -> None:
    name, _ = day(warehouse, *(seen(minutes, path=f"/{minutes}") for minutes in (-20, -10, 5, 1430, 1445, 1450)))
    before, within, after = (visits(warehouse, name, NOON + n * DAY, NOON + (n + 1) * DAY) for n in (-1, 0, 1))
    assert [(one.entry_page, one.exit_page, one.events) for one in before] == [("/-20", "/5", 3)]
    assert [(one.entry_page, one.exit_page, one.events) for one in within] == [("/1430", "/1450", 3)]
    assert after == []


def test_of_a_session_without_end_the_first_day_is_told_and_it_stays_one(warehouse: Client) -> None:
    name, _ = day(warehouse, *(seen(20 * step) for step in range(110)))
    assert [(one.events, one.ended_at - NOON) for one in visits(warehouse, name)] == [(72, 71 * 20 * 60_000)]
    assert visits(warehouse, name, UNTIL, UNTIL + DAY) == []


def test_a_session_id_of_the_client_wins_over_silence_and_over_the_visitor(warehouse: Client) -> None:
    name, _ = day(
        warehouse, seen(0, session_id="s"), seen(10, client_id="c2", session_id="s"), seen(600, session_id="s"), seen(1)
    )
    assert [(one.session, one.visitor, one.events) for one in visits(warehouse, name)] == [
        ("s:s", "c:c1", 3),
        ("c:c1", "c:c1", 1),
    ]


@pytest.mark.parametrize(
    ("more", "bounced"),
    [
        ([], True),
        ([{"name": "click"}], False),
        ([{"name": "pageview"}], False),
        ([{"name": "heartbeat"}, {"name": "identify", "kind": "identify", "user_id": "u"}], True),
        ([{"name": "told", "kind": "identify", "user_id": "u"}], True),
    ],
)
def test_a_bounce_is_one_page_view_and_no_action(warehouse: Client, more: list[Row], bounced: bool) -> None:
    name, _ = day(warehouse, seen(0), *(seen(1, **facts) for facts in more))
    assert [one.bounced for one in visits(warehouse, name)] == [bounced]


def test_what_happened_in_the_same_millisecond_is_in_the_order_of_the_ids(warehouse: Client) -> None:
    ids = {number: uuid.UUID(int=number << 64 | 9 - number) for number in (2, 3, 1)}
    name, _ = day(warehouse, *(seen(0, path=f"/{number}", event_id=one) for number, one in ids.items()))
    assert [(one.entry_page, one.exit_page) for one in visits(warehouse, name)] == [("/1", "/3")]


def test_a_session_is_asked_for_by_any_of_its_sites_and_events_and_counts_whole(warehouse: Client) -> None:
    name, _ = day(warehouse, seen(0, site_id="web"), seen(1, site_id="app", name="purchase"), seen(90, site_id="app"))
    cases: list[tuple[dict[str, Any], tuple[int, float]]] = [
        ({}, (2, 1.5)),
        ({"site_id": "web"}, (1, 2)),
        ({"site_id": "app"}, (2, 1.5)),
        ({"event_type": "purchase"}, (1, 2)),
    ]
    for filters, expected in cases:
        found = tuple(ask(warehouse, name, metric, **filters) for metric in ("sessions", "events_per_session"))
        assert found == expected, filters


def test_nobody_has_no_session(warehouse: Client) -> None:
    name, _ = day(warehouse, seen(0, client_id=""))
    assert visits(warehouse, name) == []
    assert ask(warehouse, name, "event_count") == 1


def test_an_open_end_takes_events_dated_ahead(warehouse: Client) -> None:
    name, _ = day(warehouse, seen(0), seen(3000))
    assert asked.rows(warehouse, asked.question(name, "sessions", SINCE)) == [[2]]


def test_another_project_sees_nothing_of_it(warehouse: Client) -> None:
    day(warehouse, seen(0, name="identify", user_id="u1"), seen(1))
    other, _ = day(warehouse, seen(0))
    assert [ask(warehouse, other, metric) for metric in ("unique_users", "new_users", "sessions")] == [1, 1, 1]
    assert ask(warehouse, project(), "unique_users") == 0
