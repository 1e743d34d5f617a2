"""The top lists equal what plain Python makes of the same events."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.projects.keys import Kind
from ingest_api.projects.project import Project
from queries.questions import select
from queries.reports.top import LISTS, Asked, of_events, of_sessions, read, shape
from tests.queries import crowd
from tests.queries.conftest import Service, Tenant
from tests.queries.crowd import Row
from tests.queries.hostile import INJECTIONS
from tests.queries.reports import happened
from tests.queries.reports.happened import CROWD, SINCE, UNTIL, did, happen
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

Ranked = list[tuple[Any, ...]]
OF_SESSIONS = ("entry_pages", "exit_pages", "sources", "channels")
ASKED = st.fixed_dictionaries(
    {"bots": st.sampled_from(("exclude", "include", "only")), "limit": st.sampled_from(("1", "2", "10"))},
    optional={"site_id": st.just("web"), "filter": st.just("country==DE")},
)


def asking(shop: Project, /, **fields: str) -> Asked:
    return read({"from": str(SINCE), "to": str(UNTIL), **fields}, shop.id, UNTIL)


def lists(warehouse: Client, asked: Asked) -> dict[str, Ranked]:
    found: dict[str, Ranked] = {}
    for name in LISTS:
        if name not in OF_SESSIONS:
            found[name] = list(map(tuple, happened.rows_of(warehouse, select.rows(of_events(asked, name)))))
    for name, entries in shape(asked, happened.rows_of(warehouse, of_sessions(asked))).items():
        found[name] = [(one.value, one.visitors, one.sessions, one.page_views) for one in entries]
    return found


def ranked(some: Iterable[tuple[str, Hashable, int, int]], limit: int) -> Ranked:
    """(value, who, first count, second count) -> the greatest first; people without a name are nobody."""
    who: defaultdict[str, set[Hashable]] = defaultdict(set)
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for value, visitor, one, two in some:
        who[value] |= {visitor} - {""}
        first[value] += one
        second[value] += two
    ordered = sorted(who, key=lambda value: (-len(who[value]), -first[value], value))
    return [(value, len(who[value]), first[value], second[value]) for value in ordered[:limit]]


@settings(max_examples=15, deadline=None)
@given(CROWD, ASKED, st.data())
def test_the_lists_are_those_of_plain_python(
    warehouse: Client, facts: list[Row], asked: dict[str, str], data: st.DataObject
) -> None:
    shop = happened.project()
    events = happened.arrive(warehouse, shop, facts, data)
    limit = int(asked["limit"])

    def wanted(row: Row) -> bool:
        here = "site_id" not in asked or row["site_id"] in {"web", ""}
        return here and ("filter" not in asked or row["country"] == "DE")

    def views(row: Row) -> int:
        return int(row["name"] in crowd.PAGES)

    def of(value: Callable[[Row], str], counted: Callable[[Row], int], some: Iterable[Row]) -> Ranked:
        return [one[:3] for one in ranked(((value(row), crowd.visitor(row), counted(row), 0) for row in some), limit)]

    counted = [row for row in crowd.once(events) if crowd.counted(row, asked["bots"]) and wanted(row)]
    inside = [row for row in counted if SINCE <= row["occurred_at"] < UNTIL]
    visits = [
        visit
        for visit, some in crowd.stays(events, SINCE, UNTIL, asked["bots"])
        if (visit.country == "DE" or "filter" not in asked)
        and any("site_id" not in asked or row["site_id"] in {"web", ""} for row in some)
    ]
    told = lists(warehouse, asking(shop, **asked))
    assert told["pages"] == of(lambda row: row["path"], views, [row for row in inside if views(row)])
    assert told["countries"] == of(lambda row: row["country"], views, inside)
    assert told["events"] == of(lambda row: row["name"], lambda _: 1, inside)
    assert told["entry_pages"] == ranked(((one.entry_page, one.visitor, 1, one.page_views) for one in visits), limit)
    assert told["exit_pages"] == ranked(((one.exit_page, one.visitor, 1, one.page_views) for one in visits), limit)
    assert told["channels"] == ranked((("", one.visitor, 1, one.page_views) for one in visits), limit)


def test_what_is_a_page_view_is_what_the_engine_takes_for_one(warehouse: Client) -> None:
    names = sorted({*crowd.PAGES, *crowd.NO_ACTIONS, "click"})
    shop = happen(warehouse, *(did(name, 0) for name in names))
    found = warehouse.query(
        "SELECT name FROM events WHERE project = {project:String} AND is_page_view", parameters={"project": shop.id}
    )
    assert sorted(row[0] for row in found.result_rows) == sorted(crowd.PAGES)


async def test_the_answer_has_the_lists_that_are_asked_for(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    for who in (tenant, stranger):
        seen = {
            "client_id": "c1",
            "url": "https://shop.example/",
            "path": "/",
            "channel": "Direct",
            "browser": "Firefox",
        }
        store(warehouse, *(event(who.id, name=name, **seen) for name in ("page_view", "page_view", "click")))
    answer = await service.ask("/api/v1/reports/top", tenant.bearer(Kind.QUERY))
    data = answer.body["data"]
    assert (list(data["lists"]), data["period"]) == (list(LISTS), "30d")
    assert data["lists"]["pages"] == [{"value": "/", "visitors": 1, "page_views": 2}]
    assert data["lists"]["browsers"] == [{"value": "Firefox", "visitors": 1, "page_views": 2}]
    assert data["lists"]["channels"] == [{"value": "Direct", "visitors": 1, "page_views": 2, "sessions": 1}]
    assert data["lists"]["events"][0] == {"value": "page_view", "visitors": 1, "events": 2}
    assert answer.body["meta"]["rows_read"] > 0
    some = await service.ask("/api/v1/reports/top", tenant.bearer(Kind.QUERY), {"lists": "sources,events", "limit": 1})
    assert [(name, len(entries)) for name, entries in some.body["data"]["lists"].items()] == [
        ("sources", 1),
        ("events", 1),
    ]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"lists": "pages,joys"}, "lists: 'joys' is not known. Known: pages,"),
        ({"limit": "101"}, "limit: "),
        ({"bots": "maybe"}, "bots: "),
        ({"period": "1y"}, "period: "),
        ({"filter": "joy==1"}, "filter[0][1]: 'joy' is no dimension"),
        ({"group_by": "page"}, "'group_by' is not a parameter"),
    ],
)
async def test_what_is_wrong_is_named(service: Service, tenant: Tenant, params: dict[str, str], said: str) -> None:
    answer = await service.ask("/api/v1/reports/top", tenant.bearer(Kind.QUERY), params)
    assert (answer.status, said in answer.body["error"]) == (400, True), answer.raw


async def test_hostile_text_finds_nothing_of_a_stranger(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    store(warehouse, event(stranger.id, client_id="c1", country="nobody-knows"))
    for text in INJECTIONS[::4]:
        for params in ({"filter": f"page=={text}"}, {"filter": text}, {"site_id": text}, {"timezone": text}):
            answer = await service.ask(
                "/api/v1/reports/top", tenant.bearer(Kind.QUERY), {**params, "lists": "countries"}
            )
            assert answer.status in {200, 400, 403}, (params, answer.raw)
            assert b"nobody-knows" not in answer.raw
