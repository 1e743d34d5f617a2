"""Every measure is one that the engine can work out."""

import pytest
from clickhouse_connect.driver.client import Client

from queries import sql
from queries.measures import MEASURES
from queries.query import StatsQuery
from queries.store import Store
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("metric", MEASURES)
async def test_a_measure_is_zero_without_events_and_not_with_them(
    metric: str, clickhouse_url: str, warehouse: Client
) -> None:
    project = f"measured-{metric}"
    reader = Store(clickhouse_url, 10)
    statement = sql.stats(StatsQuery(project, metric, 0, None, "any"))
    before = await reader.rows(statement)
    store(warehouse, event(project))
    after = await reader.rows(statement)
    await reader.close()
    assert (before[0][0], after[0][0]) == (0, 1)
