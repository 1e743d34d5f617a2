"""The front door: one process with real keys, validation, index and durable appends, beside what bounds it."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from deploy.local.ports import free_port
from ingest_api.progress import read_progress
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import connect, read_install
from tests.bench import children, prepared
from tests.bench.measure import Meter, Sample, alternate, median, ratio, spread
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome, noise
from tests.bench.room import room

_WARM_SECONDS = 1.0
_BUSY = 0.85
#: into how many short rounds a round is cut: neighbours on a shared machine come and go within seconds
SHORT = 5


class Load(msgspec.Struct, frozen=True):
    """What tests.bench.load prints. `cpu_seconds` is the generator's own."""

    events: int
    failed: int
    seconds: float
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Server:
    """A server that takes POST /v1/events, and every load that it was given."""

    process: "subprocess.Popen[bytes]"
    port: int
    token: str
    loads: list[Load]

    def run(self, batch: int, connections: int, seconds: float, **offered: float) -> Sample:
        """Load it for so long: closed loop, or at the `rate` that is offered."""
        meter = Meter(self.process.pid)
        load = generate(
            self.port, self.token, batch=batch, connections=connections, seconds=seconds, within=seconds + 20, **offered
        )
        self.loads.append(load)
        return meter.sample(load.events, load.rate, p50_ms=load.p50_ms, p99_ms=load.p99_ms)


def generate(port: int, token: str, *, within: float, **options: float) -> Load:
    """Run the generator as a process of its own."""
    return children.answer(Load, children.OTHERS, within, "tests.bench.load", port=port, token=token, **options)


def single(plan: Plan) -> Outcome:
    """One event a request, beside a bare aiohttp handler. 128 connections: with fewer, the disk is what is measured."""
    with room() as (folder, redis, _), front_door(folder, redis) as door, bare(folder) as ceiling:
        for server in (door, ceiling):
            server.run(1, 128, _WARM_SECONDS)
        seconds = plan.seconds / SHORT
        runs = alternate(plan.rounds * SHORT, lambda: door.run(1, 128, seconds), lambda: ceiling.run(1, 128, seconds))
        share = ratio(*runs)
        stage = "front door, 1 event"
        lines = [
            Line(stage, "ingest_api", median(runs[0]), share, (Goal("ratio >= 0.85", share >= 0.85),), spread(*runs)),
            Line(stage, "ceiling: bare aiohttp handler", median(runs[1])),
        ]
        return Outcome(lines, noise(stage, runs[1]) + notes(stage, door, ceiling), problems(stage, door, redis))


def batch(plan: Plan, size: int) -> Outcome:
    """Arrays of `size` events, beside decoding, encoding and writing the same frames alone.

    With fewer connections it is Redis that is waited for, and with more the generator.
    """
    connections = 64 if size <= 100 else 32
    with room() as (folder, redis, _), front_door(folder, redis) as door:
        door.run(size, connections, _WARM_SECONDS)
        runs = alternate(
            plan.rounds,
            lambda: door.run(size, connections, plan.seconds),
            lambda: bare_frames(redis, size, plan.seconds, decode=1),
        )
        rate = median(runs[0]).rate
        goal = Goal(">= 150,000/s", rate >= 150_000)
        stage = f"front door, {size} events"
        lines = [
            Line(stage, "ingest_api", median(runs[0]), ratio(*runs), (goal,), spread(*runs)),
            Line(stage, "ceiling: decode, frame, XADD", median(runs[1])),
        ]
        return Outcome(lines, noise(stage, runs[1]) + notes(stage, door), problems(stage, door, redis))


def bare_frames(redis: str, size: int, seconds: float, *, decode: int) -> Sample:
    """The ceiling of everything that writes frames."""
    return children.answer(
        Sample, children.SUBJECT, seconds + 30, "tests.bench.bare_frames",
        redis=redis, batch=size, seconds=seconds, decode=decode,
    )  # fmt: skip


@contextmanager
def front_door(folder: Path, redis: str) -> Iterator[Server]:
    """One `python -m ingest_api`, and a write key for it."""
    port, log = free_port(), folder / "ingest_api.log"
    env = {"HEADRACE_REDIS_URL": redis, "HEADRACE_INGEST_HOST": "127.0.0.1", "HEADRACE_INGEST_PORT": str(port)}
    with children.subject(log, "ingest_api", env=env) as process:
        children.until_answers(port, "/readyz", process, log)
        yield Server(process, port, asyncio.run(_write_key(redis)), [])


@contextmanager
def bare(folder: Path) -> Iterator[Server]:
    """The ceiling of single events."""
    port, log = free_port(), folder / "bare.log"
    with children.subject(log, "tests.bench.bare", str(port)) as process:
        children.until_answers(port, "/", process, log)
        yield Server(process, port, "", [])


async def _write_key(redis_url: str) -> str:
    redis = connect(redis_url)
    projects = Projects(redis)
    await projects.create(prepared.PROJECT)
    _, token = await projects.create_key(prepared.PROJECT, Kind.WRITE)
    await redis.aclose()
    return token


async def _appended(redis_url: str) -> int:
    redis = connect(redis_url)
    shards = await read_progress(redis, await read_install(redis))
    await redis.aclose()
    return sum(shard.counters.get("appended", 0) for shard in shards)


def notes(stage: str, *servers: Server) -> list[str]:
    """How busy the generator was: a full one would measure itself."""
    share = max(load.cpu_seconds / load.seconds for server in servers for load in server.loads)
    warning = ". That is too much: the generator may be what was measured" if share > _BUSY else ""
    return [f"{stage}: the generator used at most {share:.0%} of its processor{warning}."]


def problems(stage: str, door: Server, redis: str) -> list[str]:
    """Every answer was a 200, and every acknowledged event is in the streams, once."""
    failed, acked = sum(load.failed for load in door.loads), sum(load.events for load in door.loads)
    appended = asyncio.run(_appended(redis))
    found = [f"{stage}: {failed} requests were not answered with 200."] if failed else []
    if appended != acked:
        found.append(f"{stage}: {acked} events were acknowledged and {appended} appended.")
    return found
