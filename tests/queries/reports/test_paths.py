"""POST /api/v1/reports/paths: its answer, and what it says no to."""

from typing import Any

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack


async def ask(service: Service, tenant: Tenant, **fields: Any) -> Answer:
    return await service.ask(
        "/api/v1/reports/paths", tenant.bearer(Kind.QUERY), method="POST", data=orjson.dumps(fields)
    )


def visit(warehouse: Client, tenant: Tenant, visitor: str, *pages: str) -> None:
    """A page a minute; what begins with a slash is a page, all else an event."""
    start = moment.now_ms() - 3_600_000
    seen = {"client_id": visitor, "url": "https://shop.example/"}
    for place, page in enumerate(pages):
        name = "page_view" if page.startswith("/") else page
        store(warehouse, event(tenant.id, name=name, path=page, occurred_at=start + place * 60_000, **seen))


async def test_the_answer_has_nodes_and_links_between_them(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    for who in (tenant, stranger):
        visit(warehouse, who, "c1", "/", "/pricing", "/pricing", "signup", "/welcome")
        visit(warehouse, who, "c2", "/", "/blog")
        visit(warehouse, who, "c3", "/")
        visit(warehouse, who, "c4", "/about", "/", "/rare")
    answer = await ask(service, tenant, anchor={"page": "/"}, of="both", steps=2, top=1)
    assert answer.status == 200, answer.raw
    data = answer.body["data"]
    nodes = [(one["step"], one["kind"], one["name"], one["visits"], one["ended"]) for one in data["nodes"]]
    assert nodes == [
        (0, "start", "", 4, 1),
        (1, "page", "/blog", 1, 1),
        (1, "other", "", 2, 1),
        (2, "event", "signup", 1, None),
    ]
    assert [tuple(link.values()) for link in data["links"]] == [(0, 1, 1), (0, 2, 2), (2, 3, 1)]
    assert (data["period"], data["direction"]) == ("30d", "next")


async def test_the_way_to_an_event_is_told_backwards(service: Service, tenant: Tenant, warehouse: Client) -> None:
    visit(warehouse, tenant, "c1", "/", "/pricing", "/pricing", "signup", "/welcome")
    for collapse, names in ((True, ["", "/pricing", "/"]), (False, ["", "/pricing", "/pricing", "/"])):
        answer = await ask(service, tenant, anchor={"event": "signup"}, direction="previous", collapse=collapse)
        assert [one["name"] for one in answer.body["data"]["nodes"]] == names


async def test_without_any_visit_there_is_but_the_start(service: Service, tenant: Tenant) -> None:
    data = (await ask(service, tenant)).body["data"]
    assert (data["links"], [one["visits"] for one in data["nodes"]]) == ([], [0])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"steps": 11}, "steps: "),
        ({"top": 51}, "top: "),
        ({"direction": "up"}, "direction: "),
        ({"of": "joys"}, "of: "),
        ({"anchor": {"evnt": "a"}}, "anchor: "),
        ({"anchor": {"filters": [["is"]]}}, "anchor.filters[0]: "),
    ],
)
async def test_what_is_wrong_is_named(service: Service, tenant: Tenant, fields: dict[str, Any], said: str) -> None:
    answer = await ask(service, tenant, **fields)
    assert answer.status == 400
    assert said in answer.body["error"]
