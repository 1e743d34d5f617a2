"""Heavy questions beside producers: how much later events are acknowledged while fifty of them are asked at a time."""

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp

from deploy.local import demo_project
from deploy.local.running import RunningStack, running
from tests.bench.journey import offer
from tests.bench.measure import Sample, median, ratio, spread
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome
from workers import migrate

_STAGE = "50 heavy questions"
_ASKERS = 50
_EVENTS = 2_000_000
_GOAL = 2.0
#: everybody of a month, counted exactly, by the hour: nothing that a rollup answers
_QUESTION: Mapping[str, str] = {
    "metric": "unique_users",
    "period": "30d",
    "interval": "hour",
    "filter": '["contains","title","7"]',
}
_FILL = """
INSERT INTO events (event_id, project, name, kind, occurred_at, received_at, dialect, client_id, title, path,
    device_type, country, properties, _stream_ms, _index)
SELECT generateUUIDv4(), {project:String}, ['page_view', 'click', 'purchase'][number % 3 + 1], 'event',
    now64(3) - toIntervalMillisecond(number * 1296), now64(3), 'intake', toString(cityHash64(number) % 200000),
    concat('Page ', toString(number % 1000)), concat('/', toString(number % 1000)), 'desktop', 'DE', '{"price": 1}',
    1, number
FROM numbers({events:UInt64})
"""


def heavy(plan: Plan) -> Outcome:
    """Events on schedule, beside fifty who ask and ask, and alone, in turn."""
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as home, running(Path(home)) as stack:
        return asyncio.run(_heavy(plan, stack))


async def _heavy(plan: Plan, stack: RunningStack) -> Outcome:
    await stack.until_healthy()
    await asyncio.to_thread(_fill, stack.env)
    await _offer(plan, stack)
    beside, alone, answered = [], [], Counter[int]()
    for _ in range(plan.rounds):
        async with _asking(stack.env, answered):
            beside.append(await _offer(plan, stack))
        alone.append(await _offer(plan, stack))
    later = (median(beside).p99_ms or 0) / (median(alone).p99_ms or 1)
    goal = Goal(f"p99 {later:.2f}x <= {_GOAL:g}x", later <= _GOAL)
    lines = [
        Line(_STAGE, "beside them", median(beside), ratio(beside, alone), (goal,), spread(beside, alone)),
        Line(_STAGE, "without them", median(alone)),
    ]
    problems = [
        f"{_STAGE}: {answered[status]} answers were {status}" for status in answered if status not in {200, 429}
    ]
    return Outcome(lines, [f"{_STAGE}: {answered[200]} answered, {answered[429]} told to come again."], problems)


def _fill(env: Mapping[str, str]) -> None:
    with migrate.connect(env["HEADRACE_CLICKHOUSE_URL"]) as client:
        client.command(_FILL, parameters={"project": demo_project.PROJECT, "events": _EVENTS})


async def _offer(plan: Plan, stack: RunningStack) -> Sample:
    load = await offer(stack, plan.offered, plan.probed_seconds / 2)
    if load.failed:
        raise RuntimeError(f"{load.failed} events were not acknowledged")
    return Sample(events=load.events, rate=load.rate, p50_ms=load.p50_ms, p99_ms=load.p99_ms)


@contextlib.asynccontextmanager
async def _asking(env: Mapping[str, str], answered: "Counter[int]") -> AsyncIterator[None]:
    headers = {"Authorization": f"Bearer {env['HEADRACE_QUERY_KEY']}"}

    async def ask(session: aiohttp.ClientSession) -> None:
        while True:
            async with session.get(f"{env['HEADRACE_QUERY_URL']}/api/v1/stats", params=_QUESTION) as answer:
                await answer.read()
                answered[answer.status] += 1

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        askers = [asyncio.ensure_future(ask(session)) for _ in range(_ASKERS)]
        try:
            yield
        finally:
            for one in askers:
                one.cancel()
            await asyncio.gather(*askers, return_exceptions=True)
