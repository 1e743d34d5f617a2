"""Workers as processes of their own: killed at every step of a rejection, and by an entry that takes all memory."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.fault import KILLED, VARIABLE
from ingest_api.progress import read_progress
from ingest_api.stream import Redis, install
from tests.waiting import until
from tests.workers.entries import event
from tests.workers.putting import NOT_JSON, UNREADABLE, put, put_frame
from tests.workers.test_isolate import killer

pytestmark = pytest.mark.stack

#: a worker needs less than half of it, the killer (200 MB, and a copy) takes the rest and more
MEMORY = 450 * 1024 * 1024


@contextmanager
def worker(addresses: dict[str, str], log: Path, **env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker, until the context ends."""
    # without its own arena for each thread what a process reserves is what it uses
    env |= {**addresses, "HEADRACE_LEASE_SECONDS": "1.5", "MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, "-m", "arq", "workers.worker.WorkerSettings"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**os.environ, **env}, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def addresses(redis_url: str, clickhouse_url: str) -> dict[str, str]:
    """Where the stores are, as a worker hears it."""
    return {"HEADRACE_REDIS_URL": redis_url, "HEADRACE_CLICKHOUSE_URL": clickhouse_url}


async def rows(warehouse: AsyncClient, table: str) -> list[int]:
    """The numbers of the events of every physical row."""
    found = (await warehouse.query(f"SELECT toString(event_id) FROM {table}")).result_rows
    return sorted(int(row[0][-4:], 16) for row in found)


async def test_an_entry_that_takes_all_memory_is_set_aside_and_its_neighbours_are_stored(
    redis: Redis, addresses: dict[str, str], warehouse: AsyncClient, tmp_path: Path
) -> None:
    made = await install(redis, 1, 3600)
    (shard,) = made.shards
    _, fields = killer("0-0")
    assert fields is not None
    await put(redis, shard, [event(1)])
    await put_frame(redis, shard, fields[1], 1)
    await put(redis, shard, [event(2)])

    async def settled() -> bool:
        return (await read_progress(redis, made))[0].waiting == 0

    with worker(addresses, tmp_path / "worker.log", HEADRACE_ISOLATE_BYTES=str(256 * 1024 * 1024)) as process:
        resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))  # as a container would
        await until(settled, within=60)
    assert await rows(warehouse, "events") == [1, 2]
    rejected = (await warehouse.query("SELECT kind, startsWith(reason, 'kills: ') FROM rejected_events")).result_rows
    assert [tuple(row) for row in rejected] == [("frame", 1)]
    said = (tmp_path / "worker.log").read_text()
    assert said.count("a drain failed") == 2, "the worker itself ran into it, twice"
    assert said.count("MemoryError") >= 2


@pytest.mark.parametrize("point", [
    "worker.after_decode:1",  # nothing is decided
    "worker.mid_insert:1",  # some of the bad rows are found
    "worker.after_verdict:1",  # one is written down, and the insert will be refused
    "worker.after_verdict:2",  # all are
    "worker.mid_insert:2",  # the good ones are stored, the bad ones are not
    "worker.after_insert:1",  # all are stored, nothing is committed
])  # fmt: skip
async def test_a_worker_killed_while_it_sets_events_aside_doubles_and_loses_nothing(
    redis: Redis, addresses: dict[str, str], warehouse: AsyncClient, tmp_path: Path, point: str
) -> None:
    made = await install(redis, 1, 3600)
    (shard,) = made.shards
    await put(redis, shard, [event(1), NOT_JSON, UNREADABLE, event(2)])
    with worker(addresses, tmp_path / "killed.log", **{VARIABLE: point}) as killed:

        async def ended() -> bool:
            return killed.poll() is not None

        await until(ended, within=30)
    assert killed.returncode == KILLED

    async def settled() -> bool:
        return (await read_progress(redis, made))[0].waiting == 0

    with worker(addresses, tmp_path / "next.log"):
        await until(settled, within=30)
    assert await rows(warehouse, "events") == [1, 2]
    assert await rows(warehouse, "rejected_events") == [901, 903]
    counters = (await read_progress(redis, made))[0].counters
    assert (counters["stored"], counters["rejected"]) == (2, 2)
