"""Endurance: the whole local stack for minutes under as much as it should bear, and half of that with probes.

Generator, front door, Redis, worker and engine share the machine. Lag is looked at each second, memory too: Redis's is
told apart, for the index of keys and the kept tail grow with every event, as they must.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import process
from deploy.local.running import RunningStack, running
from tests.bench.journey import late, metered, offer, problems, total, visible
from tests.bench.plan import Plan
from tests.bench.probes import Probes
from tests.bench.report import Goal, Line, Outcome

_STAGE = "endurance"
_WARM_SECONDS = 10.0
_LOOK_SECONDS = 1.0
_LAG_SECONDS = 3.0
#: of CPU for 1,000 events in batches, without the generator
_CPU_MS = 40
#: ten million keys do not fit into what the local stack has by default
_ENV = {"HEADRACE_LOCAL_REDIS_MAXMEMORY": "4gb"}
#: what memory may grow from the second fifth of a run to its last, Redis left out
_FLAT = 1.1
#: seconds from probe to probe, and from an answer to the next question: what they ask is no part of the load
_PROBES = (0.5, 0.05)
#: share of what is offered that is acknowledged at the least
_KEPT = 0.99


@dataclass(frozen=True, slots=True)
class Burden:
    """What is offered: events a second, so many in a request."""

    name: str
    rate: int
    batch: int


BURDENS = (Burden("batches of 100", 35_000, 100), Burden("single events", 12_000, 1))


@dataclass(slots=True)
class Watch:
    """What was seen each second: how late the oldest event is, and bytes of memory of all parts but Redis."""

    stack: RunningStack
    lags: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.lags.append(await late(self.stack))
            pids = [part.pid for part in self.stack.parts() if part.pid and part.name != "redis"]
            self.memory.append(sum(map(process.memory, pids)))
            await asyncio.sleep(_LOOK_SECONDS)

    @property
    def grown(self) -> float:
        """The memory of the last fifth beside that of the second."""
        fifth = max(len(self.memory) // 5, 1)
        return statistics.median(self.memory[-fifth:]) / statistics.median(self.memory[fifth : 2 * fifth])


def endurance(plan: Plan) -> Outcome:
    """Each burden on a stack of its own."""
    found = Outcome([])
    for burden in BURDENS:
        with tempfile.TemporaryDirectory(prefix="headrace-bench-") as home, running(Path(home), _ENV) as stack:
            found.add(asyncio.run(_borne(burden, plan.endured_seconds, stack)))
    return found


async def _borne(burden: Burden, seconds: float, stack: RunningStack) -> Outcome:
    await stack.until_healthy()
    warm = await offer(stack, burden.rate, _WARM_SECONDS, burden.batch)
    watch = Watch(stack)
    offered = metered(stack, offer(stack, burden.rate, seconds, burden.batch))
    (load, samples), _ = await asyncio.gather(offered, watch.run(seconds))
    whole = total(load, samples)
    lines = [
        Line(_STAGE, burden.name, whole, None, _goals(burden, load.rate, whole.cpu_ms or 0, watch)),
        *(Line(_STAGE, f"  {name}", sample) for name, sample in samples.items()),
    ]
    probes, probed = Probes(stack.env, *_PROBES), seconds / 5
    beside, _ = await asyncio.gather(offer(stack, burden.rate // 2, probed, burden.batch), probes.run(probed))
    lines.append(visible(f"{_STAGE}, half of it", probes, probed, p50_ms=500, p99_ms=1200))
    acked = warm.events + load.events + beside.events + probes.acked
    failed = warm.failed + load.failed + beside.failed
    return Outcome(lines, [_told(burden, seconds, watch.lags)], await problems(_STAGE, stack, acked, failed))


def _goals(burden: Burden, rate: float, cpu_ms: float, watch: Watch) -> tuple[Goal, ...]:
    lag, grown = max(watch.lags), watch.grown
    goals = (
        Goal(f"{rate:,.0f}/s of {burden.rate:,}", rate >= _KEPT * burden.rate),
        Goal(f"lag {lag:.1f} s <= {_LAG_SECONDS:g} s", lag <= _LAG_SECONDS),
        Goal(f"memory {grown:.2f}x <= {_FLAT:g}x", grown <= _FLAT),
    )
    return (*goals, Goal(f"CPU {cpu_ms:.0f} <= {_CPU_MS} ms", cpu_ms <= _CPU_MS)) if burden.batch > 1 else goals


def _told(burden: Burden, seconds: float, lags: Sequence[float]) -> str:
    return f"{_STAGE}: {burden.name} for {seconds:.0f} s; the lag was {statistics.median(lags):.2f} s in the middle."
