"""One step: events on schedule through the front door, and how they were answered."""

import asyncio
import itertools
import math
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from clients.cli.errors import Transient
from clients.cli.service import Service

#: requests under way at once; when all are, the schedule slips, and the latency of those that wait shows it
CONCURRENCY = 64
_TEMPLATE = (
    '{"event_type":"bench","occurred_at":"%s","idempotency_key":"%s-%d","user_id":"user_%d","session_id":"%016x",'
    '"url":"https://shop.example/products/%d?utm_source=bench","data":{"product_id":"SKU-%05d","price":19.9,'
    '"currency":"EUR","quantity":1,"plan":"free","text":"a request of headrace bench, as long as events often are"}}'
)


@dataclass(slots=True)
class Answers:
    """What came back in a step. Latencies in seconds, from the moment a request was due."""

    acknowledged: int = 0
    #: requests of which something was refused, or that got no answer, and what the last of them was told
    refused: int = 0
    reason: str = ""
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def latency(self, part: float) -> float:
        """Seconds that this part of the requests was answered in; 0 without an answer."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0


class _Counts(msgspec.Struct):
    accepted: int = 0


class Offer:
    """Offers events of one run, each with a key of its own, `batch` in a request."""

    def __init__(self, service: Service, batch: int) -> None:
        self._service = service
        self._batch = batch
        self._run = secrets.token_hex(6)
        self._numbers = itertools.count()

    async def step(self, rate: float, seconds: float) -> Answers:
        """Events a second for so long. Raises what ends a command: a key that opens nothing, a wrong address."""
        answers, places = Answers(), asyncio.Semaphore(CONCURRENCY)
        every = self._batch / rate
        began = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(math.ceil(seconds / every)):
                    due = began + number * every
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    await places.acquire()
                    if time.monotonic() - began > 2 * seconds:  # so far behind that the answer is known
                        places.release()
                        break
                    group.create_task(self._send(due, answers, places))
        except ExceptionGroup as group_of:
            raise group_of.exceptions[0] from group_of
        answers.seconds = time.monotonic() - began
        return answers

    async def _send(self, due: float, answers: Answers, places: asyncio.Semaphore) -> None:
        try:
            answer = await self._service.post_events(self._body(), "application/x-ndjson")
        except Transient as why:
            answers.refused += 1
            answers.reason = str(why)
        else:
            accepted = answer.decode(_Counts).accepted
            answers.acknowledged += accepted
            if accepted < self._batch:
                answers.refused += 1
                answers.reason = answer.reason() or f"{self._batch - accepted} of {self._batch} events were not taken"
            answers.latencies.append(time.monotonic() - due)
        finally:
            places.release()

    def _body(self) -> bytes:
        now = datetime.now(UTC).isoformat()
        events = (
            _TEMPLATE % (now, self._run, one, one % 50_000, one * 7919, one % 3000, one % 3000)
            for one in itertools.islice(self._numbers, self._batch)
        )
        return "\n".join(events).encode()
