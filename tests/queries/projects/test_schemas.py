"""Schemas over HTTP: set, shown, taken away, and tried on what is stored."""

from typing import Any
from urllib.parse import quote

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.projects.schemas import Schemas
from ingest_api.projects.validation import MAX_BYTES
from ingest_api.stream import Redis
from tests.queries.conftest import Console, Tenant
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

PLAN: dict[str, Any] = {"required": ["plan"], "properties": {"seats": {"type": "integer"}}}


async def test_a_schema_is_set_shown_listed_changed_and_taken_away(console: Console, tenant: Tenant) -> None:
    path = f"/{tenant.id}/schemas"
    made = await console.done("PUT", f"{path}/signup", {"schema": PLAN})
    assert (made["name"], made["mode"], made["version"], made["schema"]) == ("signup", "warn", 1, PLAN)
    assert made["changed_at"].endswith("Z")
    assert await console.done("GET", f"{path}/signup") == made
    assert await console.done("GET", path) == {"schemas": [made]}
    changed = await console.done("PUT", f"{path}/signup", {"schema": PLAN, "mode": "reject"})
    assert (changed["mode"], changed["version"]) == ("reject", 2)
    assert await console.done("DELETE", f"{path}/signup") == changed
    assert await console.done("GET", path) == {"schemas": []}
    for method in ("GET", "DELETE"):
        assert (await console(method, f"{path}/signup")).status == 404
    assert (await console("PUT", "/nowhere/schemas/signup", {"schema": {}})).status == 404


@pytest.mark.parametrize(
    "name", ["Product Viewed", "a/b", "käufe", "50%", "what?", "shop\N{ZERO WIDTH JOINER}", "x" * 255]
)
async def test_every_name_that_an_event_may_have_is_taken(
    console: Console, tenant: Tenant, redis: Redis, name: str
) -> None:
    path = f"/{tenant.id}/schemas/{quote(name, safe='')}"
    assert (await console.done("PUT", path, {"schema": {}}))["name"] == name
    assert list((await Schemas(redis).all())[tenant.id]) == [name]
    assert (await console.done("POST", f"{path}/check", {}))["events"] == 0


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({}, "schema"),
        ({"schema": []}, "schema"),
        ({"schema": True}, "schema"),
        ({"schema": {}, "mode": "drop"}, "mode"),
        ({"schema": {"properties": {"a": {"type": "objekt"}}}}, "schema.properties.a.type"),
        ({"schema": {"properties": {"a": {"pattern": "(?=x)"}}}}, "schema.properties.a.pattern"),
        ({"schema": {"$ref": "http://169.254.169.254/latest"}}, "schema"),
        ({"schema": {"description": "x" * MAX_BYTES}}, "schema"),
    ],
)
async def test_a_wrong_schema_is_refused_with_the_field(
    console: Console, tenant: Tenant, order: dict[str, Any], field: str
) -> None:
    told = await console("PUT", f"/{tenant.id}/schemas/signup", order)
    assert (told.status, [one["field"] for one in told.body["details"]]) == (400, [field])
    if "schema" in order and isinstance(order["schema"], dict) and "mode" not in order:
        told = await console("POST", f"/{tenant.id}/schemas/signup/check", order)
        assert (told.status, [one["field"] for one in told.body["details"]]) == (400, [field])


async def test_the_largest_schema_fits_into_a_body_and_one_that_is_nested_too_deep_is_told(
    console: Console, tenant: Tenant
) -> None:
    path = f"/{tenant.id}/schemas/signup"
    largest = {"description": "x" * (MAX_BYTES - len('{"description":""}'))}
    assert (await console("PUT", path, {"schema": largest, "mode": "reject"})).status == 200
    for depth in (300, 8_000):
        deep = b'{"schema":' + b'{"not":' * depth + b"{}" + b"}" * depth + b"}"
        told = await console.service.ask(f"/api/v1/projects{path}", console._authorization, method="PUT", data=deep)
        assert told.status == 400, told.raw


async def test_a_trial_says_how_many_stored_events_would_fail_and_where(
    console: Console, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    values = [{"plan": "pro", "seats": 1}, {"seats": "x"}, {"seats": 2}, {"plan": "free", "seats": [1]}, {}]
    rows = [event(tenant.id, properties=orjson.dumps(one).decode()) for one in values]
    store(warehouse, *rows, event(tenant.id, name="login"), event(stranger.id))
    store(warehouse, {**rows[1], "_index": 10**6})  # again: it counts once
    path = f"/{tenant.id}/schemas/signup"
    expected = {
        "events": 5,
        "failing": 4,
        "fields": [
            {"field": "plan", "message": "is required", "events": 3},
            {"field": "seats", "message": 'must satisfy type ["integer"]', "events": 2},
        ],
    }
    assert await console.done("POST", f"{path}/check", {"schema": PLAN}) == expected
    assert (await console("POST", f"{path}/check", {})).status == 404, "none is set, and none was by the trial"
    await console.done("PUT", path, {"schema": PLAN, "mode": "reject"})
    assert await console.done("POST", f"{path}/check", {}) == expected
    assert (await console.done("POST", f"{path}/check", {"schema": {}, "limit": 2}))["events"] == 2
    assert (await console("POST", f"{path}/check", {"limit": 1001})).status == 400
    assert (await console("POST", "/nowhere/schemas/signup/check", {"schema": {}})).status == 404


async def test_a_trial_reads_the_newest_events_and_not_too_many_bytes(
    console: Console, tenant: Tenant, warehouse: Client
) -> None:
    path = f"/{tenant.id}/schemas/signup/check"
    rows = [event(tenant.id, _stream_ms=1_795_000_000_000 + n, properties=f'{{"n":{n}}}') for n in range(20)]
    store(warehouse, *rows)
    old = {"schema": {"properties": {"n": {"minimum": 15}}}}
    assert (await console.done("POST", path, {**old, "limit": 5}))["failing"] == 0
    assert (await console.done("POST", path, {**old, "limit": 6}))["failing"] == 1
    for _ in range(2):
        store(
            warehouse, *(event(tenant.id, properties=orjson.dumps({"n": "x" * 9_000_000}).decode()) for _ in range(2))
        )
    assert (await console.done("POST", path, old))["events"] == 3
