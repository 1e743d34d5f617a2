"""Which fields were not as their schemas want them."""

from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.validation import Violation
from tests.queries.conftest import Service, Tenant
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

HOUR = 3_600_000


def reject(warehouse: Client, *rows: tuple[str, str, str, int]) -> None:
    """Project, name, reason, Unix ms, as the workers store them."""
    found = [(*row, row[-1], index) for index, row in enumerate(rows)]
    names = ("project", "name", "reason", "_stream_ms", "appended_at", "_index")
    warehouse.insert("rejected_events", found, column_names=names)


async def ask(service: Service, tenant: Tenant, **params: str) -> Any:
    answer = await service.ask("/api/v1/violations", tenant.bearer(Kind.QUERY), params)
    assert answer.status == 200, answer.raw
    return answer.body["data"]


async def test_flagged_and_rejected_events_are_counted_by_name_and_field(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    now = moment.now_ms()
    flagged = [event(tenant.id, violations=["plan", "items[].sku"], _stream_ms=now - n) for n in range(3)]
    old = event(tenant.id, violations=["plan"], _stream_ms=now - 30 * HOUR)
    store(warehouse, *flagged, old, event(tenant.id), event(stranger.id, violations=["plan"]))
    reason = Violation("a:b", 'must satisfy enum ["x: y"]').reason
    again = (tenant.id, "signup", Violation("plan", "is required").reason, now)
    reject(warehouse, (tenant.id, "login", reason, now), again, (tenant.id, "login", "event: odd", now))
    reject(warehouse, (stranger.id, "signup", reason, now))
    data = await ask(service, tenant)
    assert data["period"] == "24h"
    found = [(one["name"], one["field"], one["mode"], one["events"]) for one in data["violations"]]
    assert found == [
        ("signup", "items[].sku", "warn", 3),
        ("signup", "plan", "warn", 3),
        ("login", "a:b", "reject", 1),
        ("signup", "plan", "reject", 1),
    ]
    assert {moment.parse(one["last_seen"]) for one in data["violations"]} == {now}
    longer = await ask(service, tenant, period="2d", event_type="signup")
    assert [(one["field"], one["events"]) for one in longer["violations"]] == [
        ("plan", 4),
        ("items[].sku", 3),
        ("plan", 1),
    ]


async def test_nothing_is_an_answer_and_a_wrong_period_is_refused(service: Service, tenant: Tenant) -> None:
    assert (await ask(service, tenant, period="7d"))["violations"] == []
    for params in ({"period": "1y"}, {"from": "2026-01-01"}, {"event_type": "\n"}):
        told = await service.ask("/api/v1/violations", tenant.bearer(Kind.QUERY), params)
        assert told.status == 400
