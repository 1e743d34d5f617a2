"""An answer is as fresh as the shard that is furthest behind."""

from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.progress import ShardProgress
from ingest_api.servers import routing
from ingest_api.stream import Install, InstallMismatch, Redis, fcall, install
from queries.freshness import Freshness, fresh_through, lag_seconds
from tests.raised import raised
from tests.topologies import Primaries

NOW = 1_795_000_000_000


def shard(number: int, waited_ms: int) -> ShardProgress:
    return ShardProgress(number, NOW, NOW - waited_ms if waited_ms else 0, "", "0-0", {})


@pytest.mark.parametrize(("waits", "behind"), [([0], 0), ([0, 0], 0), ([0, 250], 250), ([9000, 250, 0], 9000)])
def test_the_slowest_shard_decides(waits: list[int], behind: int) -> None:
    shards = [shard(number, waited) for number, waited in enumerate(waits)]
    assert fresh_through(shards) == NOW - behind
    assert lag_seconds(shards) == behind / 1000


@pytest.mark.stack
async def test_before_the_first_install_nothing_is_known(redis: Redis) -> None:
    with pytest.raises(InstallMismatch, match="start the front door"):
        await Freshness(redis).read()


@pytest.mark.stack
async def test_the_oldest_event_that_is_not_stored_holds_freshness_back(redis: Redis, installed: Install) -> None:
    freshness = Freshness(redis)
    assert lag_seconds(await freshness.read()) == 0
    slow = installed.shards[1]
    frame_bytes, size = frame.encode([Event(b"e" * 16, "demo", "signup", 1, 1)])
    append = (installed.window_ms, 1, size, frame_bytes, b"", "demo\0001")
    entry, _ = await fcall(redis, "append", slow.appending, *append)
    shards = await freshness.read()
    assert fresh_through(shards) == int(entry.split(b"-")[0])
    assert [one.waiting for one in shards] == [0, 1]


@pytest.mark.stack
async def test_a_shard_that_was_added_holds_the_next_answer_back(redis: Redis, installed: Install) -> None:
    freshness = Freshness(redis)
    assert len(await freshness.read()) == len(installed.shards)
    now = await raised(redis, len(installed.shards) + 3)
    entry: bytes = await redis.xadd(now.shards[-1].frames, {"f": b"", "n": 1})
    shards = await freshness.read()
    assert [one.shard for one in shards] == list(range(len(installed.shards) + 3))
    assert fresh_through(shards) == int(entry.split(b"-")[0])
    assert await freshness.install() == now


@pytest.mark.stack
async def test_a_shard_that_is_away_is_as_fresh_as_when_it_was_heard_of(several: Any, primaries: Primaries) -> None:
    await install(several, 2, 3600)
    freshness = Freshness(several)
    before = await freshness.read()
    away = primaries.actor(await routing.at(several, 1))
    await away.kill()
    try:
        meanwhile = await freshness.read()
        assert meanwhile[0].fresh_through >= before[0].fresh_through
        assert fresh_through(meanwhile) == meanwhile[1].fresh_through == before[1].fresh_through
        assert meanwhile[1].now == meanwhile[0].now, "so that its lag is told"
        with pytest.raises(RedisConnectionError, match="shard 1 has not answered yet"):
            await Freshness(several).read()
    finally:
        await away.start()
    assert fresh_through(await freshness.read()) > before[1].fresh_through
