"""`headrace backup` and `restore`: of a stack that works, into empty stores; and what is told where it cannot be."""

import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import orjson
import pytest

from ingest_api.stream import connect
from tests.clients.cli.conftest import Headrace
from tests.waiting import until
from tests.workers.second import Second, second
from workers.backups import state
from workers.backups.backup import LOCK

pytestmark = pytest.mark.stack


class Stack(Protocol):
    """The running local stack."""

    @property
    def env(self) -> Mapping[str, str]:
        """The values of its demo.env."""


@pytest.fixture
async def there(redis_url: str, clickhouse_url: str) -> AsyncIterator[Second]:
    """Empty stores."""
    async with second(redis_url, clickhouse_url) as one:
        yield one


def addresses(one: Second) -> dict[str, str]:
    """For the command."""
    return {"HEADRACE_REDIS_URL": one.redis_url, "HEADRACE_CLICKHOUSE_URL": one.clickhouse_url}


async def test_a_stack_that_takes_events_is_backed_up_and_restored(
    headrace: Headrace, stack: Stack, there: Second
) -> None:
    headrace.env = dict(stack.env)
    name = f"kept_{secrets.token_hex(4)}"
    lines = [{"event_type": name, "idempotency_key": f"{name} {i}", "data": {"number": i}} for i in range(1000)]
    headrace.write("first.ndjson", b"\n".join(map(orjson.dumps, lines)))
    rest = [{**line, "idempotency_key": f"{line['idempotency_key']} again"} for line in lines]
    headrace.write("rest.ndjson", b"\n".join(map(orjson.dumps, rest)))
    assert (await headrace("send", "--file", "first.ndjson")).code == 0
    sending = await headrace.start("send", "--file", "rest.ndjson", "--batch", "20")
    made = await headrace("backup", "b", "--json")
    assert (made.code, made.err) == (0, "")
    assert (await headrace.finish(sending)).code == 0
    whole = await headrace("restore", "b", "--check")
    assert (whole.code, whole.out.startswith("b is whole: ")) == (0, True)
    headrace.env = addresses(there)
    ended = await headrace("restore", "b", "--json")
    assert (ended.code, ended.document["problems"]) == (0, []), ended.out
    restored = await there.history()
    await restored.drain()
    asked = f"SELECT count(), uniqExact(event_id) FROM events WHERE name = '{name}'"
    rows, ids = (await there.warehouse.query(asked)).result_rows[0]
    assert rows == ids >= 1000
    listed = await headrace("project", "list", "--json")
    assert "demo" in [one["id"] for one in listed.document["projects"]]


async def test_every_key_of_a_stack_that_works_is_sorted(headrace: Headrace, stack: Stack) -> None:
    headrace.env = dict(stack.env)
    assert (await headrace("send", "sorted", "--data", '{"a":1}')).code == 0
    redis = connect(headrace.env["HEADRACE_REDIS_URL"])
    try:

        async def busy() -> bool:
            return bool(await redis.exists("headrace:probe", "headrace:workers") == 2)

        await until(busy)
        names = [name.decode() async for name in redis.scan_iter(count=1000)]
    finally:
        await redis.aclose()
    assert [name for name in names if not state.sort_of(name)] == []
    assert {state.sort_of(name) for name in names} == {"records", "kept", "cut", "left"}


async def test_beside_a_stack_that_works_nothing_is_restored(headrace: Headrace, stack: Stack) -> None:
    headrace.env = dict(stack.env)
    assert (await headrace("backup", "b")).code == 0
    ended = await headrace("restore", "b", "--replace", "--yes")
    assert (ended.code, "Stop every service" in ended.err) == (1, True)


async def test_what_stands_in_the_way_is_told(headrace: Headrace, there: Second) -> None:
    headrace.env = addresses(there)
    ended = await headrace("backup", "b")
    assert (ended.code, "no installation" in ended.err) == (1, True)
    ended = await headrace("restore", "b")
    assert (ended.code, "There is no backup in" in ended.err) == (1, True)
    for arguments, why in (
        (("backup", "ftp://x/y"), "s3://bucket/prefix"),
        (("backup", "b", "--base", "c"), "--base belongs to --clickhouse-to"),
        (("backup", "b", "--clickhouse-to", "somewhere"), "disk:NAME, file:/path"),
        (("restore", "ftp://x/y"), "s3://bucket/prefix"),
    ):
        ended = await headrace(*arguments)
        assert (ended.code, ended.out, why in ended.err) == (2, "", True), arguments
    ended = await headrace("backup", "b", HEADRACE_CLICKHOUSE_URL="")
    assert (ended.code, "HEADRACE_CLICKHOUSE_URL" in ended.err) == (2, True)
    ended = await headrace("backup", "b", HEADRACE_REDIS_URL="redis://127.0.0.1:1/0")
    assert (ended.code, "does not answer" in ended.err) == (3, True)


async def test_a_backup_can_be_interrupted_and_an_installation_is_taken_away_after_a_yes(
    headrace: Headrace, stack: Stack, there: Second
) -> None:
    headrace.env = dict(stack.env)
    process = await headrace.start("backup", "b")
    redis = connect(headrace.env["HEADRACE_REDIS_URL"])
    try:

        async def under_way() -> bool:
            return bool(await redis.exists(LOCK)) or process.returncode is not None

        await until(under_way, within=30)
        ended = await headrace.interrupt(process)
        assert (ended.code in {0, 130}, await redis.exists(LOCK)) == (True, 0), ended.err
    finally:
        await redis.aclose()
    target = "b" if ended.code == 0 else "c"
    assert ended.code == 0 or (await headrace("backup", target)).code == 0
    headrace.env = addresses(there)
    await headrace("project", "create", "mine")
    asked = await headrace("restore", target, "--replace", stdin=b"n\n")
    assert (asked.code, "Nothing was changed." in asked.err) == (1, True)
    asked = await headrace("restore", target, "--replace", stdin=b"y\n")
    assert asked.code == 0, asked.err
    assert "Every event that was acknowledged before" in asked.out


async def test_help_tells_every_option(headrace: Headrace) -> None:
    told = {"backup": ("--clickhouse-to", "--base"), "restore": ("--replace", "--erasures", "--check", "--yes")}
    for command, options in told.items():
        ended = await headrace(command, "--help")
        assert (ended.code, [one for one in options if one not in ended.out]) == (0, [])
