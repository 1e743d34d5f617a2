"""The catalog over HTTP."""

import datetime as dt
from typing import Any
from urllib.parse import quote

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from tests.queries.conftest import Answer, Service, Tenant

pytestmark = pytest.mark.stack

DAY = 86_400_000


def insert(warehouse: Client, table: str, project: str, *rows: tuple[Any, ...]) -> None:
    """Key, days ago, events, days since the first time, as the worker stores them."""
    now = moment.now_ms()
    names = ["project", "name", *(("property", "type") if table == "catalog_properties" else ())]
    names += ["day", "events", "first_ms", "last_ms", "upto_ms"]
    found = []
    for *key, ago, events, since in rows:
        ms = now - ago * DAY
        day = dt.datetime.fromtimestamp(ms / 1000, dt.UTC).date()
        found.append((project, *key, day, events, now - since * DAY, ms, ms + 1))
    warehouse.insert(table, found, column_names=names)


async def ask(service: Service, tenant: Tenant, name: str = "", **params: int) -> Answer:
    path = f"/api/v1/catalog/{quote(name, safe='')}" if name else "/api/v1/catalog"
    return await service.ask(path, tenant.bearer(Kind.QUERY), params)


async def test_names_come_with_counts_of_the_days_asked_for_and_the_times_of_all(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    rows = [("signup", 0, 3, 40), ("signup", 1, 4, 40), ("signup", 35, 5, 40), ("old", 35, 9, 60), ("", 0, 7, 1)]
    insert(warehouse, "catalog_events", tenant.id, *rows)
    insert(warehouse, "catalog_events", stranger.id, ("theirs", 0, 1, 1))
    data = (await ask(service, tenant)).body["data"]
    assert (data["days"], data["more"]) == (30, 7)
    assert [(one["name"], one["events"]) for one in data["events"]] == [("signup", 7), ("old", 0)]
    first = moment.parse(data["events"][0]["first_seen"])
    assert first is not None
    assert abs(moment.now_ms() - 40 * DAY - first) < 60_000
    for days, counts in ((1, [3, 0]), (36, [12, 9])):
        data = (await ask(service, tenant, days=days)).body["data"]
        assert [one["events"] for one in data["events"]] == counts


async def test_an_event_is_described_by_its_properties(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    name = "Product Viewed/käufe"
    insert(warehouse, "catalog_events", tenant.id, (name, 0, 8, 9), ("other", 0, 1, 1))
    rows = [
        *(
            (name, "price", "integer", 0, 3, 9),
            (name, "price", "number", 0, 1, 2),
            (name, "price", "integer", 40, 9, 9),
        ),
        *((name, "", "string", 0, 1, 1), (name, "item.sku", "array", 40, 4, 50), (name, "", "", 0, 5, 1)),
        ("other", "theirs", "string", 0, 1, 1),
    ]
    insert(warehouse, "catalog_properties", tenant.id, *rows)
    data = (await ask(service, tenant, name)).body["data"]
    assert (data["name"], data["events"], data["more"], data["days"]) == (name, 8, 5, 30)
    assert [(one["property"], one["types"], one["events"], one["share"]) for one in data["properties"]] == [
        ("", [{"type": "string", "events": 1}], 1, 0.125),
        ("item.sku", [{"type": "array", "events": 0}], 0, 0.0),
        ("price", [{"type": "integer", "events": 3}, {"type": "number", "events": 1}], 4, 0.5),
    ]
    (price,) = [one for one in data["properties"] if one["property"] == "price"]
    assert price["first_seen"] < price["last_seen"]
    assert (await ask(service, stranger, name)).status == 404
    assert (await ask(service, tenant, "nothing")).status == 404


async def test_days_are_a_number_from_1_to_90(service: Service, tenant: Tenant) -> None:
    for params in ("days=0", "days=91", "days=x", "period=1d"):
        told = await service.ask(f"/api/v1/catalog?{params}", tenant.bearer(Kind.QUERY))
        assert told.status == 400, params
    assert (await ask(service, tenant, days=90)).body["data"]["events"] == []
