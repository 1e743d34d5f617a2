"""Questions: answers of the query service over HTTP, each beside a ClickHouse query written by hand for the same.

    python -m tests.bench --only questions --events 100000000 --crowd /var/tmp/crowd

makes the set in that folder, or takes what is there. A set of a tenth is asked the same, for how answers grow.
"""

import asyncio
import http.client
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from clickhouse_connect.driver.client import Client

from deploy.local.ports import free_port
from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import connect, install
from tests import stores
from tests.bench import children, crowded
from tests.bench.crowded import PROJECTS, SINCE, UNTIL
from tests.bench.measure import Sample, percentile
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome
from workers import migrate

_STAGE = "questions"
_ASKED, _BY_HAND = 40, 3
_TIMES = {"from": moment.text(SINCE), "to": moment.text(UNTIL)}
#: of the largest project
_ROWS = (
    "FROM events FINAL WHERE project = 'p0' AND bot = '' "
    f"AND occurred_at >= fromUnixTimestamp64Milli({SINCE}) AND occurred_at < fromUnixTimestamp64Milli({UNTIL})"
)
_STEPS = ("page_view", "event_1", "event_2")
_FUNNEL = (
    f"SELECT countIf(level >= 3) FROM (SELECT windowFunnel(604800000)(toUInt64(toUnixTimestamp64Milli(occurred_at)), "
    f"{', '.join(f'name = {chr(39)}{step}{chr(39)}' for step in _STEPS)}) AS level {_ROWS} "
    f"AND name IN {_STEPS} GROUP BY visitor)"
)


@dataclass(frozen=True)
class Question:
    """What is asked, how the answer is read, the same by hand, and the most that p95 should be."""

    name: str
    path: str
    read: Callable[[Any], Any]
    by_hand: str
    goal_ms: int
    body: Mapping[str, Any] | None = None
    #: what reads events takes as long as there are many
    of_rollups: bool = True


def _stats(name: str, read: Callable[[Any], Any], by_hand: str, **asked: str) -> Question:
    return Question(name, f"/api/v1/stats?{urlencode({**asked, **_TIMES})}", read, by_hand, 150)


QUESTIONS = (
    _stats("events", lambda data: data["value"], f"SELECT count() {_ROWS}", metric="event_count"),
    _stats("visitors", lambda data: data["value"], f"SELECT uniqExact(visitor) {_ROWS}", metric="visitors"),
    _stats("people", lambda data: data["value"], f"SELECT uniqExact(visitor) {_ROWS}", metric="unique_users"),
    _stats(
        "events by hour", lambda data: [point["value"] for point in data["series"]],
        f"SELECT toStartOfHour(occurred_at) AS hour, count() {_ROWS} GROUP BY hour ORDER BY hour",
        metric="event_count", interval="hour",
    ),
    _stats(
        "top 10 pages", lambda data: [row["value"] for row in data["rows"]],
        f"SELECT path, count() AS times {_ROWS} GROUP BY path ORDER BY times DESC LIMIT 10",
        metric="event_count", group_by="page", limit="10",
    ),
    Question(
        "funnel of 3 steps", "/api/v1/reports/funnel", lambda data: data["steps"][-1]["count"], _FUNNEL, 2000,
        {"steps": [{"event": step} for step in _STEPS], **_TIMES}, of_rollups=False,
    ),
)  # fmt: skip


def questions(plan: Plan) -> Outcome:
    """The set, and one of a tenth."""
    with ExitStack() as at_end:
        folder = plan.crowd or Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="headrace-crowd-")))
        small, _ = _asked(folder, plan.events // 10)
        large, problems = _asked(folder, plan.events)
    lines = [_line(one, *large[one.name], small[one.name][0]) for one in QUESTIONS]
    note = f"{_STAGE}: {plan.events:,} events, a fifth of the project that is asked about; ratio: time by hand / ours."
    return Outcome(lines, [note], problems)


def _line(question: Question, ours: list[float], by_hand: list[float], smaller: list[float]) -> Line:
    p95, p50 = percentile(ours, 0.95) * 1000, percentile(ours, 0.5) * 1000
    ratio = min(ours) / min(by_hand)
    grown = min(ours) / min(smaller)
    goals = [
        Goal(f"p95 {p95:,.0f} <= {question.goal_ms} ms", p95 <= question.goal_ms),
        Goal(f"{ratio:.2f} <= 1.3 of {min(by_hand) * 1000:,.0f} ms by hand", ratio <= 1.3),
    ]
    if question.of_rollups:
        goals.append(Goal(f"ten times the events: {grown:.1f} <= 2 times", grown <= 2))
    sample = Sample(events=len(ours), rate=len(ours) / sum(ours), p50_ms=p50, p99_ms=percentile(ours, 0.99) * 1000)
    return Line(_STAGE, question.name, sample, 1 / ratio, tuple(goals))


def _asked(folder: Path, events: int) -> tuple[dict[str, tuple[list[float], list[float]]], list[str]]:
    """Question -> seconds of each answer, ours and by hand; and which answers differ."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    problems = []
    place = folder / str(events)
    with service(place, events) as (port, token, client):
        for one in QUESTIONS:
            answer, ours = _timed(_ASKED, lambda one=one: one.read(ask(port, token, one)))  # type: ignore[misc]
            rows, by_hand = _timed(_BY_HAND, lambda one=one: client.query(one.by_hand).result_rows)  # type: ignore[misc]
            wanted = [row[-1] for row in rows] if len(rows) > 1 else rows[0][-1]
            if answer != wanted:
                problems.append(f"{_STAGE}: {one.name} of {events:,} events: {answer!r:.200}, by hand {wanted!r:.200}")
            found[one.name] = ours, by_hand
    return found, problems


def _timed(times: int, call: Callable[[], Any]) -> tuple[Any, list[float]]:
    seconds = []
    for _ in range(times + 1):  # the first is not counted: it opens connections
        began = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - began)
    return found, seconds[1:]


def ask(port: int, token: str, question: Question) -> Any:
    """The data of its answer. Raises `RuntimeError` where it is not answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps(question.body) if question.body else None
    connection.request("POST" if body else "GET", question.path, body, headers)
    response = connection.getresponse()
    raw = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{question.path}: {response.status} {raw[:500]!r}")
    return json.loads(raw)["data"]


@contextmanager
def service(place: Path, events: int) -> Iterator[tuple[int, str, Client]]:
    """The query service on the set: its port, the key of the largest project, a client of the engine."""
    place.mkdir(parents=True, exist_ok=True)
    log, port = place / "queries.log", free_port()
    with (
        tempfile.TemporaryDirectory(prefix="headrace-bench-") as name,
        stores.local_redis(Path(name)) as redis,
        stores.local_clickhouse(place) as clickhouse,
    ):
        crowded.make(place, clickhouse, redis, events)
        token = asyncio.run(_key(redis))
        env = {
            "HEADRACE_REDIS_URL": redis, "HEADRACE_CLICKHOUSE_URL": clickhouse,
            "HEADRACE_QUERY_PORT": str(port), "HEADRACE_QUERY_TIMEOUT_SECONDS": "60",
        }  # fmt: skip
        with children.subject(log, "queries", env=env) as process, migrate.connect(clickhouse) as client:
            children.until_answers(port, "/health/ready", process, log)
            yield port, token, client


async def _key(redis_url: str) -> str:
    redis = connect(redis_url)
    await install(redis, 1, 3600)
    projects = Projects(redis)
    for one in PROJECTS:
        await projects.create(one)
    _, token = await projects.create_key(PROJECTS[0], Kind.QUERY)
    await redis.aclose()
    return token
