"""What reports are asked about: events of all kinds at telling moments, and how plain Python tells whose they are."""

import itertools
import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any, TypeVar

import msgspec
import orjson
from clickhouse_connect.driver.client import Client
from hypothesis import strategies as st

from ingest_api.projects.project import Project
from queries.reports.asked import Asked, Scope, scope
from queries.sql import Statement
from tests.queries import crowd
from tests.queries.crowd import DAY, HALF_HOUR, Row
from tests.queries.stored import event, store

NOON = 1_795_003_200_000  # 2026-11-18T12:00:00Z
SINCE, UNTIL = NOON, NOON + 3 * DAY
NAMES = ("page_view", "cart", "buy", "identify")
PATHS = ("/a", "/b", "/c")
COUNTRIES = ("TR", "DE")
_projects = itertools.count()
_run = uuid.uuid4().hex[:8]

#: few moments, so that many events meet in one; around the ends of the range, of sessions and of days
TIMES = st.builds(
    lambda days, halves, jitter: NOON + days * DAY + halves * HALF_HOUR + jitter,
    st.integers(-1, 4),
    st.integers(-1, 3),
    st.integers(-1, 1),
)
FACTS = st.fixed_dictionaries(
    {
        "event_id": st.integers(1, 2**127).map(lambda number: uuid.UUID(int=number)),
        "occurred_at": TIMES,
        "name": st.sampled_from(NAMES),
        "client_id": st.sampled_from(("", "c1", "c1", "c2", "u1")),
        "user_id": st.sampled_from(("", "", "u1", "u2")),
        "visitor_id": st.sampled_from(("", "v1")),
        "session_id": st.sampled_from(("", "", "", "s1")),
        "site_id": st.sampled_from(("", "web", "app")),
        "url": st.sampled_from(("", "https://shop.example/", "https://shop.example/")),
        "path": st.sampled_from(PATHS),
        "country": st.sampled_from(COUNTRIES),
        "bot": st.sampled_from(("", "", "", "", "Googlebot")),
        "_shard": st.integers(0, 3),
    }
)
#: what a few people do within the hour, so that much happens in one visit
BUSY = st.tuples(FACTS, st.integers(0, 6), st.sampled_from(("c1", "c2", "c3"))).map(
    lambda one: {**one[0], "occurred_at": NOON + one[1] * 600_000, "client_id": one[2], "session_id": "", "bot": ""}
)
CROWD = st.one_of(
    st.lists(FACTS, max_size=30, unique_by=lambda facts: facts["event_id"]),
    st.lists(BUSY, min_size=8, max_size=30, unique_by=lambda facts: facts["event_id"]),
)

T = TypeVar("T", bound=Asked)


def project() -> Project:
    """One that nobody else has."""
    return Project(f"report-{_run}-{next(_projects)}", ("web", "app"), 0)


def arrive(warehouse: Client, of: Project, facts: Sequence[Row], data: st.DataObject) -> list[Row]:
    """In any order, in some inserts, some of them more than once; strangers have the same ones."""
    events = [event(of.id, **one) for one in facts]
    order = data.draw(st.permutations(events))
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    cut = data.draw(st.integers(0, len(order)))
    stranger = [{**event(f"{of.id}-not", **one), "event_id": uuid.uuid4()} for one in facts]
    for batch in (order[:cut], again + stranger, order[cut:]):
        if batch:
            store(warehouse, *batch)
    return events


def happen(warehouse: Client, *facts: Row) -> Project:
    """Stored as they stand."""
    of = project()
    store(warehouse, *(event(of.id, **one) for one in facts))
    return of


def did(name: str, minutes: float, **more: Any) -> Row:
    """Something that c1 did, so many minutes after noon."""
    return {"name": name, "occurred_at": NOON + int(minutes * 60_000), "client_id": "c1", **more}


def question(kind: type[T], shop: Project, /, **fields: Any) -> tuple[T, Scope]:
    """A body as a client sends it, of the whole range."""
    body = {"from": str(SINCE), "to": str(UNTIL), **fields}
    asked = msgspec.json.decode(orjson.dumps(body), type=kind)
    return asked, scope(asked, shop.id, UNTIL + 10 * DAY)


def rows_of(warehouse: Client, statement: Statement) -> list[Sequence[Any]]:
    return list(warehouse.query(statement.text, parameters=statement.parameters).result_rows)


def of_everybody(rows: Sequence[Row], by: str, bots: str = "exclude") -> list[list[Row]]:
    """The events of each person, each visitor, or each session that starts in the range, whole."""
    if by == "session":
        return [events for _, events in crowd.stays(rows, SINCE, UNTIL, bots)]
    linked = crowd.links(rows)

    def who(row: Row) -> str:
        return crowd.person(row, linked) if by == "person" else crowd.visitor(row)

    counted = [row for row in crowd.once(rows) if crowd.counted(row, bots) and who(row)]
    return [list(some) for _, some in groupby(sorted(counted, key=who), key=who)]
