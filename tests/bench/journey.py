"""End to end: the whole local stack under an even load, and how soon an acknowledged event is counted."""

import asyncio
import tempfile
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
_CONNECTIONS = 64


def journey(plan: Plan) -> Outcome:
    """First the load alone, for what it costs; then the load and probes, for how soon events are visible."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as home, running(Path(home)) as stack:
        return asyncio.run(_journey(plan, stack))


async def _journey(plan: Plan, stack: RunningStack) -> Outcome:
    await stack.until_healthy()
    _, warm = await _offer(plan, stack, 1.0)
    meters = {part.name: Meter(part.pid) for part in stack.parts() if part.pid}
    progress, alone = await _offer(plan, stack, plan.unprobed_seconds)
    samples = {name: meter.sample(alone.events, alone.rate) for name, meter in meters.items()}
    probes = Probes(stack.env)
    (_, beside), _ = await asyncio.gather(_offer(plan, stack, plan.probed_seconds), probes.run(plan.probed_seconds))
    lines = [
        Line(_STAGE, "acknowledgement, load alone", _total(alone, samples)),
        *(Line(_STAGE, f"  {name}", sample) for name, sample in samples.items()),
        _visible(probes, plan.probed_seconds),
    ]
    lag = max(shard.lag_seconds for shard in progress)
    notes = [
        f"{_STAGE}: lag at the end of the load {lag:.2f} s; {probes.acked} probes asked {probes.asked} questions, "
        f"beside {beside.rate:,.0f} events/s."
    ]
    acked = warm.events + alone.events + beside.events + probes.acked
    return Outcome(lines, notes, await _problems(stack, acked, warm.failed + alone.failed + beside.failed))


async def _offer(plan: Plan, stack: RunningStack, seconds: float) -> tuple[list[ShardProgress], Load]:
    """Events on schedule, one a request. Returns how far the drain was when the last was acknowledged."""
    port = urlsplit(stack.env["HEADRACE_INGEST_URL"]).port or 0
    token = stack.env["HEADRACE_WRITE_KEY"]
    load = await asyncio.to_thread(
        lambda: generate(port, token, rate=plan.offered, connections=_CONNECTIONS, seconds=seconds, within=seconds + 20)
    )
    return await _progress(stack), load


async def _progress(stack: RunningStack) -> list[ShardProgress]:
    redis = connect(stack.env["HEADRACE_REDIS_URL"])
    try:
        return await read_progress(redis, await read_install(redis))
    finally:
        await redis.aclose()


def _total(load: Load, samples: dict[str, Sample]) -> Sample:
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


def _visible(probes: Probes, seconds: float) -> Line:
    p50, p99 = (percentile(probes.visible, part) * 1000 for part in (0.5, 0.99))
    sample = Sample(events=probes.acked, rate=probes.acked / seconds, p50_ms=p50, p99_ms=p99)
    goals = (Goal("p50 <= 0.7 s", p50 <= 700), Goal("p99 <= 2 s", p99 <= 2000))
    return Line(_STAGE, "ack to visible, probes", sample, None, goals)


async def _problems(stack: RunningStack, acked: int, failed: int) -> list[str]:
    """Once the drain has caught up: every answer was a 200, and the rows are the acknowledged events, once each."""

    async def drained() -> bool:
        return sum(shard.waiting for shard in await _progress(stack)) == 0

    await until(drained, within=30)
    with migrate.connect(stack.env["HEADRACE_CLICKHOUSE_URL"]) as client:
        rows, distinct = client.query("SELECT count(), uniqExact(event_id) FROM events").result_rows[0]
    problems = [f"{_STAGE}: {failed} requests were not answered with 200."] if failed else []
    if rows != acked or distinct != acked:
        problems.append(f"{_STAGE}: {acked} events were acknowledged; ClickHouse has {rows} rows, {distinct} distinct.")
    return problems
