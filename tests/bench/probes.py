"""Probes: marked events, each followed from its acknowledgement until the stats API counts it."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import aiohttp

_VISIBLE_SECONDS = 15.0


class Probes:
    """Sends a probe every 50 ms, whatever became of the ones before; each asks 10 ms after each answer.

    Their questions are a load of their own: more seldom, where another is to be looked at.
    """

    def __init__(self, env: Mapping[str, str], every: float = 0.05, again: float = 0.01) -> None:
        self._every, self._again = every, again
        self._events = f"{env['HEADRACE_INGEST_URL']}/v1/events"
        self._stats = f"{env['HEADRACE_QUERY_URL']}/api/v1/stats"
        self._write = {"Authorization": f"Bearer {env['HEADRACE_WRITE_KEY']}"}
        self._query = {"Authorization": f"Bearer {env['HEADRACE_QUERY_KEY']}"}
        #: probes that were acknowledged
        self.acked = 0
        #: how many questions they asked
        self.asked = 0
        #: seconds from the acknowledgement to being counted
        self.visible: list[float] = []

    async def run(self, seconds: float) -> None:
        """Probe for so long, then wait for the last. Raises `TimeoutError` when one stays invisible."""
        started = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=_VISIBLE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as client, asyncio.TaskGroup() as group:
            number = 0
            while (due := started + number * self._every) < started + seconds:
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                group.create_task(self._follow(client, f"probe_{number}"))
                number += 1

    async def _follow(self, client: aiohttp.ClientSession, name: str) -> None:
        event = {"event_type": name, "occurred_at": datetime.now(UTC).isoformat()}
        async with client.post(self._events, json=event, headers=self._write) as reply:
            reply.raise_for_status()
        acked = time.perf_counter()
        self.acked += 1
        while not await self._count(client, name):
            if time.perf_counter() - acked > _VISIBLE_SECONDS:
                raise TimeoutError(f"{name} was acknowledged and not visible within {_VISIBLE_SECONDS:g} s.")
            await asyncio.sleep(self._again)
        self.visible.append(time.perf_counter() - acked)

    async def _count(self, client: aiohttp.ClientSession, name: str) -> int:
        self.asked += 1
        asked = {"event_type": name, "period": "24h"}
        async with client.get(self._stats, params=asked, headers=self._query) as reply:
            if reply.status == 429:  # too many ask at once: it comes again
                return 0
            reply.raise_for_status()
            return int((await reply.json())["data"]["value"])
