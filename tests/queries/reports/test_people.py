"""Whose an event is: persons by the links of identity, sessions by their moments."""

import uuid
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.projects.project import Project
from queries.questions import closed
from queries.questions.binder import Binder
from queries.reports import attempts, people
from queries.reports.funnel import FunnelAsked, read, shape
from tests.queries.crowd import DAY
from tests.queries.reports import happened
from tests.queries.reports.happened import NOON, did, happen
from tests.queries.stored import event, store
from tests.workers.rolling import roll

pytestmark = pytest.mark.stack


def reached(warehouse: Client, shop: Project, **fields: Any) -> list[int]:
    asked, scope = happened.question(FunnelAsked, shop, steps=[{"event": "look"}, {"event": "buy"}], **fields)
    told = shape(asked, "", happened.rows_of(warehouse, attempts.build(read(asked, scope))))
    return [step.count for step in told.steps]


def test_a_person_is_a_user_with_the_anonymous_ids_that_are_linked_to_her(warehouse: Client) -> None:
    on_two_devices = (did("look", 0), did("buy", 60, client_id="", user_id="ada"))
    assert reached(warehouse, happen(warehouse, *on_two_devices)) == [1, 0]
    linked = happen(warehouse, *on_two_devices, did("identify", 30, user_id="ada"))
    assert reached(warehouse, linked) == [1, 1]
    assert reached(warehouse, linked, by="visitor") == [1, 0]


def test_a_link_counts_whenever_it_was_made(warehouse: Client) -> None:
    late = did("identify", 60 * 24 * 30, user_id="ada")
    shop = happen(warehouse, did("look", 0), did("buy", 60, client_id="c9", user_id="ada"), late)
    assert reached(warehouse, shop) == [1, 1]


def test_who_is_nobody_takes_no_steps(warehouse: Client) -> None:
    shop = happen(warehouse, did("look", 0, client_id=""), did("buy", 1, client_id=""))
    assert [reached(warehouse, shop, by=by) for by in ("person", "visitor", "session")] == [[0, 0]] * 3


def test_a_session_ends_with_half_an_hour_of_silence_whatever_filled_it(warehouse: Client) -> None:
    far = (did("look", 0), did("buy", 50))
    assert reached(warehouse, happen(warehouse, *far), by="session") == [1, 0]
    filled = happen(warehouse, *far, did("scroll", 25, country="TR"))
    assert reached(warehouse, filled, by="session") == [1, 1]
    assert reached(warehouse, filled, by="session", filters=[["is_not", "event", ["scroll"]]]) == [1, 1]


def test_a_session_of_the_clients_own_is_whosever_events_it_has(warehouse: Client) -> None:
    shop = happen(warehouse, did("look", 0, session_id="s"), did("buy", 600, client_id="c2", session_id="s"))
    assert reached(warehouse, shop, by="session") == [1, 1]
    assert reached(warehouse, shop) == [1, 0]


def test_a_session_is_its_first_day(warehouse: Client) -> None:
    going_on = [did("scroll", 60 * 23 * turn, session_id="s") for turn in range(3)]
    for hours, counts in ((23, [1, 1]), (25, [1, 0])):
        shop = happen(warehouse, did("look", 0, session_id="s"), *going_on, did("buy", 60 * hours, session_id="s"))
        assert reached(warehouse, shop, by="session") == counts


def test_bots_count_where_they_are_asked_for(warehouse: Client) -> None:
    shop = happen(warehouse, did("look", 0, bot="Googlebot"), did("look", 0, client_id="c2"), did("buy", 1))
    assert reached(warehouse, shop) == [1, 0]
    assert reached(warehouse, shop, bots="include") == [2, 1]
    assert reached(warehouse, shop, bots="only") == [1, 0]


def test_every_scan_binds_the_project_and_every_moment() -> None:
    binder = Binder()
    assert people.of_project("exclude") == "project = {project:String} AND bot = ''"
    assert people.between(binder, -5, None) == "occurred_at >= fromUnixTimestamp64Milli({p0:Int64})"
    assert binder.parameters == {"p0": 0}


def test_it_is_the_same_once_the_hours_are_closed_and_what_came_twice_counts_once(
    warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    facts = [
        {**did(name, 60 * place + minute, client_id=f"c{place % 5}"), "event_id": uuid.uuid4()}
        for place in range(60)
        for minute, name in enumerate(("look", "buy", "buy"))
        if (place + minute) % 3
    ]
    shop = happen(warehouse, *facts)
    ways = ("person", "visitor", "session")
    told = [reached(warehouse, shop, by=by, order=order) for by in ways for order in ("ordered", "strict")]
    store(warehouse, *(event(shop.id, **one) for one in facts if one["occurred_at"] < NOON + DAY))
    warehouse.command(f"ALTER TABLE hour_marks DELETE WHERE project != '{shop.id}'", settings={"mutations_sync": 1})
    assert roll(clickhouse_url, redis_url) >= 60
    binder = Binder({"project": shop.id}, zone="UTC")
    found = warehouse.query(closed.clean((0, None), binder, once=True), parameters=binder.parameters).result_rows
    assert 30 <= len(found[0][0]) < 60, "some hours hold each event once, and some do not"
    assert told == [reached(warehouse, shop, by=by, order=order) for by in ways for order in ("ordered", "strict")]
