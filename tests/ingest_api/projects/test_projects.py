"""Projects and keys in Redis."""

import asyncio
from collections.abc import Awaitable, Callable
from operator import methodcaller
from typing import Any

import pytest

from ingest_api.moment import now_ms
from ingest_api.projects import keys
from ingest_api.projects.keys import KeyChange, Kind
from ingest_api.projects.projects import Conflict, Invalid, NotThere, Project, ProjectError, Projects, Settings
from ingest_api.projects.records import SITES
from ingest_api.stream import Redis, connect

pytestmark = pytest.mark.stack

Change = Callable[[Projects], Awaitable[Any]]


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


async def test_a_project_is_made_with_its_settings_and_changed_in_part(projects: Projects) -> None:
    settings = Settings(public_writes=True, origins=("https://Shop.example",), retention_days=90)
    made = await projects.create("shop", ("web",), settings)
    assert (made.public_writes, made.origins, made.retention_days) == (True, ("https://shop.example",), 90)
    changed = await projects.update("shop", Settings(retention_days=30, ip="truncate"))
    assert changed == Project("shop", ("web",), made.created_at, True, 0, ("https://shop.example",), 0, 30, "truncate")
    assert await projects.get("shop") == changed


async def test_settings_that_are_wrong_change_nothing(projects: Projects) -> None:
    made = await projects.create("shop")
    with pytest.raises(Invalid, match="public_rate"):
        await projects.update("shop", Settings(public_rate=-1, past_days=1))
    with pytest.raises(Invalid, match="origins"):
        await projects.create("second", (), Settings(origins=("nonsense",)))
    with pytest.raises(NotThere):
        await projects.update("nowhere", Settings(past_days=1))
    assert await projects.all() == [made]


async def test_a_site_is_added_and_let_go(projects: Projects) -> None:
    await projects.create("shop", ("web",))
    assert (await projects.add_site("shop", "app")).site_ids == ("web", "app")
    assert (await projects.add_site("shop", "app")).site_ids == ("web", "app")
    assert (await projects.remove_site("shop", "web")).site_ids == ("app",)
    assert await projects.site_project("web") is None
    assert (await projects.create("second", ("web",))).site_ids == ("web",)
    with pytest.raises(Conflict, match="belongs to another project"):
        await projects.add_site("shop", "web")
    with pytest.raises(NotThere, match="no such site"):
        await projects.remove_site("shop", "web")
    assert await projects.site_project("web") == await projects.get("second")


async def test_a_site_that_two_projects_want_at_once_goes_to_one(projects: Projects, redis_url: str) -> None:
    names = [f"p{number}" for number in range(8)]
    for name in names:
        await projects.create(name)
    taken = await at_once(redis_url, [methodcaller("add_site", name, "web") for name in names])
    assert sum(isinstance(one, Project) for one in taken) == 1
    assert sum(isinstance(one, Conflict) for one in taken) == 7
    owner = await projects.site_project("web")
    assert owner is not None
    assert [one.id for one in await projects.all() if one.site_ids] == [owner.id]


async def test_an_id_that_many_want_at_once_is_made_once_and_leaves_no_orphan(
    projects: Projects, redis_url: str, redis: Redis
) -> None:
    made = await at_once(redis_url, [methodcaller("create", "shop", (f"site-{n}",)) for n in range(8)])
    (one,) = [project for project in made if isinstance(project, Project)]
    assert await redis.hkeys(SITES) == [one.site_ids[0].encode()]  # type: ignore[misc]  # redis-py 5: awaitable or not


async def test_changes_of_one_project_at_once_are_all_kept(projects: Projects, redis_url: str) -> None:
    await projects.create("shop")
    changes: list[Change] = [
        lambda store: store.update("shop", Settings(past_days=1)),
        lambda store: store.update("shop", Settings(retention_days=2)),
        lambda store: store.update("shop", Settings(public_rate=3)),
        lambda store: store.update("shop", Settings(ip="keep")),
        *(lambda store, n=n: store.add_site("shop", f"site-{n}") for n in range(8)),
    ]
    await at_once(redis_url, changes)
    found = await projects.get("shop")
    assert found is not None
    assert (found.past_days, found.retention_days, found.public_rate, found.ip) == (1, 2, 3, "keep")
    assert sorted(found.site_ids) == [f"site-{n}" for n in range(8)]


async def test_changes_of_one_key_at_once_are_all_kept(projects: Projects, redis_url: str) -> None:
    await projects.create("shop")
    key, _ = await projects.create_key("shop", Kind.WRITE)
    later = now_ms() + 1_000_000
    changes = [KeyChange(label="servers"), KeyChange(rate=7), KeyChange(expires_at=later)]
    await at_once(redis_url, [methodcaller("update_key", key.id, one) for one in changes])
    found = await projects.key(key.id)
    assert found is not None
    assert (found.label, found.rate, found.expires_at) == ("servers", 7, later)


@pytest.mark.parametrize("attempt", range(5))
async def test_a_key_that_is_revoked_while_others_change_it_stays_revoked(
    projects: Projects, redis_url: str, attempt: int
) -> None:
    await projects.create("shop")
    key, _ = await projects.create_key("shop", Kind.WRITE)
    changes: list[Change] = [
        *(lambda store, n=n: store.update_key(key.id, KeyChange(rate=n)) for n in range(6)),
        *(lambda store: store.rotate_key(key.id, overlap_ms=60_000) for _ in range(3)),
    ]
    changes.insert(attempt * 2, lambda store: store.revoke_key(key.id))
    await at_once(redis_url, changes)
    found = await projects.key(key.id)
    assert found is not None
    assert found.revoked_at > 0


async def test_a_revoked_or_expired_key_is_not_opened_again(projects: Projects) -> None:
    await projects.create("shop")
    revoked, _ = await projects.create_key("shop", Kind.WRITE)
    first = await projects.revoke_key(revoked.id)
    expired, _ = await projects.create_key("shop", Kind.WRITE, expires_at=1)
    for key in (revoked, expired):
        with pytest.raises(Conflict, match="stays so"):
            await projects.update_key(key.id, KeyChange(expires_at=0))
        with pytest.raises(Conflict, match="stays so"):
            await projects.rotate_key(key.id, overlap_ms=0)
    assert await projects.revoke_key(revoked.id) == first


async def test_a_rotated_key_is_like_the_old_one_which_ends_after_the_overlap(projects: Projects) -> None:
    await projects.create("shop")
    old, _ = await projects.create_key("shop", Kind.QUERY, label="pages", rate=60)
    before = now_ms()
    new, token = await projects.rotate_key(old.id, overlap_ms=60_000)
    assert (new.project, new.kind, new.label, new.rate, new.expires_at) == ("shop", Kind.QUERY, "pages", 60, 0)
    assert keys.key_id(token) == new.id != old.id
    left = await projects.key(old.id)
    assert left is not None
    assert before + 60_000 <= left.expires_at <= now_ms() + 60_000
    assert left.active(now_ms())


async def test_without_an_overlap_the_old_key_is_closed_at_once(projects: Projects) -> None:
    await projects.create("shop")
    old, _ = await projects.create_key("shop", Kind.WRITE)
    await projects.rotate_key(old.id, overlap_ms=0)
    left = await projects.key(old.id)
    assert left is not None
    assert not left.active(now_ms())


async def test_an_overlap_never_lengthens_the_life_of_a_key(projects: Projects) -> None:
    await projects.create("shop")
    end = now_ms() + 30_000
    old, _ = await projects.create_key("shop", Kind.WRITE, expires_at=end)
    new, _ = await projects.rotate_key(old.id, overlap_ms=86_400_000, expires_at=end + 5)
    left = await projects.key(old.id)
    assert left is not None
    assert (left.expires_at, new.expires_at) == (end, end + 5)


async def test_a_key_of_another_project_is_not_there(projects: Projects) -> None:
    await projects.create("shop")
    await projects.create("other")
    key, _ = await projects.create_key("shop", Kind.WRITE)
    with pytest.raises(NotThere):
        await projects.revoke_key(key.id, project_id="other")
    with pytest.raises(NotThere):
        await projects.rotate_key(key.id, overlap_ms=0, project_id="other")
    with pytest.raises(NotThere):
        await projects.update_key(key.id, KeyChange(rate=1), project_id="other")
    assert await projects.key(key.id) == key


async def test_a_key_with_impossible_fields_is_refused_naming_them(projects: Projects) -> None:
    await projects.create("shop")
    with pytest.raises(Invalid) as refused:
        await projects.create_key("shop", Kind.WRITE, label="a\n", rate=-1, expires_at=-1)
    assert [detail.field for detail in refused.value.details] == ["label", "expires_at", "rate"]
    key, _ = await projects.create_key("shop", Kind.WRITE)
    with pytest.raises(Invalid, match="rate"):
        await projects.update_key(key.id, KeyChange(rate=-1))


async def at_once(redis_url: str, changes: list[Change]) -> list[Any]:
    """Each change from a process-like client of its own; what it gave or raised as a `ProjectError`."""
    clients = [connect(redis_url) for _ in changes]
    try:
        found = await asyncio.gather(
            *(one(Projects(client)) for one, client in zip(changes, clients, strict=True)), return_exceptions=True
        )
    finally:
        for client in clients:
            await client.aclose()
    assert [one for one in found if isinstance(one, BaseException) and not isinstance(one, ProjectError)] == []
    return found
