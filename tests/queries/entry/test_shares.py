"""Share links: made, listed and closed by whoever reads the project; what they open, and that it is nothing else."""

import asyncio
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.moment import now_ms
from ingest_api.projects.keys import Kind, key_id
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from queries.entry import shares
from queries.route import Route
from queries.routes import ROUTES
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.stored import event, store
from tests.queries.visitor import Visitor
from tests.waiting import until

pytestmark = pytest.mark.stack

PATH = "/api/v1/shares"
#: all that a share opens; another route is a decision
OPENED = {
    "GET /api/v1/stats",
    "POST /api/v2/query",
    "GET /api/v1/reports/top",
    "GET /api/v1/reports/realtime",
    "GET /api/v1/reports/explorer",
    "POST /api/v1/reports/funnel",
    "POST /api/v1/reports/retention",
    "POST /api/v1/reports/paths",
}
STEPS = [{"event": "a"}, {"event": "b"}]
#: questions that a share link may ask
OF_GROUPS: list[tuple[str, dict[str, str], Any]] = [
    ("/api/v1/stats", {"group_by": "country,page", "interval": "day", "filter": "page==/a"}, None),
    ("/api/v2/query", {}, {"metrics": ["visitors"], "dimensions": ["time:day", "source"], "include": {"totals": True}}),
    ("/api/v1/reports/top", {"filter": "country==DE"}, None),
    ("/api/v1/reports/realtime", {}, None),
    ("/api/v1/reports/explorer", {}, None),
    ("/api/v1/reports/funnel", {}, {"steps": STEPS, "breakdown": "country"}),
    ("/api/v1/reports/retention", {}, {}),
    ("/api/v1/reports/paths", {}, {"anchor": {"page": "/a"}}),
]
ADA = ["is", "user_id", ["ada"]]
#: and those that it may not: a person by name, one behind a property, what the same people did
OF_PERSONS: list[tuple[str, dict[str, str], Any]] = [
    ("/api/v1/stats", {"group_by": "user_id"}, None),
    ("/api/v1/stats", {"group_by": "country,visitor"}, None),
    ("/api/v1/stats", {"filter": "client_id==c1"}, None),
    ("/api/v1/stats", {"filter": 'properties.email=="ada"'}, None),
    ("/api/v1/stats", {"filter": '["has_done",["is","page",["/a"]]]'}, None),
    ("/api/v1/stats", {"metric": "max", "property": "customer"}, None),
    ("/api/v1/stats", {"metric": "max(properties.customer)"}, None),
    ("/api/v2/query", {}, {"metrics": ["visitors"], "dimensions": ["session_id"]}),
    ("/api/v2/query", {}, {"metrics": ["visitors"], "dimensions": ["url"]}),
    ("/api/v2/query", {}, {"metrics": ["visitors"], "dimensions": ["properties.email"]}),
    ("/api/v2/query", {}, {"metrics": ["min(properties.customer)"]}),
    ("/api/v2/query", {}, {"metrics": ["visitors"], "filters": [["is", "country", ["DE"]], ["not", ADA]]}),
    ("/api/v1/reports/top", {"filter": "user_id==ada"}, None),
    ("/api/v1/reports/realtime", {"filter": "user_id==ada"}, None),
    ("/api/v1/reports/explorer", {"filter": "user_id==ada"}, None),
    ("/api/v1/reports/explorer", {"event": "signup"}, None),
    ("/api/v1/reports/explorer", {"event": "signup", "property": "email"}, None),
    ("/api/v1/reports/funnel", {}, {"steps": STEPS, "breakdown": "user_id"}),
    ("/api/v1/reports/funnel", {}, {"steps": [{"event": "a", "filters": [ADA]}, {"event": "b"}]}),
    ("/api/v1/reports/funnel", {}, {"steps": STEPS, "filters": [ADA]}),
    ("/api/v1/reports/retention", {}, {"start": {"filters": [ADA]}}),
    ("/api/v1/reports/retention", {}, {"back": {"filters": [["is_set", "properties.email"]]}}),
    ("/api/v1/reports/paths", {}, {"anchor": {"event": "a", "filters": [ADA]}}),
    ("/api/v1/reports/paths", {}, {"filters": [["has_not_done", ["is", "event", ["a"]]]]}),
]


async def made(service: Service, tenant: Tenant, order: bytes = b"{}") -> dict[str, Any]:
    """A new share of the tenant."""
    answer = await service.ask(PATH, tenant.bearer(Kind.QUERY), method="POST", data=order)
    assert answer.status == 201, answer.raw
    told: dict[str, Any] = answer.body["data"]
    return told


async def ask(visitor: Visitor, path: str, params: dict[str, str], body: Any) -> Answer:
    """A question of one of the tables above."""
    return await visitor.ask(path, "GET" if body is None else "POST", body, params)


async def test_a_link_is_made_with_its_key_behind_a_hash_and_listed_without_it(
    service: Service, tenant: Tenant
) -> None:
    told = await made(service, tenant, b'{"label":"the board","expires_at":"2100-01-01T00:00:00Z"}')
    assert told["link"].startswith("http://127.0.0.1:")
    assert told["link"].endswith(f"/app/share#{told['token']}")
    assert told["token"].startswith(f"hr_share_{told['id']}_")
    assert (told["kind"], told["label"], told["state"]) == ("share", "the board", "active")
    listed = await service.ask(PATH, tenant.bearer(Kind.QUERY))
    shown = {name: value for name, value in told.items() if name not in {"token", "link"}}
    assert listed.body["data"]["shares"] == [shown]
    assert told["token"].encode() not in listed.raw


async def test_a_link_signs_in_until_it_is_closed(service: Service, tenant: Tenant) -> None:
    told, visitor = await made(service, tenant), Visitor(service)
    who = await visitor.sign_in(key=told["token"])
    assert (who["shared"], who["kinds"], who["project"]["id"], who["psql_url"]) == (True, ["share"], tenant.id, None)
    assert (await visitor.ask("/api/v1/stats")).status == 200
    closed = await service.ask(f"{PATH}/{told['id']}", tenant.bearer(Kind.QUERY), method="DELETE")
    assert (closed.status, closed.body["data"]["state"]) == (200, "revoked")

    async def out() -> bool:
        return not (await visitor.who())["signed_in"] and (await visitor.ask("/api/v1/stats")).status == 401

    await until(out, within=5.0)


async def test_a_share_opens_numbers_of_many_and_nothing_else(service: Service, tenant: Tenant) -> None:
    token = (await made(service, tenant))["token"]
    visitor = Visitor(service)
    await visitor.sign_in(key=token)
    opened = set()
    for route in ROUTES:
        if route.path.startswith("/api/v1/session") or not route.kinds:
            continue
        path = route.path.replace("{", "").replace("}", "")
        answers = [
            await visitor.ask(path, route.method, {} if route.request else None),
            await service.ask(path, f"Bearer {token}", method=route.method, data=b"{}" if route.request else None),
        ]
        assert len({answer.status for answer in answers}) == 1, "by cookie as by key"
        if answers[0].status != 401:
            opened.add(f"{route.method} {route.path}")
    assert opened == OPENED


def test_no_route_of_a_share_is_streamed() -> None:
    """Chunks are made after what narrows a question has ended."""
    shared: list[Route] = [route for route in ROUTES if Kind.SHARE in route.kinds]
    assert len(shared) == len(OPENED)
    assert [route.name for route in shared if route.media] == []


@pytest.mark.parametrize(("path", "params", "body"), OF_GROUPS)
async def test_it_is_told_of_groups(
    service: Service, tenant: Tenant, path: str, params: dict[str, str], body: Any
) -> None:
    visitor = Visitor(service)
    await visitor.sign_in(key=(await made(service, tenant))["token"])
    answer = await ask(visitor, path, params, body)
    assert answer.status == 200, answer.raw


@pytest.mark.parametrize(("path", "params", "body"), OF_PERSONS)
async def test_it_is_not_told_of_persons_and_a_query_key_is(
    service: Service, tenant: Tenant, path: str, params: dict[str, str], body: Any
) -> None:
    token = (await made(service, tenant))["token"]
    by_link, by_key = Visitor(service), Visitor(service)
    await by_link.sign_in(key=token)
    await by_key.sign_in(key=tenant.keys[Kind.QUERY])
    refused = await ask(by_link, path, params, body)
    assert (refused.status, "A share link shows" in refused.body["error"]) == (403, True), refused.raw
    allowed = await ask(by_key, path, params, body)
    assert allowed.status == 200, allowed.raw


async def test_two_who_ask_at_once_do_not_narrow_each_other(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    store(warehouse, event(tenant.id, user_id="ada"))
    link, key = f"Bearer {(await made(service, tenant))['token']}", tenant.bearer(Kind.QUERY)
    bearers = [link, key] * 8
    answers = await asyncio.gather(*(service.ask("/api/v1/stats", one, {"group_by": "user_id"}) for one in bearers))
    told = {(one == link, answer.status) for one, answer in zip(bearers, answers, strict=True)}
    assert told - {(False, 429)} == {(True, 403), (False, 200)}


async def test_a_query_key_closes_shares_of_its_project_alone_and_no_other_key(
    service: Service, tenant: Tenant, stranger: Tenant
) -> None:
    theirs = (await made(service, stranger))["id"]
    for other in (theirs, *map(key_id, tenant.keys.values()), "nothing"):
        answer = await service.ask(f"{PATH}/{other}", tenant.bearer(Kind.QUERY), method="DELETE")
        assert answer.status == 404, answer.raw
    listed = await service.ask(PATH, tenant.bearer(Kind.QUERY))
    assert listed.body["data"]["shares"] == []
    assert (await service.stats(tenant)).status == 200


async def test_a_share_makes_closes_and_lists_none(service: Service, tenant: Tenant) -> None:
    told, visitor = await made(service, tenant), Visitor(service)
    await visitor.sign_in(key=told["token"])
    for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}/{told['id']}")):
        assert (await visitor.ask(path, method, {} if method == "POST" else None)).status == 401


async def test_an_order_that_is_wrong_names_the_field(service: Service, tenant: Tenant) -> None:
    for order, field in ((b'{"label":"a\\u0000"}', "label"), (b'{"expires_at":"x"}', "expires_at"), (b'{"a":1}', "a")):
        answer = await service.ask(PATH, tenant.bearer(Kind.QUERY), method="POST", data=order)
        assert (answer.status, answer.body["details"][0]["field"]) == (400, field)


async def test_a_project_has_so_many_open_ones_and_no_more(service: Service, tenant: Tenant, redis: Redis) -> None:
    projects = Projects(redis)
    for _ in range(shares.MOST - 1):
        await projects.create_key(tenant.id, Kind.SHARE)
    await projects.create_key(tenant.id, Kind.SHARE, expires_at=now_ms() - 1)
    last = await made(service, tenant)
    full = await service.ask(PATH, tenant.bearer(Kind.QUERY), method="POST", data=b"{}")
    assert (full.status, "close one first" in full.body["error"]) == (409, True)
    await service.ask(f"{PATH}/{last['id']}", tenant.bearer(Kind.QUERY), method="DELETE")
    await made(service, tenant)
