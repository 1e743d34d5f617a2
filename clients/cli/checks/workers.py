"""Do the workers live, is every shard in somebody's hands, and how far behind are they?"""

from typing import Any, cast

import msgspec

from clients.cli.checks.redis import INSTALLATION
from clients.cli.checkup import Check, Finding, Probe, fail, ok, warn
from ingest_api import stream
from ingest_api.progress import ShardProgress, read_progress
from ingest_api.stream import Install

#: a worker that said nothing for this long is taken for dead
SEEN_MS = 10_000
LAG_WARN, LAG_FAIL = 5.0, 60.0
_RESTART = "Restart it: what it holds is in its pending list, and another worker takes it from there. Keep its log."
_START = "Start one (python -m workers, or `make up`), and read its log if it ends again."
_HALTED = (
    "`headrace rejected list` shows the shard; deploy what can store its events, or let them be set aside: "
    "headrace rejected allow SHARD."
)


class Worker(msgspec.Struct):
    """What a worker says of itself. Times are Unix milliseconds by Redis's clock."""

    id: str
    pid: int = 0
    host: str = ""
    seen_at: float = 0
    shards: list[int] = []
    state: str = ""
    problem: str | None = None


async def alive(probe: Probe) -> Finding:
    """At least one, none stuck, and none with a problem."""
    redis = cast("Any", probe.redis())
    seconds, _ = await redis.time()
    said = [msgspec.json.decode(raw, type=Worker) for raw in await redis.hvals(stream.WORKERS)]
    live = [worker for worker in said if seconds * 1000 - worker.seen_at <= SEEN_MS]
    if not live:
        dead = f"; {len(said)} said nothing for {SEEN_MS // 1000} s" if said else ""
        return fail(f"no worker is alive{dead}", _START)
    stuck = [f"{_name(worker)} is stuck: {worker.problem}" for worker in live if worker.state == "stuck"]
    if stuck:
        return fail("; ".join(stuck), _RESTART)
    halted = [worker.problem for worker in live if worker.state == "halted" and worker.problem]
    if halted:
        return fail("; ".join(halted), _HALTED)
    troubled = [f"{_name(worker)}: {worker.problem}" for worker in live if worker.problem]
    if troubled:
        return warn(
            "; ".join(troubled), "The other lines may name the cause; the worker goes on by itself once it is gone."
        )
    silent = [_name(worker) for worker in said if worker not in live]
    if silent:
        return warn(
            f"{len(live)} alive; {', '.join(silent)} said nothing for {SEEN_MS // 1000} s",
            "It was killed, or it hangs: end it if it still runs. It is forgotten after a minute.",
        )
    return ok(f"{len(live)} alive: " + ", ".join(map(_name, live)))


async def owned(probe: Probe) -> Finding:
    """Every shard has a worker."""
    progress = await _progress(probe)
    free = [shard.shard for shard in progress if not shard.owner]
    if free:
        return fail(
            f"nobody drains shard {_list(free)}",
            "A dead worker's shards are taken over within seconds; else: " + _START,
        )
    owners = {shard.owner for shard in progress}
    return ok(f"{len(progress)} shards with {len(owners)} worker{'s' if len(owners) > 1 else ''}")


async def lag(probe: Probe) -> Finding:
    """Seconds between an event's acknowledgement and its visibility."""
    progress = await _progress(probe)
    worst = max(shard.lag_seconds for shard in progress)
    waiting = sum(shard.waiting for shard in progress)
    if worst <= LAG_WARN:
        return ok(f"{worst:.1f} s at most, {waiting:,} events wait")
    late = [shard.shard for shard in progress if shard.lag_seconds > LAG_WARN]
    found = f"{worst:.0f} s, {waiting:,} events wait (shard {_list(late)})"
    remedy = "If ClickHouse and the workers are well, start more workers: up to one for each shard."
    return fail(found, remedy) if worst > LAG_FAIL else warn(found, remedy)


async def _progress(probe: Probe) -> list[ShardProgress]:
    return await read_progress(probe.redis(), cast("Install", probe.install))


def _name(worker: Worker) -> str:
    return f"{worker.host} (pid {worker.pid})"


def _list(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


CHECKS = (
    Check("workers alive", alive, needs=INSTALLATION),
    Check("shards owned", owned, needs=INSTALLATION),
    Check("lag", lag, needs=INSTALLATION),
)
