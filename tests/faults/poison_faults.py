"""Experiments with entries that can never become rows."""

from typing import Any, cast

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from ingest_api import halt
from ingest_api.halt import Halt
from ingest_api.stream import WORKERS
from tests.faults import poison
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play
from tests.waiting import until

_SOON = {"HEADRACE_BREAKER_RETRY_SECONDS": "2"}
_SMALL = {"HEADRACE_ISOLATE_BYTES": str(128 << 20)}
_REJECTED = f"rejected rows with their reasons, neighbours stored; {ONCE}"


async def frames_that_are_none(play: Play) -> None:
    """Entries that are no frames, among good ones."""
    for _ in range(play.rounds):
        await play.recorder.acknowledge(30)
        await poison.no_frame(play)
    play.notes.append(f"{play.rounds} entries")


async def rows_that_are_no_events(play: Play) -> None:
    """Frames whose rows are no events, among good ones."""
    for _ in range(play.rounds):
        await play.recorder.acknowledge(30)
        await poison.no_events(play, 5)
    play.notes.append(f"{play.recorder.poisoned} rows")


async def rows_that_clickhouse_refuses(play: Play) -> None:
    """Frames with events whose properties ClickHouse does not take, each between two good ones."""
    for _ in range(play.rounds):
        await play.recorder.acknowledge(30)
        await poison.refused_properties(play, 3)
    play.notes.append(f"{play.recorder.poisoned} rows")


async def a_deploy_that_reads_nothing(play: Play) -> None:
    """So many rows are rejected that the breaker halts the shards; new workers halt again; then one lets them pass."""
    await poison.no_events(play, 300)
    await _halted(play)
    before = (await play.stage.progress())[0].counters.get("rejected", 0)
    await play.stage.worker.kill()
    await play.stage.replace_worker()
    await _halted(play)
    assert (await play.stage.progress())[0].counters.get("rejected", 0) == before, "rejected all the same"
    await play.stage.worker.kill()
    await play.stage.replace_worker(HEADRACE_BREAKER_EVENTS="100000", HEADRACE_BREAKER_RUN="100000")
    play.notes.append(f"{play.recorder.poisoned} rows")


async def an_operator_lets_it_pass(play: Play) -> None:
    """The breaker halts the shards, and an operator lets their batches pass, as `headrace rejected allow` does."""
    await poison.no_events(play, 300)
    await _halted(play)
    redis, install = play.stage.client, await play.stage.install()

    async def halted() -> list[Halt]:
        found = await halt.read(redis, install)
        return found if len(found) == install.shard_count else []

    for one in await until(halted):
        await halt.allow(redis, install.shards[one.shard], one)
    await redis.aclose()


async def kills_its_worker(play: Play) -> None:
    """An entry needs more memory than its worker may have (RLIMIT_AS); workers that end or hang are replaced."""
    worker, workers = play.stage.worker, 1
    _limit(play)
    await poison.a_bomb(play)

    async def isolated() -> bool:
        nonlocal workers
        if not worker.lives or await play.unhealthy():
            await worker.kill()
            await play.stage.replace_worker()
            _limit(play)
            workers += 1
        found = await play.stage.sql("SELECT count() FROM rejected_events FINAL")
        return bool(found[0][0])

    await until(isolated, within=90)
    ((reason,),) = await play.stage.sql("SELECT substring(reason, 1, 60) FROM rejected_events LIMIT 1")
    play.notes.append(f"{workers} workers; rejected: {reason}")
    await worker.kill()
    await play.stage.replace_worker()


def _limit(play: Play) -> None:
    process = psutil.Process(play.stage.worker.pid)
    most = process.memory_info().vms + (1 << 30)
    process.rlimit(psutil.RLIMIT_AS, (most, process.rlimit(psutil.RLIMIT_AS)[1]))


async def _halted(play: Play) -> None:
    redis = play.stage.client

    async def told() -> bool:
        beats = [msgspec.json.decode(raw) for raw in await cast("Any", redis.hvals(WORKERS))]
        return any(beat["state"] == "halted" and beat["pid"] == play.stage.worker.pid for beat in beats)

    await until(told, within=30)
    await redis.aclose()


EXPERIMENTS = (
    Experiment("entries that are no frames", frames_that_are_none, _REJECTED, quick=True),
    Experiment("rows that are no events", rows_that_are_no_events, _REJECTED),
    Experiment("rows that ClickHouse refuses", rows_that_clickhouse_refuses, _REJECTED, quick=True),
    Experiment(
        "a deploy that reads nothing", a_deploy_that_reads_nothing, f"halted, nothing rejected; then {_REJECTED}"
    ),
    Experiment("an operator lets it pass", an_operator_lets_it_pass, f"halted; then {_REJECTED}", env=_SOON),
    Experiment("an entry that kills its worker", kills_its_worker, _REJECTED, env=_SMALL),
)
