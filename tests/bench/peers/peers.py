"""The peers: what one would write instead, each beside one front door, with the same load.

    python -m tests.bench --only peers

Only the front is compared, up to the acknowledgement: no worker runs, neither ours nor theirs.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from deploy.local.ports import free_port
from ingest_api.stream import connect
from tests import stores
from tests.bench import children
from tests.bench.front_door import Server, front_door, notes, problems
from tests.bench.measure import Sample, alternate, median, ratio, spread
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome
from tests.bench.room import room
from workers import migrate

#: where `make peers` puts what they are made of
BIN = children.ROOT / "build" / "peers" / "bin"
_STAGE = "peers, 1 event"
_CONNECTIONS = 128
_WARM_SECONDS = 1.0
_UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
_TABLE = """
CREATE TABLE peer_events (event_type LowCardinality(String), occurred_at DateTime64(3), idempotency_key String,
    user_id String, session_id String, url String, referrer String, data String)
ENGINE = MergeTree ORDER BY (event_type, occurred_at)"""


@dataclass(frozen=True, slots=True)
class OnRedis:
    """A peer that writes to Redis: its application, what tells the number of its events, and what was hoped for."""

    name: str
    module: str
    held: tuple[str, str]
    goal: float | None = None


ON_REDIS = (
    OnRedis("FastAPI + XADD", "fastapi_xadd", ("XLEN", "events"), 5),
    OnRedis("FastAPI + arq job", "fastapi_arq", ("ZCARD", "arq:queue"), 8),
    OnRedis("FastAPI + FastStream", "fastapi_faststream", ("XLEN", "events")),
)
#: peers that write to ClickHouse: what starts each, without its port
ON_CLICKHOUSE = {
    "FastAPI + ClickHouse": ("uvicorn", "tests.bench.peers.fastapi_clickhouse:app", *_UVICORN, "--port"),
    "aiohttp + ClickHouse": ("tests.bench.peers.aiohttp_clickhouse",),
}
Run = Callable[[Server, Server], tuple[list[Sample], list[Sample]]]


def peers(plan: Plan) -> Outcome:
    """Ours and one of theirs in turn, with `appendfsync always` and as their users run it."""
    found, ours = Outcome([]), list[Sample]()

    def run(door: Server, peer: Server) -> tuple[list[Sample], list[Sample]]:
        for one in (door, peer):
            one.run(1, _CONNECTIONS, _WARM_SECONDS)
        seconds = plan.seconds / 2
        runs = alternate(
            plan.rounds, lambda: door.run(1, _CONNECTIONS, seconds), lambda: peer.run(1, _CONNECTIONS, seconds)
        )
        ours.extend(runs[0])
        return runs

    for one in ON_REDIS:
        for fsync in ("always", "everysec"):
            found.add(_on_redis(one, fsync, run))
    for name, module in ON_CLICKHOUSE.items():
        found.add(_on_clickhouse(name, module, run))
    found.lines.insert(0, Line(_STAGE, "Headrace, always", median(ours)))
    return found


def _on_redis(peer: OnRedis, fsync: str, run: Run) -> Outcome:
    """Their Redis is like ours and not ours, so that it may be set as their users set it."""
    module = ("uvicorn", f"tests.bench.peers.{peer.module}:app", *_UVICORN, "--port")
    part = f"{peer.name}, {fsync}"
    with room() as (folder, redis, _), room() as (other, its_redis, _), front_door(folder, redis) as door:
        asyncio.run(_asked(its_redis, "CONFIG", "SET", "appendfsync", fsync))
        with _started(other, module, {"REDIS_URL": its_redis}) as server:
            runs = run(door, server)
            held = int(asyncio.run(_asked(its_redis, *peer.held)))
        wrong = problems(_STAGE, door, redis) + _lost(part, server, held)
    goal = peer.goal if fsync == "always" else None
    return Outcome([_line(part, runs, goal)], notes(f"{_STAGE}, {part}", door, server), wrong)


def _on_clickhouse(name: str, module: Sequence[str], run: Run) -> Outcome:
    """The engine of the local stack behind a queue of async inserts."""
    part = f"{name} insert"
    with (
        room() as (folder, redis, _), front_door(folder, redis) as door,
        children.on_cpu(children.OTHERS), stores.local_clickhouse(folder) as url, migrate.connect(url) as client,
    ):  # fmt: skip
        client.command(_TABLE)
        with _gathering(folder, url) as gathered, _started(folder, module, {"CLICKHOUSE_URL": gathered}) as server:
            runs = run(door, server)
        held = client.query("SELECT count() FROM peer_events").result_rows[0][0]
        wrong = problems(_STAGE, door, redis) + _lost(part, server, held)
    return Outcome([_line(part, runs)], notes(f"{_STAGE}, {part}", door, server), wrong)


def _line(part: str, runs: tuple[list[Sample], list[Sample]], goal: float | None = None) -> Line:
    """Theirs; the ratio is ours beside it."""
    times = ratio(*runs)
    goals = (Goal(f"ours {times:.1f}x >= {goal:g}x", times >= goal),) if goal else ()
    return Line(_STAGE, part, median(runs[1]), times, goals, spread(*runs))


def _lost(part: str, server: Server, held: int) -> list[str]:
    """What a peer acknowledged is in its store: it is compared at the same work."""
    failed, acked = sum(load.failed for load in server.loads), sum(load.events for load in server.loads)
    if not failed and held == acked:
        return []
    return [f"{_STAGE}: {part}: {failed} failed, {acked} were acknowledged and {held} are stored."]


@contextmanager
def _started(folder: Path, module: Sequence[str], env: Mapping[str, str]) -> Iterator[Server]:
    """A peer as the process under test, in Python with its own packages."""
    port, log = free_port(), folder / "peer.log"
    with children.subject(log, *module, str(port), env=env, python=str(BIN / "python")) as process:
        children.until_answers(port, "/", process, log)
        yield Server(process, port, "", [])


@contextmanager
def _gathering(folder: Path, clickhouse: str) -> Iterator[str]:
    """The queue of async inserts in front of the engine. Yields the URL that clients take."""
    port, log = free_port(), folder / "gathering.log"
    module = ("tests.bench.peers.gathering", str(port))
    with children.subject(log, *module, env={"CLICKHOUSE_URL": clickhouse}, cpu=children.OTHERS) as process:
        children.until_answers(port, "/", process, log)
        yield f"http://127.0.0.1:{port}/headrace"


async def _asked(redis_url: str, *command: str) -> Any:
    redis = connect(redis_url)
    answer = await cast("Any", redis).execute_command(*command)
    await redis.aclose()
    return answer
