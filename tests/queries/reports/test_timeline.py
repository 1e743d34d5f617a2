"""The timeline of a person: with what she did before she was known, page after page, session by session."""

from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from tests.queries.conftest import Answer, Params, Service, Tenant
from tests.queries.crowd import DAY
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

PATH = "/api/v1/reports/timeline"
HOUR = 3_600_000


async def ask(service: Service, tenant: Tenant, params: Params) -> Answer:
    return await service.ask(PATH, tenant.bearer(Kind.QUERY), params)


async def data(service: Service, tenant: Tenant, **params: str | int) -> dict[str, Any]:
    answer = await ask(service, tenant, params)
    assert answer.status == 200, answer.raw
    found: dict[str, Any] = answer.body["data"]
    return found


async def test_a_user_is_shown_with_what_she_did_before_she_was_known(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    now = moment.now_ms()
    for whose in (tenant, stranger):
        store(
            warehouse,
            event(whose.id, name="page_view", client_id="c1", occurred_at=now - 3 * HOUR),
            event(
                whose.id, name="look", client_id="c1", occurred_at=now - 3 * HOUR + 60_000, properties='{"a":{"b":1}}'
            ),
            event(whose.id, name="identify", client_id="c1", user_id="ada", occurred_at=now - HOUR),
            event(whose.id, name="buy", user_id="ada", occurred_at=now - HOUR + 1000),
            event(whose.id, name="look", client_id="c2", occurred_at=now - HOUR),
        )
    ada = await data(service, tenant, user_id="ada")
    assert [one["event_type"] for one in ada["events"]] == ["buy", "identify", "look", "page_view"]
    assert (ada["user_id"], ada["client_ids"], ada["cursor"], ada["period"]) == ("ada", ["c1"], "", "30d")
    assert [one["starts_session"] for one in ada["events"]] == [True, True, False, True]
    assert [one["session"] for one in ada["events"]] == ["u:ada", "c:c1", "c:c1", "c:c1"]
    look, first = ada["events"][2:]
    assert moment.parse(look["session_started_at"]) == moment.parse(first["occurred_at"]) == now - 3 * HOUR
    assert look["properties"] == {"a": {"b": 1}}
    assert await data(service, tenant, client_id="c1") == ada
    assert await data(service, tenant, visitor="c:c1") == ada
    assert await data(service, tenant, visitor="u:ada") == ada
    other = await data(service, tenant, client_id="c2")
    assert ([one["event_type"] for one in other["events"]], other["user_id"], other["client_ids"]) == (
        ["look"],
        "",
        ["c2"],
    )
    assert [one["event_type"] for one in (await data(service, tenant, user_id="ada", event_type="look"))["events"]] == [
        "look"
    ]
    assert (await data(service, tenant, user_id="ada", filter="properties.a.b==1"))["events"] == [look]
    assert (await data(service, tenant, user_id="ada", period="30m"))["events"] == []
    assert (await data(service, tenant, user_id="nobody"))["events"] == []


async def test_a_visitor_without_a_cookie_is_shown(service: Service, tenant: Tenant, warehouse: Client) -> None:
    store(warehouse, event(tenant.id, visitor_id="day1"), event(tenant.id, visitor_id="day2"), event(tenant.id))
    everybody = await data(service, tenant)
    assert sorted(one["session"] for one in everybody["events"]) == ["", "v:day1", "v:day2"]
    assert [one["starts_session"] for one in everybody["events"]] == [
        bool(one["session"]) for one in everybody["events"]
    ]
    shown = await data(service, tenant, visitor="v:day1")
    assert ([one["session"] for one in shown["events"]], shown["client_ids"]) == (["v:day1"], [])


async def test_pages_join_on_while_events_arrive(service: Service, tenant: Tenant, warehouse: Client) -> None:
    now = moment.now_ms()
    store(
        warehouse, *(event(tenant.id, user_id="ada", name=str(n), occurred_at=now - n // 3 * HOUR) for n in range(10))
    )
    seen, cursor = [], ""
    for _ in range(4):
        page = await data(service, tenant, user_id="ada", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += page["events"]
        cursor = page["cursor"]
        store(warehouse, event(tenant.id, user_id="ada", name="new", occurred_at=now + 1))
    assert cursor == ""
    assert sorted(one["event_type"] for one in seen) == [str(n) for n in range(10)]
    assert sorted((one["occurred_at"], one["event_id"]) for one in seen) == [
        (one["occurred_at"], one["event_id"]) for one in reversed(seen)
    ]


async def test_a_session_that_never_pauses_keeps_its_start(service: Service, tenant: Tenant, warehouse: Client) -> None:
    start = moment.now_ms() - 5 * DAY
    beats = range(start, start + 5 * DAY, 20 * 60_000)
    store(warehouse, *(event(tenant.id, client_id="display", name="heartbeat", occurred_at=at) for at in beats))
    page = await data(service, tenant, client_id="display", limit=2)
    assert [moment.parse(one["session_started_at"]) for one in page["events"]] == [start, start]
    assert [one["starts_session"] for one in page["events"]] == [False, False]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"user_id": "a", "client_id": "b"}, "user_id: name whose"),
        ({"visitor": "ada"}, "visitor: 'ada' does not begin with c:, u: or v:."),
        ({"user_id": "a", "cursor": "1"}, "cursor: must be one that an earlier answer gave."),
        ({"user_id": "a", "limit": "501"}, "limit: "),
        ({"user_id": "a", "to": "2026-01-01"}, "from: "),
    ],
)
async def test_a_wrong_parameter_is_named(service: Service, tenant: Tenant, params: Params, error: str) -> None:
    answer = await ask(service, tenant, params)
    assert answer.status == 400
    assert answer.body["error"].startswith(error)
