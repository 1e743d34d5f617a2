"""POST /api/v1/reports/funnel: its answer, and what it says no to."""

from typing import Any

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

STEPS = [{"event": "page_view"}, {"event": "signup", "filters": [["is", "properties.plan", ["pro"]]]}]


async def ask(service: Service, tenant: Tenant, **fields: Any) -> Answer:
    body = orjson.dumps({"steps": STEPS, **fields})
    return await service.ask("/api/v1/reports/funnel", tenant.bearer(Kind.QUERY), method="POST", data=body)


def happened(warehouse: Client, tenant: Tenant) -> None:
    """Three look, two sign up, one of them for the right plan; a minute later each time."""
    start = moment.now_ms() - 3_600_000
    plans = ("pro", "free", "")
    for number, plan in enumerate(plans):
        seen = {"client_id": f"c{number}", "country": "DE" if number else "TR"}
        events = [event(tenant.id, name="page_view", occurred_at=start, **seen)]
        if plan:
            told = orjson.dumps({"plan": plan}).decode()
            events.append(event(tenant.id, name="signup", occurred_at=start + 60_000, properties=told, **seen))
        store(warehouse, *events)


async def test_the_answer_tells_each_step(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    happened(warehouse, tenant)
    happened(warehouse, stranger)
    answer = await ask(service, tenant, breakdown="country", by="visitor")
    assert answer.status == 200, answer.raw
    first = {
        "event": "page_view",
        "count": 3,
        "dropped": 0,
        "conversion": 1,
        "conversion_from_previous": 1,
        "median_seconds": None,
        "mean_seconds": None,
    }
    second = {
        "event": "signup",
        "count": 1,
        "dropped": 2,
        "conversion": 1 / 3,
        "conversion_from_previous": 1 / 3,
        "median_seconds": 60,
        "mean_seconds": 60,
    }
    data = answer.body["data"]
    assert (data["period"], data["by"], data["steps"]) == ("30d", "visitor", [first, second])
    assert [(part["value"], [step["count"] for step in part["steps"]]) for part in data["breakdown"]] == [
        ("DE", [2, 0]),
        ("TR", [1, 1]),
    ]
    assert answer.body["meta"]["rows_read"] > 0
    assert answer.body["meta"]["warnings"] == []
    assert answer.body["meta"]["fresh_through"].endswith("Z")


@pytest.mark.parametrize("breakdown", ["", "country"])
async def test_of_nobody_there_are_no_shares(service: Service, tenant: Tenant, breakdown: str) -> None:
    data = (await ask(service, tenant, breakdown=breakdown)).body["data"]
    assert [(step["count"], step["conversion"], step["median_seconds"]) for step in data["steps"]] == [
        (0, None, None),
        (0, None, None),
    ]
    assert data["breakdown"] == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"steps": STEPS[:1]}, "steps: "),
        ({"steps": STEPS * 11}, "steps: "),
        ({"steps": [{"event": ""}, {"event": "b"}]}, "steps[0].event: "),
        ({"steps": [{"event": "a"}, {"event": "b", "filters": [["is", "joy", ["x"]]]}]}, "steps[1].filters[0][1]: "),
        ({"steps": [{"event": "a"}, {"event": "b", "filters": [["is", "exit_page", ["x"]]]}]}, "exit_page"),
        ({"window": "7 days"}, "window: '7 days' is not one such as 30s"),
        ({"window": "367d"}, "window: "),
        ({"order": "loose"}, "order: "),
        ({"by": "cookie"}, "by: "),
        ({"breakdown": "joy"}, "breakdown: 'joy' is no dimension"),
        ({"breakdown": "exit_page"}, "breakdown: exit_page belongs to sessions"),
        ({"limit": 0}, "limit: "),
        ({"joy": 1}, "joy: is not known here"),
    ],
)
async def test_what_is_wrong_is_named(service: Service, tenant: Tenant, fields: dict[str, Any], said: str) -> None:
    answer = await ask(service, tenant, **fields)
    assert answer.status == 400
    assert said in answer.body["error"]
