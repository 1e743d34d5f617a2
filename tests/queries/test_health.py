"""Readiness, asked of the service without HTTP."""

import pytest

from deploy.local.ports import free_port
from ingest_api.stream import Install
from queries import health
from queries.errors import NotReady
from queries.route import Call
from queries.service import QueryService
from queries.settings import Settings

pytestmark = pytest.mark.stack

CALL = Call(None, {}, {})


async def test_a_service_with_all_its_parts_is_ready(installed: Install, redis_url: str, clickhouse_url: str) -> None:
    assert installed.shard_count == 2
    service = QueryService(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url))
    assert await health.readyz(service, CALL) == {"status": "ready"}
    await service.close()


async def test_the_part_that_is_missing_is_named(redis_url: str) -> None:
    nowhere = f"http://default@127.0.0.1:{free_port()}/"
    service = QueryService(Settings(redis_url=redis_url, clickhouse_url=nowhere))
    with pytest.raises(NotReady, match="ClickHouse: "):
        await health.readyz(service, CALL)
    assert await health.healthz(service, CALL) == {"status": "alive"}
    await service.close()
