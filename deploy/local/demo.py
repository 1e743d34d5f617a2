"""The demo: sends a day of traffic to the front door and waits until all of it can be queried."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import aiohttp
import orjson

from deploy.local.routes import ROUTES, Request, Route, plan
from deploy.local.traffic import Act
from ingest_api import stream
from ingest_api.progress import read_progress

_SENDERS = 8
#: seconds before each further try
_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
_POLL_SECONDS = 0.05


@dataclass(slots=True)
class Sent:
    """What came of it: acknowledged acts by route, and the answers that were no acknowledgement."""

    by_route: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Acts that were acknowledged."""
        return self.by_route.total()


async def send(
    acts: Sequence[Act], env: Mapping[str, str], *, routes: Sequence[Route] = ROUTES, step: Callable[[int], None]
) -> Sent:
    """Send every act once, over all routes; `step` is called with the number of acts of each finished request."""
    sent, began = Sent(), time.monotonic()
    waiting = iter(list(plan(acts, routes)))
    timeout = aiohttp.ClientTimeout(total=10)

    async def sender() -> None:
        for route, some in waiting:
            problem = await _post(client, route.build(some, env))
            if problem:
                sent.refused.append(f"{route.name}: {problem}")
            else:
                sent.by_route[route.name] += len(some)
            step(len(some))

    async with (
        aiohttp.ClientSession(env["HEADRACE_URL"], timeout=timeout) as client,
        asyncio.TaskGroup() as senders,
    ):
        for _ in range(_SENDERS):
            senders.create_task(sender())
    sent.seconds = time.monotonic() - began
    return sent


async def until_queryable(redis_url: str, *, timeout: float = 60.0) -> float:
    """Wait until everything that is acknowledged by now is visible. Returns the seconds it took."""
    redis = stream.connect(redis_url)
    began = time.monotonic()
    try:
        install = await stream.read_install(redis)
        seconds, micros = cast("tuple[int, int]", await redis.time())
        now = seconds * 1000 + micros // 1000
        async with asyncio.timeout(timeout):
            while True:
                if all(shard.fresh_through > now for shard in await read_progress(redis, install)):
                    break
                await asyncio.sleep(_POLL_SECONDS)
    finally:
        await redis.aclose()
    return time.monotonic() - began


async def count_events(env: Mapping[str, str], names: Iterable[str]) -> dict[str, int]:
    """What the stats API counts for the last 24 hours by event name; under "" the count of all events."""
    counted = {}
    headers = {"Authorization": f"Bearer {env['HEADRACE_QUERY_KEY']}"}
    async with aiohttp.ClientSession(env["HEADRACE_URL"], headers=headers, raise_for_status=True) as client:
        for name in ("", *names):
            asked = {"metric": "event_count", "event_type": name} if name else {"metric": "event_count"}
            async with client.get("/api/v1/stats", params=asked) as answer:
                counted[name] = int((await answer.json())["data"]["value"])
    return counted


async def _post(client: aiohttp.ClientSession, request: Request) -> str:
    """As a good producer does: the same request again while the service cannot answer. Returns the problem or ""."""
    problem = ""
    for pause in (0.0, *_PAUSES):
        await asyncio.sleep(pause)
        try:
            async with client.post(request.path, data=request.body, headers=request.headers) as answer:
                text = await answer.text()
                if answer.status == 200:
                    return _rejected(text)
                problem = f"{answer.status} {text[:300]}"
                if answer.status not in {429, 502, 503}:
                    return problem
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = str(error) or type(error).__name__
    return problem


def _rejected(text: str) -> str:
    """A batch is answered 200 also when some of its events were refused."""
    answer = orjson.loads(text)
    return text[:300] if isinstance(answer, dict) and answer.get("rejected") else ""
