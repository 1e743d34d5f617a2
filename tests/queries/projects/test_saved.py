"""Saved queries over HTTP."""

from typing import Any

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.projects.keys import Kind
from ingest_api.projects.saved import QUERIES
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Redis
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

QUESTION: dict[str, Any] = {"metrics": ["event_count"], "dimensions": ["event"], "date_range": "7d"}


async def call(service: Service, tenant: Tenant, method: str, path: str = "", order: object = None) -> Answer:
    data = None if order is None else orjson.dumps(order)
    return await service.ask(f"/api/v1/queries{path}", tenant.bearer(Kind.QUERY), method=method, data=data)


async def test_a_query_is_saved_shown_listed_changed_and_removed(
    service: Service, tenant: Tenant, stranger: Tenant
) -> None:
    made = await call(service, tenant, "PUT", "/daily", {"question": QUESTION, "description": "of all"})
    shown = made.body["data"]
    assert (made.status, shown["name"], shown["version"], shown["description"]) == (200, "daily", 1, "of all")
    assert QUESTION.items() <= shown["question"].items()
    assert (await call(service, tenant, "GET", "/daily")).body["data"] == shown
    assert (await call(service, tenant, "GET")).body["data"] == {"queries": [shown]}
    assert (await call(service, stranger, "GET")).body["data"] == {"queries": []}
    assert (await call(service, stranger, "GET", "/daily")).status == 404
    assert (await call(service, stranger, "POST", "/daily/run")).status == 404
    changed = await call(service, tenant, "PUT", "/daily", {"question": {**QUESTION, "date_range": "1d"}})
    assert changed.body["data"]["version"] == 2
    assert (await call(service, tenant, "DELETE", "/daily")).body["data"] == changed.body["data"]
    assert (await call(service, tenant, "GET", "/daily")).status == 404


async def test_it_is_answered_as_if_it_were_asked(service: Service, tenant: Tenant, warehouse: Client) -> None:
    store(warehouse, *(event(tenant.id) for _ in range(3)), event(tenant.id, name="login"))
    await call(service, tenant, "PUT", "/daily", {"question": QUESTION})
    ran = await call(service, tenant, "POST", "/daily/run")
    asked = await service.ask("/api/v2/query", tenant.bearer(Kind.QUERY), method="POST", data=orjson.dumps(QUESTION))
    assert (ran.status, asked.status) == (200, 200)
    assert ran.body["results"] == asked.body["results"]
    assert [row["metrics"] for row in ran.body["results"]] == [[3], [1]]


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({}, "question: is required"),
        ({"question": {}}, "question"),
        ({"question": {"metrics": ["visits"]}}, "metrics[0]"),
        ({"question": {**QUESTION, "date_range": "soon"}}, "date_range"),
        ({"question": {**QUESTION, "filters": ["is", "colour", ["red"]]}}, "filters"),
        ({"question": {**QUESTION, "more": 1}}, "more"),
        ({"question": {**QUESTION, "filters": [["is", "page", [f"{n:0>100}" for n in range(400)]]]}}, "may be saved"),
        ({"question": QUESTION, "description": "x" * 501}, "description"),
    ],
)
async def test_what_cannot_be_asked_is_not_saved(
    service: Service, tenant: Tenant, order: dict[str, Any], told: str
) -> None:
    answer = await call(service, tenant, "PUT", "/daily", order)
    assert (answer.status, told in answer.body["error"]) == (400, True), answer.raw
    assert (await call(service, tenant, "GET", "/daily")).status == 404


@pytest.mark.parametrize("name", ["-x", ".x", "x" * 127])
async def test_a_name_can_stand_in_a_path(service: Service, tenant: Tenant, name: str) -> None:
    answer = await call(service, tenant, "PUT", f"/{name}", {"question": QUESTION})
    assert answer.status == (200 if name[0] == "x" else 400)


async def test_one_that_is_not_understood_any_more_is_told(service: Service, tenant: Tenant, redis: Redis) -> None:
    await Shelf(redis, QUERIES).put(tenant.id, "old", '{"question":{"metrics":["event_count"],"gone":1}}')
    answer = await call(service, tenant, "POST", "/old/run")
    assert (answer.status, "gone" in answer.body["error"]) == (400, True)
    (listed,) = (await call(service, tenant, "GET")).body["data"]["queries"]
    assert listed["question"] == {"metrics": ["event_count"], "gone": 1}
    assert (await call(service, tenant, "DELETE", "/old")).body["data"] == listed
