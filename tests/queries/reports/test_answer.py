"""What stands beside every report: how fresh it is, what it read, and what one should know."""

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.projects.keys import Kind
from queries.reports.answer import seconds, share
from tests.queries.conftest import Service, Tenant
from tests.queries.stored import event, store


@pytest.mark.stack
async def test_the_meta_tells_how_fresh_and_how_dear_an_answer_is(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    store(warehouse, *(event(tenant.id, client_id=f"c{number}") for number in range(3)))
    answer = await service.ask("/api/v1/reports/retention", tenant.bearer(Kind.QUERY), method="POST", data=b"{}")
    meta = answer.body["meta"]
    assert set(meta) == {"fresh_through", "lag_seconds", "rows_read", "elapsed", "warnings"}
    assert meta["rows_read"] >= 3
    assert meta["elapsed"] > 0
    assert meta["warnings"] == ["The last day is not over yet."]


def test_nothing_has_no_share_and_no_mean() -> None:
    assert (share(1, 4), share(0, 0)) == (0.25, None)
    assert (seconds(1500.0), seconds(float("nan"))) == (1.5, None)
