"""Who may ask, and what they may ask about."""

from collections.abc import AsyncIterator

import pytest

from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Install, Redis
from queries.errors import Refused
from queries.service import QueryService
from queries.settings import Settings
from tests.queries.conftest import Tenant

pytestmark = pytest.mark.stack


@pytest.fixture
def settings(installed: Install, redis_url: str, clickhouse_url: str) -> Settings:
    return Settings(redis_url=redis_url, clickhouse_url=clickhouse_url)


@pytest.fixture
async def asked(settings: Settings) -> AsyncIterator[QueryService]:
    """The service without HTTP."""
    one = QueryService(settings)
    yield one
    await one.close()


@pytest.fixture
async def demo(settings: Settings) -> AsyncIterator[QueryService]:
    """The same, as the local stack runs it."""
    one = QueryService(settings.model_copy(update={"demo_keys": True}))
    yield one
    await one.close()


async def refusal(asked: QueryService, authorization: str) -> Refused:
    with pytest.raises(Refused) as refused:
        await asked.access(authorization, Kind.QUERY)
    return refused.value


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
async def test_a_query_key_opens_its_project(asked: QueryService, tenant: Tenant, scheme: str) -> None:
    assert (await asked.access(f"{scheme} {tenant.keys[Kind.QUERY]} ", Kind.QUERY)).project == tenant.project


async def test_every_other_key_gets_the_same_answer(asked: QueryService, tenant: Tenant, redis: Redis) -> None:
    _, admin = await Projects(redis).create_key("", Kind.ADMIN)
    _, expired = await Projects(redis).create_key(tenant.id, Kind.QUERY, expires_at=1)
    query = tenant.keys[Kind.QUERY]
    flipped = query[:-1] + ("a" if query[-1] != "a" else "b")
    tokens = (tenant.keys[Kind.WRITE], tenant.keys[Kind.DELETE], admin, expired, flipped, "test_123", "\udcff", "")
    refusals = [await refusal(asked, f"Bearer {token}") for token in tokens]
    refusals += [await refusal(asked, other) for other in ("", query, f"Basic {query}", f"Bearer{query}")]
    assert {(refused.status, refused.message) for refused in refusals} == {(401, refusals[0].message)}


async def test_a_revoked_key_is_refused_once_the_change_is_seen(
    asked: QueryService, tenant: Tenant, redis: Redis
) -> None:
    projects = Projects(redis)
    key, token = await projects.create_key(tenant.id, Kind.QUERY)
    await projects.revoke_key(key.id)
    assert (await refusal(asked, f"Bearer {token}")).status == 401


async def test_a_fixed_token_opens_its_project_only_where_it_is_allowed(
    asked: QueryService, demo: QueryService, redis: Redis, tenant: Tenant
) -> None:
    await Projects(redis).allow_demo_token("test_123", (Kind.QUERY,), tenant.id)
    assert (await demo.access("Bearer test_123", Kind.QUERY)).project == tenant.project
    assert (await refusal(asked, "Bearer test_123")).status == 401


@pytest.mark.parametrize("token", ["test_1234", "\udcff", "é", "a\x00", "x" * 8000], ids=ascii)
async def test_no_other_token_opens_anything_there(demo: QueryService, token: str) -> None:
    assert (await refusal(demo, f"Bearer {token}")).status == 401
