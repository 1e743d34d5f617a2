"""The drain: one worker process and a backlog, beside a bare insert of the same rows into the same engine."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from clickhouse_connect.driver.client import Client

from ingest_api.progress import read_progress
from ingest_api.rules.normalise import Stamped
from ingest_api.stream import Install, connect
from tests import stores
from tests.appending import append
from tests.bench import children, prepared
from tests.bench.measure import Meter, Sample, alternate, median, ratio, spread
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome, noise
from tests.bench.room import room
from workers import migrate

_STAGE = "drain"
_SEED = 7
_POLL_SECONDS = 0.05
_WORKER = ("arq", "workers.worker.WorkerSettings")


def drain(plan: Plan) -> Outcome:
    """From the first lease to the last batch stored; then the rows are counted."""
    problems: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="headrace-bench-") as name,
        children.on_cpu(children.OTHERS),
        stores.local_clickhouse(Path(name)) as clickhouse,
    ):
        stores.migrate(clickhouse)
        entries = prepared.stamped(plan.backlog, _SEED)
        with migrate.connect(clickhouse) as client:
            runs = alternate(
                plan.rounds,
                lambda: _worker(entries, clickhouse, client, problems),
                lambda: _bare_insert(clickhouse, plan.backlog),
            )
    rate = median(runs[0]).rate
    lines = [
        Line(_STAGE, "worker", median(runs[0]), ratio(*runs), (Goal(">= 70,000/s", rate >= 70_000),), spread(*runs)),
        Line(_STAGE, "ceiling: bare Native insert", median(runs[1])),
    ]
    return Outcome(lines, noise(_STAGE, runs[1]), problems)


def _worker(entries: Sequence[Stamped], clickhouse: str, client: Client, problems: list[str]) -> Sample:
    """A new Redis with the backlog, an empty table, and one worker from its start."""
    client.command("TRUNCATE TABLE events")
    with room() as (folder, redis, made):
        asyncio.run(append(redis, made, entries))
        log = folder / "worker.log"
        env = {"HEADRACE_REDIS_URL": redis, "HEADRACE_CLICKHOUSE_URL": clickhouse}
        with children.subject(log, *_WORKER, env=env) as process:
            try:
                sample = asyncio.run(_watch(redis, made, process.pid, len(entries)))
            except TimeoutError as error:
                raise RuntimeError(f"{error}\n{log.read_text()}") from error
    stored = client.query("SELECT count() FROM events").result_rows[0][0]
    if stored != len(entries):
        problems.append(f"{_STAGE}: {len(entries)} events were appended and {stored} rows are in ClickHouse.")
    return sample


def _bare_insert(clickhouse: str, events: int) -> Sample:
    return children.answer(
        Sample, children.SUBJECT, 120, "tests.bench.bare_insert", clickhouse=clickhouse, events=events, seed=_SEED
    )


async def _watch(redis_url: str, made: Install, pid: int, wanted: int, within: float = 60.0) -> Sample:
    """From the worker's first lease until all is stored. Raises `TimeoutError`.

    Not from the first batch stored: by then those of the other shards are as good as done, a head start.
    """
    redis = connect(redis_url)
    deadline = time.monotonic() + within
    began, meter = 0.0, Meter(pid)
    stored = 0
    while stored < wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{stored} of {wanted} events were stored within {within:g} s.")
        shards = await read_progress(redis, made)
        stored = sum(shard.counters.get("stored", 0) for shard in shards)
        if not began and any(shard.owner for shard in shards):
            began, meter = time.perf_counter(), Meter(pid)
        await asyncio.sleep(_POLL_SECONDS)
    seconds = time.perf_counter() - began
    await redis.aclose()
    return meter.sample(wanted, wanted / seconds)
