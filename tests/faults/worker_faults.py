"""Experiments that kill, stop and stall workers, and take their shards away."""

import asyncio
import signal
from typing import Any, cast

import arq
import orjson
import psutil  # type: ignore[import-untyped]  # it ships no types

from ingest_api import fault
from ingest_api.stream import fcall
from tests.faults import poison
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play
from tests.faults.servers import redis_url
from tests.waiting import until
from workers.source import trim

#: longer than a lease and than a silent worker counts among its peers, so that its shards are taken
_STALL_SECONDS = 9


async def killed_at_random(play: Play) -> None:
    """SIGKILL at a random moment, then a new worker."""
    for _ in range(play.rounds):
        await play.committed(play.dice.randint(1, 20))
        await play.stage.worker.kill()
        await play.stage.replace_worker()
    play.notes.append(f"{play.rounds} kills")


def killed_at(point: str, *, poisoned: bool = False) -> Experiment:
    """The worker passes this point once and no further."""

    async def breaks(play: Play) -> None:
        """The worker ends by itself at this point; a new one follows."""
        stage = play.stage
        for nth in range(1, play.rounds + 1):
            await stage.worker.kill()
            await stage.forget_dead_workers()
            if poisoned:
                await poison.no_events(play, nth)
            await stage.worker.launch(f"{point}:1")
            code = await stage.worker.ended()
            assert code == fault.KILLED, f"{point} was not reached: the worker ended with {code}"
        await stage.replace_worker()
        play.notes.append(f"reached {play.rounds} times")

    return Experiment(f"worker killed at {point.removeprefix('worker.')}", breaks, ONCE, quick=True)


async def killed_after_a_trim(play: Play) -> None:
    """The worker ends right after it trimmed a stream."""
    stage = play.stage
    await stage.worker.kill()
    await stage.forget_dead_workers()
    await stage.worker.launch("worker.after_trim:1", HEADRACE_KEEP_MINUTES="0")
    redis = await arq.create_pool(
        arq.connections.RedisSettings.from_dsn(redis_url(stage.link.target)),
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
    )
    await redis.enqueue_job("cron:trim_shards", _queue_name="headrace:jobs")
    await redis.aclose()
    code = await stage.worker.ended()
    assert code == fault.KILLED, f"no trim: the worker ended with {code}"
    await stage.replace_worker()


async def paused_beyond_its_lease(play: Play) -> None:
    """SIGSTOP until another worker has its shards, then SIGCONT."""
    stage = play.stage
    await stage.other_worker.start()
    for _ in range(play.rounds):
        stage.worker.signal(signal.SIGSTOP)
        try:
            await _all_shards_belong_to(play, stage.other_worker.pid)
        finally:
            stage.worker.signal(signal.SIGCONT)
        await play.recorder.acknowledge(50)
    play.notes.append(f"taken over {play.rounds} times")


def stalled_at(point: str) -> Experiment:
    """A zombie: it goes on with a batch that another worker has finished."""

    async def breaks(play: Play) -> None:
        """The worker's event loop blocks at this point until another worker has its shards, then goes on."""
        stage = play.stage
        await stage.worker.kill()
        await stage.forget_dead_workers()
        await stage.worker.launch(f"{point}:2:stall={_STALL_SECONDS}")
        await stage.other_worker.start()
        await _logged(play, f"{point} reached")
        await _all_shards_belong_to(play, stage.other_worker.pid)
        await _logged(play, "another worker took the shard", within=_STALL_SECONDS + 5)
        play.notes.append("its commit was refused")

    return Experiment(f"worker stalled at {point.removeprefix('worker.')}", breaks, ONCE)


async def forged_lease(play: Play) -> None:
    """Somebody takes the lease of a living worker, reads its batch, and lets the lease run out."""
    stage, redis = play.stage, play.stage.client
    shard = (await stage.install()).shards[0]
    for number in range(play.rounds):
        await redis.delete(shard.lease)
        forged = await fcall(redis, "lease", [shard.lease, shard.epoch], f"forged-{number}", 1500)
        await fcall(redis, "take", [shard.frames, shard.epoch], forged, 100, 1 << 20, 0)

        async def taken_back(epoch: int = forged) -> bool:
            return int(await cast("Any", redis).get(shard.epoch)) > epoch

        await until(taken_back, within=15)
    await redis.aclose()
    play.notes.append(f"forged {play.rounds} times")


async def trimmed_all_the_time(play: Play) -> None:
    """Everything below the floor is trimmed without a margin, over and over, while workers are killed."""
    stage, redis = play.stage, play.stage.client
    install, dropped = await stage.install(), 0

    async def trimming() -> None:
        nonlocal dropped
        while True:
            dropped += sum([await trim(redis, shard, 0) for shard in install.shards])
            await asyncio.sleep(0.01)

    task = asyncio.ensure_future(trimming())
    try:
        await killed_at_random(play)
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        await redis.aclose()
    assert isinstance(ended, asyncio.CancelledError), f"the trim failed: {ended!r}"
    assert dropped, "nothing was trimmed"
    play.notes.append(f"{dropped} entries trimmed")


async def out_of_memory(play: Play) -> None:
    """The worker may have no more memory than it has (RLIMIT_AS), then it may; one that fails its check is replaced."""
    process = psutil.Process(play.stage.worker.pid)
    had = process.rlimit(psutil.RLIMIT_AS)
    process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms, had[1]))
    try:
        await play.recorder.send(3000, padding=2000)
        await asyncio.sleep(0.2)
    finally:
        if play.stage.worker.lives:
            process.rlimit(psutil.RLIMIT_AS, had)
    if not play.stage.worker.lives:
        play.notes.append("ended")
        await play.stage.replace_worker()
        return
    try:
        await play.committed(1, within=5)
        play.notes.append("went on")
    except TimeoutError:  # CPython's Thread.start waits for ever for a thread that had no memory to begin
        play.notes.append(await until(play.unhealthy, within=30))
        await play.stage.worker.kill()
        await play.stage.replace_worker()


async def stopped_and_replaced(play: Play) -> None:
    """A second worker starts, the first gets SIGTERM, over and over."""
    stage = play.stage
    first, second = stage.worker, stage.other_worker
    for _ in range(play.rounds):
        await second.start()
        code = await first.stop()
        assert code == 0, f"SIGTERM ended it with {code}"
        await play.recorder.acknowledge(50)
        first, second = second, first
    play.notes.append(f"{play.rounds} handovers")


async def _all_shards_belong_to(play: Play, pid: int) -> None:
    async def theirs() -> bool:
        return all(f":{pid}:" in shard.owner for shard in await play.stage.progress())

    await until(theirs, within=20)


async def _logged(play: Play, text: str, within: float = 15) -> None:
    async def said() -> bool:
        return text in play.stage.worker.log.read_text()

    await until(said, within=within)


_POINTS = ("after_lease", "after_take", "after_decode", "after_insert", "after_commit")
EXPERIMENTS = (
    Experiment("worker killed at random", killed_at_random, ONCE, quick=True),
    *(killed_at(f"worker.{point}") for point in _POINTS),
    killed_at("worker.after_verdict", poisoned=True),
    killed_at("worker.mid_insert", poisoned=True),
    Experiment("worker killed at after_trim", killed_after_a_trim, ONCE, quick=True),
    Experiment("worker paused beyond its lease", paused_beyond_its_lease, ONCE, quick=True),
    stalled_at("worker.after_take"),
    stalled_at("worker.after_insert"),
    Experiment("forged lease", forged_lease, ONCE, quick=True),
    Experiment("trimmed all the time", trimmed_all_the_time, f"{ONCE}; nothing above the floor is trimmed", quick=True),
    Experiment("worker out of memory", out_of_memory, ONCE),
    Experiment("workers replaced one by one", stopped_and_replaced, ONCE, quick=True),
)
