"""End to end: the whole local stack under an even load, and how soon an acknowledged event is counted."""

import asyncio
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.running import RunningStack, running
from ingest_api.progress import ShardProgress, read_progress
from ingest_api.stream import connect, read_install
from tests.bench.front_door import Load, generate
from tests.bench.measure import Meter, Sample, percentile
from tests.bench.plan import Plan
from tests.bench.probes import Probes
from tests.bench.report import Goal, Line, Outcome
from tests.waiting import until
from workers import migrate

_STAGE = "end to end"
_CONNECTIONS = 128


def journey(plan: Plan) -> Outcome:
    """First the load alone, for what it costs; then the load and probes, for how soon events are visible."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as home, running(Path(home)) as stack:
        return asyncio.run(_journey(plan, stack))


async def _journey(plan: Plan, stack: RunningStack) -> Outcome:
    await stack.until_healthy()
    warm = await offer(stack, plan.offered, 1.0)
    alone, samples = await metered(stack, offer(stack, plan.offered, plan.unprobed_seconds))
    lag = await late(stack)
    probes = Probes(stack.env)
    seconds = plan.probed_seconds
    beside, _ = await asyncio.gather(offer(stack, plan.offered, seconds), probes.run(seconds))
    lines = [
        Line(_STAGE, "acknowledgement, load alone", total(alone, samples)),
        *(Line(_STAGE, f"  {name}", sample) for name, sample in samples.items()),
        visible(_STAGE, probes, seconds, p50_ms=700, p99_ms=2000),
    ]
    notes = [
        f"{_STAGE}: lag at the end of the load {lag:.2f} s; {probes.acked} probes asked {probes.asked} questions, "
        f"beside {beside.rate:,.0f} events/s."
    ]
    acked = warm.events + alone.events + beside.events + probes.acked
    return Outcome(lines, notes, await problems(_STAGE, stack, acked, warm.failed + alone.failed + beside.failed))


async def offer(stack: RunningStack, rate: int, seconds: float, batch: int = 1) -> Load:
    """Events on schedule, so many a request; where that is too much, all of them, as fast as they are taken."""
    port, token = urlsplit(stack.env["HEADRACE_INGEST_URL"]).port or 0, stack.env["HEADRACE_WRITE_KEY"]
    within, asked = 3 * seconds + 60, {"rate": rate, "batch": batch, "connections": _CONNECTIONS, "seconds": seconds}
    return await asyncio.to_thread(lambda: generate(port, token, within=within, **asked))


async def metered(stack: RunningStack, offered: Awaitable[Load]) -> tuple[Load, dict[str, Sample]]:
    """A load, and of each part what it took while that was offered."""
    meters = {part.name: Meter(part.pid) for part in stack.parts() if part.pid}
    load = await offered
    return load, {name: meter.sample(load.events, load.rate) for name, meter in meters.items()}


async def late(stack: RunningStack) -> float:
    """Seconds that the oldest event waits."""
    return max(shard.lag_seconds for shard in await _progress(stack))


async def _progress(stack: RunningStack) -> list[ShardProgress]:
    redis = connect(stack.env["HEADRACE_REDIS_URL"])
    try:
        return await read_progress(redis, await read_install(redis))
    finally:
        await redis.aclose()


def total(load: Load, samples: dict[str, Sample]) -> Sample:
    """All parts together, without the generator."""
    return Sample(
        events=load.events,
        rate=load.rate,
        p50_ms=load.p50_ms,
        p99_ms=load.p99_ms,
        cpu_ms=sum(one.cpu_ms or 0 for one in samples.values()),
        rss_mb=sum(one.rss_mb or 0 for one in samples.values()),
        peak_mb=sum(one.peak_mb or 0 for one in samples.values()),
    )


def visible(stage: str, probes: Probes, seconds: float, *, p50_ms: int, p99_ms: int) -> Line:
    """How soon probes were counted, and how soon they should have been."""
    p50, p99 = (percentile(probes.visible, part) * 1000 for part in (0.5, 0.99))
    sample = Sample(events=probes.acked, rate=probes.acked / seconds, p50_ms=p50, p99_ms=p99)
    goals = (Goal(f"p50 <= {p50_ms / 1000:g} s", p50 <= p50_ms), Goal(f"p99 <= {p99_ms / 1000:g} s", p99 <= p99_ms))
    return Line(stage, "ack to visible, probes", sample, None, goals)


async def problems(stage: str, stack: RunningStack, acked: int, failed: int) -> list[str]:
    """Once the drain has caught up: every answer was a 200, and the rows are the acknowledged events, once each."""

    async def drained() -> bool:
        return sum(shard.waiting for shard in await _progress(stack)) == 0

    await until(drained, within=30)
    with migrate.connect(stack.env["HEADRACE_CLICKHOUSE_URL"]) as client:
        rows, distinct = client.query("SELECT count(), uniqExact(event_id) FROM events").result_rows[0]
    found = [f"{stage}: {failed} requests were not answered with 200."] if failed else []
    if rows != acked or distinct != acked:
        found.append(f"{stage}: {acked} events were acknowledged; ClickHouse has {rows} rows, {distinct} distinct.")
    return found
