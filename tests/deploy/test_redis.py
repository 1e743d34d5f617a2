"""Redis's users do what their services do, and nothing else: asked of a real server."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from redis.exceptions import NoPermissionError

from ingest_api import durability, frame, ledger, memory, moment, raising
from ingest_api.durability import Level
from ingest_api.event import Event
from ingest_api.progress import read_progress
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis, connect, fcall, install, library
from tests.deploy.secrets import DEPLOY, secrets, url
from tests.raised import raised
from workers.source import Source

pytestmark = pytest.mark.stack

SERVICES = {"front_door": "ingest_api", "worker": "worker", "query": "queries", "admin": "admin"}
#: whatever they are: nobody empties, stops or opens the server
NEVER: list[tuple[str, ...]] = [
    ("FLUSHALL",),
    ("CONFIG", "SET", "appendfsync", "no"),
    ("SHUTDOWN",),
    ("ACL", "SETUSER", "x"),
    ("MODULE", "LIST"),
    ("KEYS", "*"),
    ("MONITOR",),
    ("REPLICAOF", "NO", "ONE"),
    ("DEBUG", "SLEEP", "0"),
]
ALLOWED: dict[str, list[tuple[str, ...]]] = {
    "front_door": [("XADD", "{s00}:frames", "*", "f", "1"), ("HGETALL", "headrace:keys"), ("WAITAOF", "1", "0", "1")],
    "worker": [("XACK", "{s00}:frames", "workers", "1-1"), ("ZADD", "headrace:jobs", "1", "j"), ("BGREWRITEAOF",)],
    "query": [("HSET", "headrace:keys", "k", "v"), ("XRANGE", "{s00}:frames", "-", "+"), ("SET", "{s00}:allow", "1")],
    "admin": [("HSET", "headrace:keys", "k", "v"), ("ACL", "LOG"), ("DEL", "headrace:replay"), ("ROLE",)],
    "health": [("PING",)],
}
REFUSED: dict[str, list[tuple[str, ...]]] = {
    "front_door": [
        ("HSET", "headrace:keys", "k", "v"),
        ("XACK", "{s00}:frames", "workers", "1-1"),
        ("DEL", "{s00}:frames"),
        ("XTRIM", "{s00}:frames", "MAXLEN", "0"),
        ("GET", "headrace:salts"),
    ],
    "worker": [("HSET", "headrace:projects", "p", "v"), ("HGETALL", "headrace:keys"), ("GET", "headrace:session:x")],
    "query": [
        ("XREADGROUP", "GROUP", "workers", "w", "STREAMS", "{s00}:frames", ">"),
        ("XACK", "{s00}:frames", "workers", "1-1"),
        ("XTRIM", "{s00}:frames", "MAXLEN", "0"),
        ("HSET", "headrace:install", "shards", "1"),
        ("HGETALL", "headrace:salts"),
    ],
    "admin": [],
    "health": [("GET", "headrace:install"), ("INFO",)],
}


def rules() -> dict[str, list[str]]:
    """User -> rules, as the server is given them."""
    lines = (secrets() / "redis_users").read_text().splitlines()
    return {line.split()[1]: line.split()[2:] for line in lines}


@pytest.fixture
async def users(redis: Redis) -> AsyncIterator[list[str]]:
    """All but `default`, which is the tests' own, on the server of the tests."""
    names = [name for name in rules() if name != "default"]
    for name in names:
        await cast("Any", redis).execute_command("ACL", "SETUSER", name, "reset", *rules()[name])
    await cast("Any", redis).execute_command("ACL", "LOG", "RESET")
    yield names
    await cast("Any", redis).execute_command("ACL", "DELUSER", *names)


@asynccontextmanager
async def user(redis_url: str, service: str) -> AsyncIterator[Redis]:
    """A client with the password that a service is given."""
    given, server = urlsplit(url(SERVICES[service], "redis")), urlsplit(redis_url)
    client = connect(f"redis://{given.username}:{given.password}@{server.hostname}:{server.port}/0")
    yield client
    await client.aclose()


async def dry_run(redis: Redis, user: str, command: tuple[str, ...]) -> str:
    answer = await cast("Any", redis).execute_command("ACL", "DRYRUN", user, *command)
    return cast("bytes", answer).decode()


async def test_nobody_gets_in_without_a_user_of_his_own() -> None:
    assert rules()["default"] == ["off", "resetchannels", "-@all"]
    assert set(rules()) == {"default", *ALLOWED}


async def test_each_user_may_do_its_work_and_nothing_of_the_others(redis: Redis, users: list[str]) -> None:
    allowed = {user: [one for one in ALLOWED[user] if await dry_run(redis, user, one) != "OK"] for user in users}
    assert allowed == {user: [] for user in users}
    refused = {
        user: [one for one in REFUSED[user] + NEVER if await dry_run(redis, user, one) == "OK"] for user in users
    }
    assert refused == {user: [] for user in users}


async def test_the_health_check_may_ask_without_a_password(redis_url: str, users: list[str]) -> None:
    assert "health" in users
    server = urlsplit(redis_url)
    anybody = connect(f"redis://health:x@{server.hostname}:{server.port}/0")
    assert await cast("Any", anybody).ping()
    with pytest.raises(NoPermissionError):
        await anybody.get("headrace:install")
    await anybody.aclose()


async def test_the_front_door_installs_counts_and_sees_projects_that_it_cannot_make(
    redis_url: str, users: list[str]
) -> None:
    assert users
    async with user(redis_url, "front_door") as front_door, user(redis_url, "query") as query:
        made = await install(front_door, 2, 86_400)
        assert await durability.look_through(front_door, Level.DISK) == ""
        await ledger.refuse(front_door, {(moment.now_ms() // 60_000, "demo", "invalid_time"): 1})
        created = await Projects(query).create("shop", site_ids=("shop-web",))
        assert await Projects(front_door).get("shop") == created
        with pytest.raises(NoPermissionError):
            await Projects(front_door).create("other")
        assert len(await read_progress(query, made)) == 2


async def test_the_worker_drains_and_the_query_service_sees_how_far(redis_url: str, users: list[str]) -> None:
    assert users
    async with user(redis_url, "front_door") as front_door:
        made = await install(front_door, 1, 86_400)
        shard, packed = made.shards[0], frame.encode([Event(b"e" * 16, "demo", "signup", 1, 1)])
        append = (made.window_ms, 1, packed[1], packed[0], b"", "demo\0001")
        await fcall(front_door, "append", shard.appending, *append)
    async with user(redis_url, "worker") as worker, user(redis_url, "query") as query:
        epoch = await fcall(worker, "lease", [shard.lease, shard.epoch], "w", 10_000)
        entries, _ = await Source(worker, shard, int(epoch)).take(1, 1024, 0)
        assert len(entries) == 1
        assert [one.owner for one in await read_progress(query, made)] == ["w"]
        assert await memory.full(query) > 0


async def test_the_admin_raises_the_shards_and_a_front_door_that_meets_a_fence_can(
    redis_url: str, users: list[str]
) -> None:
    assert users
    async with user(redis_url, "front_door") as front_door, user(redis_url, "admin") as admin:
        made = await install(front_door, 2, 86_400)
        await raising.end_older(admin)
        assert not await raising.older(admin)
        assert (await raised(admin, 3)).shard_count == 3
        await fcall(admin, "fence", [made.shards[0].fence], 5)
        assert (await raising.awaited(front_door, 5)).shard_count == 5
        keys = [made.shards[0].index, made.shards[0].counters, made.shards[0].ledger]
        assert await fcall(front_door, "known", keys, made.window_ms, b"k" * 26, "demo\0001") == b"0"


async def test_whatever_a_function_does_somebody_may_who_calls_it(redis: Redis, users: list[str]) -> None:
    """Functions run with the rights of their caller; a command that nobody has would fail in production alone."""
    done = set(re.findall(r"redis\.p?call\(\s*'([A-Z]+)'", library()))
    assert {"XADD", "XACK", "XREADGROUP"} <= done
    commands = cast("Any", redis).execute_command
    missing = set()
    for command in done:
        answers = [await commands("ACL", "DRYRUN", "worker", *sample(command))]
        missing |= {command for answer in answers if answer != b"OK"}
    assert (missing, "worker" in users) == (set(), True)


def sample(command: str) -> tuple[str, ...]:
    """The command with arguments that the server takes for complete."""
    key = "{s00}:frames"
    return {
        "TIME": ("TIME",),
        "XINFO": ("XINFO", "GROUPS", key),
        "XADD": ("XADD", key, "*", "a", "b"),
        "XACK": ("XACK", key, "workers", "1-1"),
        "XREADGROUP": ("XREADGROUP", "GROUP", "workers", "w", "STREAMS", key, ">"),
        "XPENDING": ("XPENDING", key, "workers"),
        "XTRIM": ("XTRIM", key, "MINID", "1"),
        "XRANGE": ("XRANGE", key, "-", "+"),
        "HINCRBY": ("HINCRBY", key, "a", "1"),
        "HSET": ("HSET", key, "a", "1"),
        "HSETNX": ("HSETNX", key, "a", "1"),
        "HMGET": ("HMGET", key, "a"),
        "HDEL": ("HDEL", key, "a"),
        "HGET": ("HGET", key, "a"),
        "SET": ("SET", key, "a"),
        "PEXPIRE": ("PEXPIRE", key, "1"),
    }.get(command, (command, key))


def test_the_server_keeps_what_is_acknowledged() -> None:
    lines = (DEPLOY / "redis/valkey.conf").read_text().splitlines()
    conf = dict(line.split(None, 1) for line in lines if line and not line.startswith("#"))
    kept = {"appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no"}
    assert {**kept, "maxmemory-policy": "noeviction", "save": '""'}.items() <= conf.items()
