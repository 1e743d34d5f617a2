"""Who asks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.exceptions import RedisError

from ingest_api import access, frame
from ingest_api.access import Directory
from ingest_api.event import Event
from ingest_api.moment import now_ms
from ingest_api.projects import keys
from ingest_api.projects.keys import KeyChange, Kind
from ingest_api.projects.projects import Projects, Settings
from ingest_api.stream import Redis, connect
from tests.faults.tcp_proxy import Cable, TcpProxy
from tests.ingest_api.conftest import Door
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


async def test_a_changed_rate_and_changed_settings_are_seen_in_every_process_within_seconds(
    projects: Projects, redis_url: str
) -> None:
    key, token = await projects.create_key("shop", Kind.WRITE)
    clients = [connect(redis_url), connect(redis_url)]
    processes = [Directory(client) for client in clients]
    for directory in processes:
        assert await directory.find(token) is not None
        assert await directory.site("web") is not None
    await projects.update_key(key.id, KeyChange(rate=60))
    await projects.update("shop", Settings(public_writes=True, origins=("https://shop.example",)))

    async def seen() -> bool:
        found = [directory.cached(token) or await directory.find(token) for directory in processes]
        sites = [await directory.site("web") for directory in processes]
        keyed = [one is not None and one.rate == 60 and one.project == sites[0] for one in found]
        return all(keyed) and all(site is not None and site.public_writes for site in sites)

    await until(seen, within=5.0)
    for client in clients:
        await client.aclose()


async def test_the_front_door_takes_events_with_a_write_key_of_the_project_and_no_other(
    door: Door, redis: Redis
) -> None:
    projects = Projects(redis)
    await projects.create("other")
    _, other = await projects.create_key("other", Kind.WRITE)
    gone, revoked = await projects.create_key("demo", Kind.WRITE)
    await projects.revoke_key(gone.id)
    _, expired = await projects.create_key("demo", Kind.WRITE, expires_at=1)
    body = f"hr_write_{gone.id}_{'0' * 27}"
    of_kind = {kind: (await projects.create_key("demo", kind))[1] for kind in Kind}
    good = of_kind[Kind.WRITE]
    no_key = {
        "none": "",
        "revoked": revoked,
        "expired": expired,
        "wrong secret": body + keys._checksum(body),
        "malformed": good[:-1],
    }
    told = {who: await posted(door, token) for who, token in no_key.items()}
    assert {status for status, _ in told.values()} == {401}
    assert len({answer for _, answer in told.values()}) == 1, "one answer for every cause"
    wrong_kind = [(await posted(door, of_kind[kind]))[0] for kind in Kind if kind is not Kind.WRITE]
    assert wrong_kind == [401] * (len(Kind) - 1)
    assert await door.frames() == []
    assert [(await posted(door, token))[0] for token in (good, other)] == [200, 200]
    assert await stored_for(door) == ["demo", "other"], "the project comes from the key"


async def posted(door: Door, token: str) -> tuple[int, bytes]:
    """Send one event with this key."""
    event = b'{"event_type":"a","occurred_at":"2026-11-21T10:00:00Z"}'
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with door.client.post("/v1/events", data=event, headers=headers) as answer:
        return answer.status, await answer.read()


async def stored_for(door: Door) -> list[str]:
    """The projects of the events that are in the queue."""
    events = [event for fields in await door.frames() for event in frame.decode(fields[b"f"])]
    return sorted(event.project for event in events if isinstance(event, Event))


@pytest.fixture
async def far(far_url: str) -> AsyncIterator[Redis]:
    """Redis at the end of the cable."""
    redis = connect(far_url)
    yield redis
    await redis.aclose()


async def looked_up(redis: Redis) -> None:
    """Wait until Redis was asked for a key."""

    async def asked() -> bool:
        stats: Any = await redis.info("commandstats")
        return "cmdstat_hget" in stats

    await until(asked)


async def test_a_change_while_a_key_is_looked_up_is_for_all_who_wait(
    projects: Projects, redis: Redis, far: Redis, cable: TcpProxy
) -> None:
    key, token = await projects.create_key("shop", Kind.WRITE)
    directory = Directory(far, check_seconds=0)
    await asyncio.gather(*(far.ping() for _ in range(4)))  # connections, so that nobody waits for one
    await redis.config_resetstat()
    cable.delay = 1.0  # of version, key and project, one after the other
    async with asyncio.TaskGroup() as tasks:
        before = tasks.create_task(directory.find(token))
        await looked_up(redis)
        await projects.revoke_key(key.id)
        after = tasks.create_task(directory.find(token))
    assert (before.result(), after.result()) == (None, None)


async def test_who_waits_with_others_is_answered_when_the_first_one_leaves(
    projects: Projects, redis: Redis, far: Redis, cable: TcpProxy
) -> None:
    key, token = await projects.create_key("shop", Kind.WRITE)
    directory = Directory(far)
    await redis.config_resetstat()
    cable.delay = 0.2
    async with asyncio.TaskGroup() as tasks:
        first, second = (tasks.create_task(directory.find(token)) for _ in range(2))
        await looked_up(redis)
        first.cancel()
    found = second.result()
    assert (found and found.key_id, first.cancelled()) == (key.id, True)


async def test_a_look_up_that_failed_for_all_is_made_again(projects: Projects, far: Redis, cable: TcpProxy) -> None:
    _, token = await projects.create_key("shop", Kind.WRITE)
    directory = Directory(far)
    assert await directory.find("nonsense") is None
    cable.cable = Cable.NO_REPLY
    failed = await asyncio.gather(*(directory.find(token) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(one, RedisError | OSError) for one in failed)
    cable.cable = Cable.WHOLE
    assert await directory.find(token) is not None


async def test_the_id_of_a_key_opens_nothing_where_a_token_is_asked_for_at_the_same_time(
    projects: Projects, redis: Redis
) -> None:
    key, _ = await projects.create_key("shop", Kind.WRITE)
    directory = Directory(redis)
    by_id, as_token = await asyncio.gather(directory.of_key(key.id), directory.find(key.id))
    assert (by_id and by_id.key_id, as_token) == (key.id, None)


async def test_many_that_ask_at_once_are_all_answered_and_ask_redis_together(projects: Projects, redis: Redis) -> None:
    key, token = await projects.create_key("shop", Kind.WRITE)
    directory = Directory(redis)
    await redis.config_resetstat()
    found = await asyncio.gather(*(directory.find(token) for _ in range(500)))
    assert {one and one.key_id for one in found} == {key.id}
    sites = await asyncio.gather(*(directory.site("web") for _ in range(500)))
    assert {one and one.id for one in sites} == {"shop"}
    stats: Any = await redis.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}
    assert {name: calls[name] for name in ("get", "hget")} == {"get": 1, "hget": 4}
