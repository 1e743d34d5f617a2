"""One server that is slow, away or set up carelessly, beside one that is well."""

import asyncio
import itertools
import signal
from typing import Any

import orjson
import pytest
from prometheus_client import REGISTRY

from ingest_api.append import Appender
from ingest_api.dialect import Verdict
from ingest_api.errors import Unavailable
from ingest_api.rules.normalise import Stamped
from ingest_api.servers import routing
from ingest_api.sluice import MAX_WRITES
from ingest_api.stream import Install, Redis, install
from tests.appending import appending
from tests.ingest_api.conftest import Door, opened
from tests.ingest_api.events import stamped
from tests.topologies import Primaries
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture
def url(redis_url: str, primaries: Primaries) -> str:
    """A control server, and two with shards."""
    return f"{redis_url} {primaries.url}"


@pytest.fixture
def redis(several: Any) -> Any:
    """A client of empty servers."""
    return several


@pytest.fixture
async def made(redis: Any) -> Install:
    """Shards 0 and 2 lie on the first server, 1 and 3 on the second."""
    return await install(redis, 4, 3600)


def keyed(appender: Appender, shard: int, count: int = 1) -> list[Stamped]:
    """Events whose keys are of this shard."""
    every = (stamped(key=f"{shard} {number}", number=number) for number in itertools.count())
    return list(itertools.islice((one for one in every if appender.shard_of(one) == shard), count))


async def entries(redis: Any, made: Install) -> list[int]:
    """Events in each shard."""
    found = [[int(fields[b"n"]) for _, fields in await redis.xrange(shard.frames)] for shard in made.shards]
    return [sum(counts) for counts in found]


async def test_a_server_that_hangs_holds_up_nobody_else_s_events(
    redis: Any, url: str, made: Install, primaries: Primaries
) -> None:
    async with appending(url, made) as appender:
        assert await appender.append(keyed(appender, 1) + keyed(appender, 0)) == [Verdict.NEW] * 2
        hung = primaries.actor(await routing.at(redis, 1))
        hung.signal(signal.SIGSTOP)
        try:
            lost = asyncio.ensure_future(appender.append(keyed(appender, 1, 50)[1:]))
            for one in keyed(appender, 0, 101)[1:]:
                assert await asyncio.wait_for(appender.append([one]), 3) == [Verdict.NEW]
            assert not lost.done()
            with pytest.raises(Unavailable):
                await lost
            again = asyncio.ensure_future(appender.append(keyed(appender, 3)))  # one write tries again
            await until(lambda: _begun(appender))
            for _ in range(20):  # whoever comes meanwhile is told at once
                with pytest.raises(Unavailable):
                    await asyncio.wait_for(appender.append(keyed(appender, 3)), 3)
            assert not again.done()
            before = await asyncio.wait_for(entries_of(redis, made, (0, 2)), 5)
            assert await appender.append([stamped(number=n) for n in range(30)]) == [Verdict.NEW] * 30
            assert await entries_of(redis, made, (0, 2)) == before + 30, "unkeyed events avoid the server"
            assert appender.problems == {routing.name(await routing.at(redis, 1)): "it does not answer"}
            assert [takes(await routing.at(redis, number)) for number in (0, 1)] == [1, 0]
        finally:
            hung.signal(signal.SIGCONT)
        assert await again == [Verdict.NEW]

        async def taken() -> bool:
            try:
                return len(await appender.append(keyed(appender, 1, 50))) == 50
            except Unavailable:
                return False

        await until(taken)
        assert appender.problems == {}
        assert [takes(await routing.at(redis, number)) for number in (0, 1)] == [1, 1]


def takes(server: Redis) -> float | None:
    """What the metric says of a server."""
    return REGISTRY.get_sample_value("ingest_server_takes_events", {"server": routing.name(server)})


async def _begun(appender: Appender) -> bool:
    """Whether a write to each server that is away is under way."""
    return all(one._free.qsize() < MAX_WRITES for one in appender.sluices if one.away)


async def entries_of(redis: Any, made: Install, shards: tuple[int, ...]) -> int:
    """Events in some shards."""
    parts = [await redis.xrange(made.shards[shard].frames) for shard in shards]
    return sum(int(fields[b"n"]) for part in parts for _, fields in part)


async def test_what_waits_for_one_server_leaves_room_for_the_others(
    redis: Any, url: str, made: Install, primaries: Primaries
) -> None:
    async with appending(url, made, 1_000_000) as appender:
        hung = primaries.actor(await routing.at(redis, 1))
        hung.signal(signal.SIGSTOP)
        try:
            big = [stamped(key=f"1 {number}", raw=b"x" * 90_000) for number in range(400)]
            waiting = [asyncio.ensure_future(appender.append([one])) for one in big if appender.shard_of(one) == 1]
            await asyncio.sleep(0)
            assert await appender.append([one for one in big if appender.shard_of(one) == 0][:3]) == [Verdict.NEW] * 3
        finally:
            hung.signal(signal.SIGCONT)
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert {str(one) for one in ended} >= {"Too many events wait to be written. Send this again in a moment."}


async def ready(door: Door) -> dict[str, Any]:
    """What /readyz says."""
    async with door.client.get("/readyz") as answer:
        return {**orjson.loads(await answer.read()), "status": answer.status}


async def test_a_careless_server_gets_no_events_the_others_do_and_readiness_says_which(redis: Any, url: str) -> None:
    careless = await routing.at(redis, 1)
    name = routing.name(careless)
    async with opened(redis, url, shards=4) as door:
        await careless.config_set("appendfsync", "everysec")
        try:

            async def told() -> bool:
                return "appendfsync everysec" in (await ready(door)).get("away", {}).get(name, "")

            await until(told)
            assert door.front_door.appender.append_one(stamped(number=1))
            body = b'{"event_type":"x","occurred_at":"2026-11-19T10:00:00Z","data":{}}'
            for _ in range(20):
                async with door.post(body) as answer:
                    assert answer.status == 200
            assert (await entries(redis, door.install))[1::2] == [0, 0]
        finally:
            await careless.config_set("appendfsync", "always")

        async def well() -> bool:
            return "away" not in await ready(door)

        await until(well)


async def test_a_front_door_starts_while_a_server_is_away_and_takes_it_in_when_it_comes(
    redis: Any, url: str, primaries: Primaries
) -> None:
    away = primaries.actor(await routing.at(redis, 1))
    await away.kill()
    try:
        async with opened(redis, url, shards=4) as door:
            assert (await ready(door))["status"] == 200
            with pytest.raises(Unavailable):
                await door.front_door.appender.append(keyed(door.front_door.appender, 1))
            await away.start()

            async def taken() -> bool:
                try:
                    return bool(await door.front_door.appender.append(keyed(door.front_door.appender, 1)))
                except Unavailable:
                    return False

            await until(taken)

            async def prepared() -> bool:
                frames = door.install.shards[3].frames
                return bool(await redis.exists(frames) and await redis.xinfo_groups(frames))

            await until(prepared)
    finally:
        if not away.lives:
            await away.start()
