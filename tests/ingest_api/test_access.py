"""Who asks."""

import pytest

from ingest_api import access
from ingest_api.access import Directory
from ingest_api.keys import Kind
from ingest_api.moment import now_ms
from ingest_api.projects import Projects
from ingest_api.stream import Redis
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
async def projects(redis: Redis) -> Projects:
    """A store with one project."""
    projects = Projects(redis)
    await projects.create("shop", ("web",))
    return projects


async def test_a_key_opens_its_project_for_its_kind(projects: Projects, redis: Redis) -> None:
    _, token = await projects.create_key("shop", Kind.WRITE)
    directory = Directory(redis)
    assert directory.cached(token) is None
    found = await directory.find(token)
    assert found is not None
    assert found.project == await projects.get("shop")
    assert found.kinds == {Kind.WRITE}
    assert directory.cached(token) == found


async def test_an_admin_key_belongs_to_no_project(projects: Projects, redis: Redis) -> None:
    _, token = await projects.create_key("", Kind.ADMIN)
    found = await Directory(redis).find(token)
    assert found is not None
    assert found.project is None
    assert found.kinds == {Kind.ADMIN}


async def test_unknown_altered_and_expired_tokens_open_nothing(projects: Projects, redis: Redis) -> None:
    _, token = await projects.create_key("shop", Kind.WRITE)
    _, expired = await projects.create_key("shop", Kind.WRITE, expires_at=now_ms() - 1)
    directory = Directory(redis)
    for wrong in ("", "nonsense", token[:-1], token + "0", token.replace("_write_", "_admin_"), expired, "\ud800"):
        assert await directory.find(wrong) is None


async def test_a_key_that_expires_is_closed_without_any_change(projects: Projects, redis: Redis) -> None:
    _, token = await projects.create_key("shop", Kind.WRITE, expires_at=now_ms() + 300)
    directory = Directory(redis)
    assert await directory.find(token) is not None

    async def closed() -> bool:
        return await directory.find(token) is None

    await until(closed)
    assert directory.cached(token) is None


async def test_a_revoked_key_is_closed_in_every_process_within_seconds(projects: Projects, redis: Redis) -> None:
    key, token = await projects.create_key("shop", Kind.WRITE)
    processes = [Directory(redis), Directory(redis)]
    for directory in processes:
        assert await directory.find(token) is not None
    await projects.revoke_key(key.id)

    async def closed() -> bool:
        return all([(directory.cached(token) or await directory.find(token)) is None for directory in processes])

    await until(closed, within=access.CHECK_SECONDS + 3)


async def test_a_key_made_after_it_was_asked_for_opens(projects: Projects, redis: Redis) -> None:
    directory = Directory(redis)
    assert await directory.site("app") is None
    await projects.create("second", ("app",))

    async def known() -> bool:
        return await directory.site("app") is not None

    await until(known, within=access.CHECK_SECONDS + 3)


async def test_demo_tokens_open_only_where_the_setting_says_so(projects: Projects, redis: Redis) -> None:
    await projects.allow_demo_token("test_123", (Kind.WRITE, Kind.QUERY), "shop")
    assert await Directory(redis).find("test_123") is None
    found = await Directory(redis, demo_keys=True).find("test_123")
    assert found is not None
    assert found.kinds == {Kind.WRITE, Kind.QUERY}
