"""The recorder: producers that write each acknowledgement to a file before they go on, and send again what had none.

An event is known by its number, which is its idempotency key and one of its properties. Events without a key are
sent once: what was not acknowledged may be there or not.
"""

import asyncio
import io
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from ingest_api.moment import text
from tests.waiting import until

NAME = "faults.event"
_DAY_MS = 86_400_000
_PAUSE = 0.05
_PATIENCE = aiohttp.ClientTimeout(total=8)
_TRANSIENT = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Sent:
    """An event, whether or not it was acknowledged."""

    number: int
    #: empty for an event that is sent once
    key: str
    #: Unix milliseconds
    occurred_at: int
    #: characters of a property that is there to be large
    padding: int = 0

    @property
    def body(self) -> dict[str, Any]:
        """The event as the native API takes it. The same event has always the same payload."""
        data = {"number": self.number, **({"padding": "x" * self.padding} if self.padding else {})}
        event = {"event_type": NAME, "occurred_at": text(self.occurred_at), "data": data}
        return {**event, "idempotency_key": self.key} if self.key else event


@dataclass(slots=True)
class Recorder:
    """What was sent, what was acknowledged, and what was answered in between."""

    url: str
    token: str
    file: Path
    seed: int
    sent: dict[int, Sent] = field(default_factory=dict)
    #: number -> event id, as first acknowledged
    acked: dict[int, str] = field(default_factory=dict)
    #: every status, and the name of the error where there was no answer
    answers: Counter[str] = field(default_factory=Counter)
    #: what an answer said that it must never say
    wrong: list[str] = field(default_factory=list)
    #: events put into the streams past the front door
    poisoned: int = 0
    #: numbers of acknowledged events whose loss is documented
    excused: set[int] = field(default_factory=set)
    #: keyed events that no producer could get acknowledged
    given_up: set[int] = field(default_factory=set)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def producing(self, producers: int = 3) -> AsyncIterator[None]:
        """Send all the time. At the end each producer gets its last events acknowledged."""
        self._stop.clear()
        async with aiohttp.ClientSession(self.url, timeout=_PATIENCE) as client, asyncio.TaskGroup() as group:
            for lane in range(producers):
                group.create_task(self._produce(client, random.Random(f"{self.seed}:{lane}")))
            try:
                yield
            finally:
                self._stop.set()

    async def acknowledge(self, least: int, within: float = 30.0) -> None:
        """Wait until this many more events are acknowledged. Raises `TimeoutError`."""
        wanted = len(self.acked) + least

        async def enough() -> bool:
            return len(self.acked) >= wanted

        await until(enough, within=within)

    async def send(self, count: int, *, padding: int = 0, within: float = 30.0) -> None:
        """Send this many events, a hundred at a time, again until they are acknowledged."""
        async with aiohttp.ClientSession(self.url, timeout=_PATIENCE) as client:
            for first in range(0, count, 100):
                events = [self.make(padding=padding) for _ in range(min(100, count - first))]
                await self._insist(client, events, time.monotonic() + within)

    async def _produce(self, client: aiohttp.ClientSession, dice: random.Random) -> None:
        deadline = float("inf")
        while not self._stop.is_set():
            keyed, again, count = dice.random() < 0.8, dice.random() < 0.15, dice.choice((1, 1, 5, 30))
            events = [self.make(keyed=keyed, age=dice.choice((0, 0, 0, 40))) for _ in range(count)]
            if not keyed:
                await self.post(client, events)
            else:
                await self._insist(client, events, deadline)
                if again:
                    await self.post(client, events)
            await asyncio.sleep(_PAUSE * dice.random())

    async def _insist(self, client: aiohttp.ClientSession, events: list[Sent], deadline: float) -> None:
        """Send again until acknowledged; for thirty seconds more once the producers are to end."""
        pause = _PAUSE
        while await self.post(client, events) != "200":
            if self._stop.is_set():
                deadline = min(deadline, time.monotonic() + 30)
            if time.monotonic() > deadline:
                self.given_up |= {event.number for event in events}
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.5)

    def make(self, *, keyed: bool = True, key: str = "", age: int = 0, padding: int = 0) -> Sent:
        """A new event of some days ago, from now on among those that may be visible."""
        number = len(self.sent)
        key = key or (f"key-{number}" if keyed else "")
        self.sent[number] = Sent(number, key, time.time_ns() // 1_000_000 - age * _DAY_MS, padding)
        return self.sent[number]

    async def post(
        self,
        client: aiohttp.ClientSession,
        events: list[Sent],
        *,
        token: str = "",
        body: AsyncIterator[bytes] | None = None,
    ) -> str:
        """Send once. Returns "200" when all are acknowledged; else the status, "retry" or the error's name."""
        bodies = [event.body for event in events]
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        data = body or io.BytesIO(json.dumps(bodies if len(bodies) > 1 else bodies[0]).encode())
        try:
            async with client.post("/v1/events", data=data, headers=headers) as answer:
                said = await answer.read()
        except _TRANSIENT as error:
            self.answers[type(error).__name__] += 1
            return type(error).__name__
        self.answers[str(answer.status)] += 1
        if answer.status != 200:
            if answer.status != 503:
                self.wrong.append(f"status {answer.status}: {said[:200]!r}")
            return str(answer.status)
        told = json.loads(said)
        results = told["results"] if len(events) > 1 else [told]
        taken = [self._record(event, result) for event, result in zip(events, results, strict=True)]
        return "200" if all(taken) else "retry"

    def _record(self, event: Sent, result: dict[str, Any]) -> bool:
        """Write one acknowledgement down. Returns False when the answer was to send again."""
        if "event_id" not in result:
            if not result.get("retry"):
                self.wrong.append(f"event {event.number} was refused: {result}")
            return False
        event_id, known = result["event_id"], self.acked.setdefault(event.number, result["event_id"])
        if known != event_id:
            self.wrong.append(f"event {event.number} was {known}, and {event_id} when sent again")
        if result.get("payload_mismatch"):
            self.wrong.append(f"event {event.number} was said to differ from itself")
        line = {"number": event.number, "id": event_id, "again": "deduplicated" in result}
        with self.file.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return True
