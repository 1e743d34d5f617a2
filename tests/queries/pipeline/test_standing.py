"""How the pipeline stands is told to Prometheus, whether or not a worker lives."""

import pytest
from prometheus_client import REGISTRY

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.stream import Install, Redis, connect, fcall
from queries.freshness import Freshness
from queries.pipeline.standing import look

pytestmark = pytest.mark.stack


def told(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"query_{name}")


async def test_what_waits_and_whom_nobody_drains_is_told_without_any_worker(redis: Redis, installed: Install) -> None:
    await look(redis, Freshness(redis))
    shards = len(installed.shards)
    assert [told(name) for name in ("redis_reachable", "lag_seconds", "waiting_events")] == [1, 0, 0]
    assert told("free_shards") == shards
    shard = installed.shards[0]
    frame_bytes, size = frame.encode([Event(b"e" * 16, "demo", "signup", 1, 1)])
    append = (installed.window_ms, 1, size, frame_bytes, b"", "demo\0001")
    await fcall(redis, "append", shard.appending, *append)
    await fcall(redis, "lease", [shard.lease, shard.epoch], "a worker", 60_000)
    await look(redis, Freshness(redis))
    assert (told("waiting_events"), told("free_shards")) == (1, shards - 1)
    assert 0 < (told("redis_full_ratio") or 0) < 1


async def test_what_was_found_stays_while_redis_is_away(redis: Redis, installed: Install) -> None:
    await look(redis, Freshness(redis))
    nowhere = connect("redis://127.0.0.1:1/0")
    await look(nowhere, Freshness(nowhere))
    await nowhere.aclose()
    assert (told("redis_reachable"), told("free_shards")) == (0, len(installed.shards))


async def test_before_the_first_install_nothing_is_told_to_be_well(redis: Redis) -> None:
    await look(redis, Freshness(redis))
    assert told("redis_reachable") == 0
