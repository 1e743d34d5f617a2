"""A reader gets what he was given, in order, and never has more waiting than he may."""

import asyncio
import contextlib
import os
import socket
import sys
from urllib.parse import urlsplit

import aiohttp
import orjson
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.ports import free_port
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from queries.questions.filters import EVERYTHING
from queries.questions.recent import Cursor
from queries.tail.reader import Reader
from tests.queries.conftest import Service, Tenant
from tests.queries.following import Place, arrive, counted, following, live, served
from tests.queries.stored import event
from tests.waiting import until

LIVE = "/api/v1/live"
START = Cursor(1, 0, 0, 0)


def reader(most: int = 1000) -> Reader:
    return Reader(START, EVERYTHING, most)


def taken(one: Reader) -> bytes:
    found = bytearray()
    while piece := one.take():
        found += piece
    return bytes(found)


def stalled(service: Service, tenant: Tenant) -> socket.socket:
    """A connection that asks and then takes nothing."""
    address = urlsplit(service._url)
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect((address.hostname, address.port))
    asked = f"GET {LIVE} HTTP/1.1\r\nHost: a\r\nAuthorization: {tenant.bearer(Kind.QUERY)}\r\n\r\n"
    one.sendall(asked.encode())
    return one


def bulky(tenant: Tenant, count: int) -> list[dict[str, object]]:
    padding = orjson.dumps({"padding": "x" * 20_000}).decode()
    return [event(tenant.id, user_id=f"bulky {n}", properties=padding) for n in range(count)]


@given(st.lists(st.binary(min_size=1, max_size=40_000), max_size=12))
def test_what_is_given_is_taken_in_order(events: list[bytes]) -> None:
    one = reader(10**9)
    for number, given_event in enumerate(events):
        assert one.give(given_event, Cursor(number + 2, 0, 0, 0))
    assert one.idle is not bool(events)
    assert taken(one) == b"".join(events)
    assert one.idle
    assert one.cursor.ms == len(events) + 1


def test_a_piece_is_of_a_moderate_size() -> None:
    one = reader(10**9)
    for _ in range(100):
        one.give(b"x" * 10_000, START)
    assert len(one.take()) < 100_000


@given(st.lists(st.integers(1, 400), max_size=30))
def test_no_more_waits_than_may(sizes: list[int]) -> None:
    one, waiting = reader(), 0
    for size in sizes:
        given_it = one.give(b"x" * size, START)
        assert given_it == (waiting + size <= 1000)
        waiting += size if given_it else 0
    assert len(taken(one)) == waiting


def test_room_is_made_by_taking() -> None:
    one = reader()
    assert one.give(b"x" * 900, START)
    assert not one.give(b"x" * 200, START)
    one.take()
    assert one.give(b"x" * 200, START)


def test_a_single_event_may_be_larger() -> None:
    one = reader()
    assert one.give(b"x" * 5000, START)
    assert not one.give(b"x", START)
    assert taken(one) == b"x" * 5000


def test_who_is_dropped_hears_the_last_word_alone() -> None:
    one = reader()
    one.give(b"event", START)
    one.drop(b"word")
    assert (one.ended, one.idle, one.give(b"more", START)) == (True, False, False)
    assert taken(one) == b"word"


def test_who_is_ended_can_take_what_waits() -> None:
    one = reader()
    one.give(b"event", START)
    one.end()
    assert one.ended
    assert taken(one) == b"event"


async def test_news_end_the_waiting_and_silence_does_too() -> None:
    one = reader()
    assert not await one.news(0.01)
    for wakes in (one.wake, lambda: one.give(b"event", START), one.end):
        asyncio.get_running_loop().call_soon(wakes)
        assert await one.news(10)
    assert await one.news(10), "an end stays one"


@pytest.mark.stack
async def test_in_silence_a_heartbeat_says_where_one_stands(
    place: Place, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    async with (
        served(place, live_heartbeat_seconds=0.1) as service,
        live(service, tenant, event_type="none") as follower,
    ):
        start = follower.last_id
        await arrive(warehouse, redis, event(tenant.id, user_id="of no interest"))

        async def moved() -> bool:
            beat = await follower.next()
            assert beat is not None
            assert (beat.comment, beat.event, beat.data) == (True, "", None)
            return beat.id != start

        await until(moved)
        async with live(service, tenant, follower.last_id) as again:
            await arrive(warehouse, redis, event(tenant.id, user_id="next"))
            assert [one.user for one in await again.events(1)] == ["next"], "what was passed over does not come again"


@pytest.mark.stack
async def test_a_key_that_is_revoked_ends_what_it_opened(service: Service, tenant: Tenant, redis: Redis) -> None:
    projects = Projects(redis)
    key, token = await projects.create_key(tenant.id, Kind.QUERY)
    async with following(service._url, f"Bearer {token}") as follower:
        await projects.revoke_key(key.id)
        word = await follower.next()
        assert word is not None
        assert (word.event, word.data["error"].split(".")[0]) == ("dropped", "Authentication required")
        assert await follower.next() is None


@pytest.mark.stack
async def test_who_takes_nothing_is_cut_off_and_the_others_notice_nothing(
    place: Place, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    dropped, readers = counted("query_live_dropped_total"), counted("query_live_readers")
    settings = {"live_buffer_bytes": 200_000, "live_patience_seconds": 1.0}
    async with (
        served(place, **settings) as service,
        live(service, tenant) as healthy,
    ):
        with contextlib.closing(stalled(service, tenant)) as slow:

            async def both() -> bool:
                return counted("query_live_readers") == readers + 2

            await until(both)
            expected: list[str] = []

            async def alone() -> bool:
                rows = bulky(tenant, 10)
                await arrive(warehouse, redis, *rows)
                expected.extend(str(row["user_id"]) for row in rows)
                found = await healthy.events(10)
                assert [one.user for one in found] == [row["user_id"] for row in rows]
                return counted("query_live_readers") == readers + 1

            await until(alone, within=40)
            assert counted("query_live_dropped_total") == dropped + 1
            with contextlib.suppress(ConnectionResetError):
                slow.settimeout(10)
                while slow.recv(65536):
                    pass
        await arrive(warehouse, redis, event(tenant.id, user_id="last"))
        assert [one.user for one in await healthy.events(1)] == ["last"]


@pytest.mark.stack
async def test_who_was_too_slow_is_told_and_goes_on_where_he_was(
    place: Place, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    dropped = counted("query_live_dropped_total")
    settings = {"live_buffer_bytes": 100_000, "live_patience_seconds": 60.0}
    expected: list[str] = []
    async with served(place, **settings) as service:
        async with live(service, tenant) as slow:  # its connection holds some bytes, and then waits

            async def too_much() -> bool:
                rows = bulky(tenant, 40)
                await arrive(warehouse, redis, *rows)
                expected.extend(str(row["user_id"]) + str(row["_stream_ms"]) for row in rows)
                return counted("query_live_dropped_total") > dropped

            await until(too_much, within=40)
            while await slow.next():
                pass
            assert slow.closed
            *events, word = slow.seen[1:]
            assert (word.event, word.id) == ("dropped", "")
        seen = [one.user + one.id.split(".")[0] for one in events]
        assert 0 < len(seen) < len(expected)
        async with live(service, tenant, slow.last_id) as again:
            left = await again.events(len(expected) - len(seen))
    assert seen + [one.user + one.id.split(".")[0] for one in left] == expected


@pytest.mark.stack
async def test_a_process_that_is_told_to_end_lets_its_readers_go(
    place: Place, tenant: Tenant, warehouse: Client, redis: Redis
) -> None:
    port = free_port()
    env = {f"HEADRACE_{name.upper()}": value for name, value in place.items()}
    env |= {"HEADRACE_QUERY_PORT": str(port), "HEADRACE_SHUTDOWN_SECONDS": "600"}  # nobody could wait for this
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "queries"), env={**os.environ, **env}, stderr=asyncio.subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"

    async def ready() -> bool:
        async with aiohttp.ClientSession() as session:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/readyz") as answer:
                    return answer.status == 200
        return False

    try:
        await until(ready, within=60)
        async with following(url, tenant.bearer(Kind.QUERY)) as follower:
            await arrive(warehouse, redis, event(tenant.id, user_id="ada"))
            assert [one.user for one in await follower.events(1)] == ["ada"]
            process.terminate()
            while await follower.next():
                pass
            assert follower.closed
        async with asyncio.timeout(60):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
