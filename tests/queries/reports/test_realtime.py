"""The realtime report equals what plain Python makes of the same events, and shows nobody else's."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.reports.realtime import ACTIVE_MS, MINUTE_MS, MINUTES, TOP, build, first_minute, shape
from tests.queries import crowd
from tests.queries.conftest import Service, Tenant
from tests.queries.crowd import Row
from tests.queries.reports import happened
from tests.queries.reports.happened import FACTS, NOON, arrive
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

PATH = "/api/v1/reports/realtime"
NOW = NOON + 30_123
TIMES = st.one_of(
    st.integers(-40, 3).map(lambda minutes: NOW + minutes * MINUTE_MS),
    st.sampled_from((NOW - ACTIVE_MS, NOW - ACTIVE_MS + 1, first_minute(NOW) * MINUTE_MS, NOON + MINUTE_MS)),
    st.integers(-32 * MINUTE_MS, MINUTE_MS).map(lambda offset: NOW + offset),
)
EVENTS = st.lists(
    st.tuples(FACTS, TIMES, st.sampled_from(("", "news", "mail"))).map(
        lambda made: {**made[0], "occurred_at": made[1], "source": made[2]}
    ),
    max_size=30,
    unique_by=lambda facts: facts["event_id"],
)


def visitors(rows: list[Row]) -> int:
    return len({crowd.visitor(row) for row in rows} - {""})


def top(rows: list[Row], column: str) -> list[dict[str, Any]]:
    counts = Counter(row[column] for row in rows if row[column])
    found = [
        {"value": value, "visitors": visitors([row for row in rows if row[column] == value]), "events": count}
        for value, count in counts.items()
    ]
    return sorted(found, key=lambda one: (-one["visitors"], -one["events"], one["value"]))[:TOP]


def expected(rows: list[Row]) -> dict[str, Any]:
    first = first_minute(NOW)
    seen = [
        row for row in crowd.once(rows) if not row["bot"] and first <= row["occurred_at"] // MINUTE_MS < first + MINUTES
    ]
    views = [row for row in seen if row["name"] in crowd.PAGES]
    by_minute = [[row for row in seen if row["occurred_at"] // MINUTE_MS == first + n] for n in range(MINUTES)]
    return {
        "active_visitors": visitors([row for row in seen if row["occurred_at"] > NOW - ACTIVE_MS]),
        "visitors": visitors(seen),
        "minutes": [
            {
                "minute": moment.text((first + n) * MINUTE_MS),
                "events": len(some),
                "page_views": len([row for row in some if row in views]),
                "visitors": visitors(some),
            }
            for n, some in enumerate(by_minute)
        ],
        "pages": top([row for row in views if row["url"]], "path"),
        "sources": top(seen, "source"),
        "countries": top(seen, "country"),
        "events": top(seen, "name"),
    }


@settings(max_examples=25, deadline=None)
@given(facts=EVENTS, data=st.data())
def test_it_equals_plain_python(warehouse: Client, facts: list[Row], data: st.DataObject) -> None:
    of = happened.project()
    rows = arrive(warehouse, of, facts, data)
    statement = build({}, of, NOW)
    found = shape(happened.rows_of(warehouse, statement), NOW)
    assert msgspec.to_builtins(found) == expected(rows)


async def test_it_is_of_now_and_of_ones_own(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    visit = {"name": "page_view", "url": "https://shop.example/a", "path": "/a"}
    store(
        warehouse,
        event(tenant.id, client_id="ada", country="DE", **visit),
        event(tenant.id, client_id="ada", name="buy", country="DE"),
        event(tenant.id, client_id="bob", country="FR", **visit),
        event(stranger.id, client_id="eve", country="XX", **visit),
    )
    answer = await service.ask(PATH, tenant.bearer(Kind.QUERY))
    assert answer.status == 200, answer.raw
    data = answer.body["data"]
    assert (data["active_visitors"], data["visitors"], len(data["minutes"])) == (2, 2, MINUTES)
    assert sum(minute["events"] for minute in data["minutes"]) == 3
    assert data["pages"] == [{"value": "/a", "visitors": 2, "events": 2}]
    assert [one["value"] for one in data["countries"]] == ["DE", "FR"]
    assert answer.body["meta"].keys() == {"fresh_through", "lag_seconds", "rows_read", "elapsed", "warnings"}
    filtered = await service.ask(PATH, tenant.bearer(Kind.QUERY), {"filter": "country==FR"})
    assert filtered.body["data"]["visitors"] == 1
    nobody = (await service.ask(PATH, tenant.bearer(Kind.QUERY), {"bots": "only"})).body["data"]
    assert (nobody["visitors"], nobody["pages"], len(nobody["minutes"])) == (0, [], MINUTES)


@pytest.mark.parametrize(
    ("params", "error"),
    [({"period": "1h"}, "'period' is not"), ({"bots": "some"}, "bots: "), ({"filter": "x"}, "filter: ")],
)
async def test_a_wrong_parameter_is_named(service: Service, tenant: Tenant, params: dict[str, str], error: str) -> None:
    answer = await service.ask(PATH, tenant.bearer(Kind.QUERY), params)
    assert answer.status == 400
    assert answer.body["error"].startswith(error)
