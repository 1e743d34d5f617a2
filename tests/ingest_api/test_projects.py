"""Projects and keys in Redis."""

import pytest

from ingest_api import keys
from ingest_api.keys import Kind
from ingest_api.projects import ProjectError, Projects
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack


@pytest.fixture
def projects(redis: Redis) -> Projects:
    """An empty store."""
    return Projects(redis)


async def test_a_project_is_found_by_its_id_and_by_its_sites(projects: Projects) -> None:
    made = await projects.create("shop", ("web", "app"))
    assert await projects.get("shop") == made == await projects.site_project("app")
    assert await projects.all() == [made]
    assert await projects.site_project("elsewhere") is None


@pytest.mark.parametrize("name", ["", "Shop", "a b", "-a", "a" * 64, "a\n"])
async def test_a_malformed_id_is_refused_with_the_rule(projects: Projects, name: str) -> None:
    with pytest.raises(ProjectError, match="use 1-63 of a-z"):
        await projects.create(name)


async def test_a_taken_id_or_site_is_refused_and_leaves_nothing_behind(projects: Projects) -> None:
    await projects.create("shop", ("web",))
    with pytest.raises(ProjectError, match="exists already"):
        await projects.create("shop")
    with pytest.raises(ProjectError, match="belongs to another project"):
        await projects.create("second", ("free", "web"))
    assert await projects.get("second") is None
    assert (await projects.create("third", ("free",))).site_ids == ("free",)


async def test_keys_are_listed_by_project_and_admin_keys_belong_to_none(projects: Projects) -> None:
    await projects.create("shop")
    key, token = await projects.create_key("shop", Kind.WRITE, label="server")
    admin, _ = await projects.create_key("shop", Kind.ADMIN)
    assert keys.key_id(token) == key.id
    assert await projects.list_keys("shop") == [key]
    assert await projects.list_keys("") == [admin]


async def test_a_key_for_no_project_is_refused_with_what_to_do(projects: Projects) -> None:
    with pytest.raises(ProjectError, match="headrace project create nowhere"):
        await projects.create_key("nowhere", Kind.WRITE)
    with pytest.raises(ProjectError, match="no key"):
        await projects.revoke_key("nothing")


async def test_no_token_is_stored_anywhere(projects: Projects, redis: Redis) -> None:
    await projects.create("shop")
    _, token = await projects.create_key("shop", Kind.WRITE)
    secret = token.rsplit("_", 1)[1].encode()
    for name in [key async for key in redis.scan_iter()]:
        assert secret not in await redis.dump(name)


async def test_every_change_moves_the_version(projects: Projects) -> None:
    seen = [await projects.version()]
    await projects.create("shop")
    seen.append(await projects.version())
    key, _ = await projects.create_key("shop", Kind.WRITE)
    seen.append(await projects.version())
    await projects.revoke_key(key.id)
    seen.append(await projects.version())
    assert seen == sorted(set(seen))
