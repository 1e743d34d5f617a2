"""Who is well: judged by what is said, and by real processes that hang, block, wait or idle."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator

import pytest

from ingest_api.stream import Install, Redis, connect
from tests.appending import append
from tests.ingest_api.events import stamped
from tests.waiting import until
from workers import health
from workers.heartbeat import Heartbeat, exchange, read, redis_ms
from workers.settings import Settings

HOST = socket.gethostname()
NOW = 1_795_000_000_000
#: what a worker process does, less arq
FLEET = """
import asyncio, sys, time
from ingest_api.stream import connect
from workers.fleet import Fleet
from workers.settings import Settings
async def main(blocked):
    fleet = Fleet(connect(Settings().redis_url), Settings())
    fleet.start()
    await asyncio.sleep(2)
    if blocked: time.sleep(600)
    await asyncio.sleep(600)
asyncio.run(main(len(sys.argv) > 1))
"""


def beat(state: str = "draining", problem: str = "", pid: int = 7, ago: int = 0, host: str = HOST) -> Heartbeat:
    """What a worker said so many milliseconds ago."""
    return Heartbeat(f"{host}:{pid}", pid, host, NOW - 60_000, NOW - ago, [0, 1], state, problem)


@pytest.mark.parametrize(
    ("said", "well", "sentence"),
    [
        ([], False, "No worker of this host has said anything."),
        ([beat()], True, "worker 7 is draining"),
        ([beat("waiting", "ClickHouse: away")], True, "worker 7 is waiting: ClickHouse: away"),
        ([beat("halted", "shard 1: too many rejected")], True, "worker 7 is halted: shard 1: too many rejected"),
        ([beat("stuck", "shard 1 has not moved")], False, "worker 7 is stuck: shard 1 has not moved"),
        ([beat(ago=10_001)], False, "worker 7 has said nothing for 10 s: its process hangs"),
        ([beat(), beat("stuck", "shard 0", pid=8)], False, "worker 8 is stuck: shard 0"),
    ],
)
def test_silent_and_stuck_workers_are_not_well_and_those_that_wait_are(
    said: list[Heartbeat], well: bool, sentence: str
) -> None:
    assert health.judge(said, NOW) == (well, sentence)


async def test_without_redis_no_worker_is_to_blame() -> None:
    redis = connect("redis://127.0.0.1:1/0")
    well, sentence = await health.ask(redis, HOST)
    await redis.aclose()
    assert (well, sentence.startswith("Redis does not answer")) == (True, True)


@pytest.mark.stack
async def test_only_processes_of_this_host_that_live_are_asked_for_and_only_their_last_words(redis: Redis) -> None:
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    now = await redis_ms(redis)
    for one in (
        Heartbeat("elsewhere", os.getpid(), "elsewhere", now, now, [], "stuck"),
        Heartbeat("dead", ended.pid, HOST, now, now, [], "stuck"),
        Heartbeat("predecessor", os.getpid(), HOST, now - 50_000, now - 40_000, [], "stuck"),
        Heartbeat("me", os.getpid(), HOST, now, now, [], "draining"),
    ):
        await exchange(redis, one)
    assert await health.ask(redis, HOST) == (True, f"worker {os.getpid()} is draining")


@contextlib.asynccontextmanager
async def worker(settings: Settings, *, blocked: bool = False, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that drains; a blocked one does so for two seconds."""
    known = {"HEADRACE_REDIS_URL": settings.redis_url, "HEADRACE_CLICKHOUSE_URL": settings.clickhouse_url, **env}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FLEET, *(["blocked"] * blocked)), env={**os.environ, **known}
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def check(settings: Settings) -> tuple[int | None, str]:
    """Exit code and sentence of the command."""
    asked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.health"),
        env={**os.environ, "HEADRACE_REDIS_URL": settings.redis_url},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asked.communicate()
    return asked.returncode, said.decode().strip()


async def answers(settings: Settings, code: int, words: str) -> None:
    """Wait until the command ends so and says so."""

    async def so() -> bool:
        ended, said = await check(settings)
        return ended == code and words in said

    await until(so, within=40)


@pytest.mark.stack
async def test_a_worker_with_nothing_to_do_is_well_and_one_that_is_stopped_is_not(
    made: Install, settings: Settings
) -> None:
    async with worker(settings) as process:
        await answers(settings, 0, f"worker {process.pid} is draining")
        process.send_signal(signal.SIGSTOP)
        await answers(settings, 1, f"worker {process.pid} has said nothing for")
        process.send_signal(signal.SIGCONT)
        await answers(settings, 0, f"worker {process.pid} is draining")


@pytest.mark.stack
async def test_a_worker_whose_loop_is_blocked_is_not_well(made: Install, settings: Settings) -> None:
    async with worker(settings, blocked=True) as process:
        await answers(settings, 0, "draining")
        await answers(settings, 1, f"worker {process.pid} has said nothing for")


@pytest.mark.stack
async def test_a_worker_that_waits_for_an_absent_clickhouse_is_well_for_as_long_as_it_takes(
    redis: Redis, redis_url: str, made: Install, settings: Settings
) -> None:
    await append(redis_url, made, [stamped(number=i) for i in range(9)])
    away = settings.model_copy(update={"clickhouse_url": "http://u:p@127.0.0.1:1/?database=x"})
    async with worker(away, HEADRACE_STUCK_SECONDS="0.5"):

        async def unmoved() -> bool:
            return any(one.seen_at - one.moved_at > 3000 for one in await read(redis))

        await until(unmoved)
        code, said = await check(away)
        assert (code, "is waiting: ClickHouse: " in said) == (0, True)


@pytest.mark.stack
async def test_a_worker_that_holds_a_batch_and_does_not_move_is_stuck(
    redis: Redis, redis_url: str, made: Install, settings: Settings
) -> None:
    await append(redis_url, Install(made.id, 1, made.window_ms), [stamped(number=1)])
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # lets everybody in, and says nothing
        port = deaf.getsockname()[1]
        silent = settings.model_copy(update={"clickhouse_url": f"http://u:p@127.0.0.1:{port}/?database=x"})
        async with worker(silent, HEADRACE_STUCK_SECONDS="0.5"):
            await answers(silent, 1, "is stuck: shard 0 has not moved for")
