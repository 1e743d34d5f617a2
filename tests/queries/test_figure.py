"""The one number of a question."""

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.stream import Install
from queries.errors import Refused
from queries.figure import Figure, answering, figure, read
from tests.queries.conftest import Tenant
from tests.queries.stored import event, store

LAST = {"metrics": ["event_count"], "date_range": "1h"}
_MINUTE = 60_000


@pytest.mark.stack
async def test_it_is_that_of_the_last_span_and_of_the_one_before(
    tenant: Tenant, warehouse: Client, installed: Install, redis_url: str, clickhouse_url: str
) -> None:
    now = moment.now_ms()
    ages = (1, 59, 61, 70, 119, 121)
    store(warehouse, *(event(tenant.id, occurred_at=now - age * _MINUTE) for age in ages))
    assert installed.shard_count == 2
    async with answering(redis_url, clickhouse_url, 10) as service:
        assert await figure(service, tenant.project, LAST) == Figure(2)
        assert await figure(service, tenant.project, LAST, before=True) == Figure(2, 3)
        mean = {"metrics": ["avg(properties.price)"], "date_range": "1h"}
        assert await figure(service, tenant.project, mean, before=True) == Figure(None, None)
        with pytest.raises(Refused, match="does not belong"):
            await figure(service, tenant.project, {**LAST, "site_id": "another"})


@pytest.mark.parametrize(
    "question",
    [
        {"metrics": ["event_count", "visitors"]},
        {"metrics": ["event_count"], "dimensions": ["event"]},
        {"metrics": ["event_count"], "dimensions": ["time:day"]},
        {"metrics": []},
        {},
    ],
)
def test_a_question_with_more_than_one_number_is_refused(question: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        read(question, "p", moment.now_ms())
    assert refused.value.status == 400
