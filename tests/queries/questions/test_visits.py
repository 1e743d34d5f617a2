"""Which sessions a filter means: by what they are, and by one event that they hold."""

import uuid
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from queries.questions import filters
from tests.queries import asked
from tests.queries.crowd import DAY, Row
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

NOON = 1_795_003_200_000
A, B = ["is", "page", ["/a"]], ["is", "page", ["/b"]]
BOUGHT = ["is", "event", ["purchase"]]
GERMAN = ["is", "country", ["DE"]]


def seen(minutes: int, **more: Any) -> Row:
    """A page view of c1, so many minutes after noon."""
    known = {"occurred_at": NOON + minutes * 60_000, "client_id": "c1", "name": "page_view", "url": "https://x/"}
    return {**known, "path": "/a", **more}


def count(warehouse: Client, project: str, raw: object, metric: str = "sessions") -> Any:
    question = asked.question(project, metric, NOON - DAY, NOON + DAY, filter=filters.parse(raw))
    return asked.rows(warehouse, question)[0][0]


def project(warehouse: Client, *rows: Row) -> str:
    name = f"visited-{uuid.uuid4().hex}"
    store(warehouse, *(event(name, **row) for row in rows))
    return name


@pytest.fixture(scope="module")
def shop(warehouse: Client) -> str:
    """Of c1 a session on /a with a sale on /b, and another on /b; of c2, a German, one on /a."""
    return project(
        warehouse,
        seen(0),
        seen(1, name="purchase", path="/b", properties='{"price": 5}'),
        seen(90, path="/b"),
        seen(0, client_id="c2", country="DE"),
    )


@pytest.mark.parametrize(
    ("raw", "sessions"),
    [
        ([], 3),
        (A, 2),
        (B, 2),
        (BOUGHT, 1),
        (["gt", "properties.price", 4], 1),
        (["and", [BOUGHT, A]], 0),  # not one and the same event
        (["and", [BOUGHT, B]], 1),
        ([["not", GERMAN], BOUGHT, A], 0),
        ([["not", GERMAN], BOUGHT, B], 1),
        ([A, B], 0),
        (["or", [A, B]], 3),
        (["not", A], 2),  # which hold another event than that
        (["not", BOUGHT], 3),
        (GERMAN, 1),
        (["not", GERMAN], 2),
        ([GERMAN, A], 1),
        ([GERMAN, B], 0),
        (["or", [GERMAN, BOUGHT]], 2),
        (["or", [GERMAN, ["not", ["or", [GERMAN, B]]]]], 1),  # holds no event on /b, and is not German
        (["not", ["and", [["not", GERMAN], B]]], 1),
        (["is", "entry_page", ["/a"]], 2),
        ([["is", "entry_page", ["/b"]], A], 0),
        (["has_done", BOUGHT], 2),
        ([["has_done", BOUGHT], A], 1),
        (["has_not_done", BOUGHT], 1),
        (["is_set", "browser"], 0),
    ],
)
def test_a_session_is_meant_for_what_it_is_and_for_one_event_that_it_holds(
    warehouse: Client, shop: str, raw: object, sessions: int
) -> None:
    assert count(warehouse, shop, raw) == sessions


def test_an_event_belongs_to_the_session_in_which_it_happened(warehouse: Client) -> None:
    name = project(warehouse, seen(0), seen(60, path="/b"), seen(61), seen(120), seen(121))
    assert [count(warehouse, name, raw) for raw in (B, A, [B, ["is", "hour_of_day", [13]]])] == [1, 3, 1]
    assert count(warehouse, name, B, "events_per_session") == 2


def test_what_somebody_did_counts_for_all_of_its_ids(warehouse: Client) -> None:
    name = project(
        warehouse,
        seen(0),  # c1, before it is known
        seen(60, name="identify", user_id="ada"),
        seen(120, client_id="", user_id="ada", name="purchase"),
        seen(180, client_id="c9", user_id="ada"),
        seen(240, client_id="c3"),
        seen(300, client_id=""),  # nobody
    )
    assert count(warehouse, name, ["has_done", BOUGHT], "event_count") == 4
    assert count(warehouse, name, ["has_not_done", BOUGHT], "event_count") == 2
    assert count(warehouse, name, ["has_done", BOUGHT]) == 4
    assert count(warehouse, name, ["has_done", ["is", "client_id", ["c1"]]], "event_count") == 4
    assert count(warehouse, name, ["has_done", ["is", "client_id", ["c3"]]], "event_count") == 1
    assert count(warehouse, name, [["has_done", BOUGHT], ["is", "event", ["page_view"]]], "unique_users") == 1
