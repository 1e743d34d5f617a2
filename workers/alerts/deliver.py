"""Deliver: sends what waits in the outbox, each message by one worker, again after a while where it did not arrive."""

import asyncio
import logging
import time
from collections.abc import Mapping

import msgspec

from ingest_api import moment
from ingest_api.alerts import outbox
from ingest_api.alerts.alert import Kept, secret_of
from ingest_api.alerts.outbox import Delivery, Message
from ingest_api.projects.saved import ALERTS, Document
from ingest_api.projects.secret import secret
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Redis
from workers import telemetry
from workers.alerts.mail import Mail
from workers.alerts.reach import Reach
from workers.alerts.webhook import post
from workers.claim import claimed, done

log = logging.getLogger(__name__)

#: no attempt begins later than this
RUN_SECONDS = 40.0
_AT_ONCE = 16
_CLAIM_SECONDS = 90
_CLAIM = "headrace:outbox:claim:"


class Courier:
    """Knows the ways: webhooks within reach, and the mail server."""

    def __init__(self, redis: Redis, reach: Reach, mail: Mail) -> None:
        self._redis = redis
        self._reach = reach
        self._mail = mail
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def deliver(self, now_ms: int) -> int:
        """Send what is due. Returns how many messages arrived. Raises redis-py's errors."""
        waiting = await outbox.due(self._redis, now_ms)
        if not waiting:
            return 0
        alerts = await Shelf(self._redis, ALERTS).all()
        key, deadline = await secret(self._redis), time.monotonic() + RUN_SECONDS
        attempts = (self._one(one, alerts, key, deadline) for one in waiting)
        return sum(map(done, await asyncio.gather(*attempts, return_exceptions=True)))

    async def _one(
        self, one: Message, alerts: Mapping[str, Mapping[str, Document]], key: bytes, deadline: float
    ) -> bool:
        async with self._places:
            if time.monotonic() > deadline:
                return False
            async with claimed(self._redis, f"{_CLAIM}{one.id}", _CLAIM_SECONDS) as claim:
                if claim is None or not await outbox.waits(self._redis, one, moment.now_ms()):
                    return False
                document = alerts.get(one.project, {}).get(one.alert)
                problem = await self._send(one, document, key) if document else "the alert was removed"
                made = outbox.attempt(one, moment.now_ms(), problem, again=document is not None)
                if not await claim.commit(lambda pipe: outbox.settle(pipe, one, made)):
                    return False
        return _counted(made)

    async def _send(self, one: Message, document: Document, key: bytes) -> str:
        body = one.body.encode()
        if "://" not in one.to:
            text = msgspec.json.decode(body)
            lines = (text["text"], text["description"], f"{one.project}/{one.alert}, {text['at']}", one.id)
            return await self._mail.send(one.to, text["text"][:200], "\n".join(line for line in lines if line))
        try:
            kept = msgspec.json.decode(document.text, type=Kept)
        except msgspec.ValidationError:  # of a later build
            return "the alert cannot be understood by this worker"
        signed = secret_of(key, one.project, one.alert, kept.nonce)
        return await post(one.to, body, message=one.id, secret=signed, reach=self._reach)


def _counted(made: Delivery) -> bool:
    outcome = "sent" if not made.problem else "failed" if made.next_at else "given_up"
    telemetry.ALERT_MESSAGES.labels(outcome).inc()
    if made.problem:
        log.warning("a message did not arrive", extra={"action": "deliver", "why": made.problem, "id": made.message})
    return not made.problem
