"""Watch: checks the alerts whose time has come, each once however many workers there are, side by side."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from ingest_api import moment
from ingest_api.alerts import notice, outbox
from ingest_api.alerts.alert import STATES, Alert, Kept, State
from ingest_api.alerts.notice import Notice
from ingest_api.projects.project import Project
from ingest_api.projects.projects import Projects
from ingest_api.projects.saved import ALERTS
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Redis
from queries.figure import QueryService, Refused, StoreUnavailable, answering, figure
from workers import telemetry
from workers.alerts import alarm
from workers.claim import claimed, done

log = logging.getLogger(__name__)

#: a question that takes longer is ended, and so is a check
QUESTION_SECONDS, CHECK_SECONDS = 10.0, 30.0
_AT_ONCE = 4
_CLAIM_SECONDS = 90
_CLAIM = "headrace:alerts:claim:"


@dataclass(frozen=True)
class Due:
    """An alert that is to be checked; `changed_at` is its document's."""

    project: Project
    name: str
    alert: Alert
    changed_at: int

    @property
    def place(self) -> str:
        """Field of the states."""
        return f"{self.project.id}\0{self.name}"


async def check(redis: Redis, redis_url: str, clickhouse_url: str, now_ms: int) -> int:
    """Check what is due. Returns how many alerts were. Raises redis-py's errors."""
    found = await due(redis, now_ms)
    if not found:
        return 0
    places = asyncio.Semaphore(_AT_ONCE)
    async with answering(redis_url, clickhouse_url, QUESTION_SECONDS) as service:
        checks = (_check(places, redis, service, one, now_ms) for one in found)
        return sum(map(done, await asyncio.gather(*checks, return_exceptions=True)))


async def due(redis: Redis, now_ms: int) -> list[Due]:
    """Those whose time has come, the longest waiting first. What is known of alerts that there are no more goes."""
    saved = await Shelf(redis, ALERTS).all()
    states = {place.decode(): raw for place, raw in (await cast("Any", redis).hgetall(STATES)).items()}
    projects = {one.id: one for one in await Projects(redis).all()}
    found: list[tuple[int, Due]] = []
    for project, named in saved.items():
        for name, document in named.items():
            state = _state(states.pop(f"{project}\0{name}", None), document.changed_at)
            kept = _read(document.text)
            if kept and not kept.alert.paused and project in projects and state.due_at <= now_ms:
                found.append((state.due_at, Due(projects[project], name, kept.alert, document.changed_at)))
    if states:
        await cast("Any", redis).hdel(STATES, *states)
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


async def _check(places: asyncio.Semaphore, redis: Redis, service: QueryService, one: Due, now_ms: int) -> bool:
    async with places, claimed(redis, f"{_CLAIM}{one.place}", _CLAIM_SECONDS) as claim:
        if claim is None:
            return False
        state = _state(await cast("Any", redis).hget(STATES, one.place), one.changed_at)
        if state.due_at > now_ms:  # another worker was faster
            return False
        new, found = await _asked(service, one, state)
        messages = notice.messages(one.project.id, one.name, one.alert, found, moment.now_ms()) if found else []
        if messages and await outbox.full(redis):
            messages, new.problem = [], "Nobody was told: too many messages wait."

        def write(pipe: Any) -> None:
            pipe.hset(STATES, one.place, msgspec.json.encode(new))
            outbox.queue(pipe, messages, moment.now_ms())

        if not await claim.commit(write):
            return False
    telemetry.ALERT_CHECKS.labels(new.outcome).inc()
    return True


async def _asked(service: QueryService, one: Due, state: State) -> tuple[State, Notice | None]:
    now_ms = moment.now_ms()
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            compared = one.alert.condition == "changed_by_percent"
            found = await figure(service, one.project, one.alert.question, before=compared)
    except Refused as refused:
        return alarm.failed(one.alert, state, refused.message, now_ms), None
    except (StoreUnavailable, TimeoutError):
        return alarm.failed(one.alert, state, "ClickHouse did not answer in time.", now_ms), None
    return alarm.after(one.alert, state, found.value, found.before, now_ms)


def _state(raw: bytes | None, changed_at: int) -> State:
    """Of an alert that was changed since, nothing but when it fired."""
    known = msgspec.json.decode(raw, type=State) if raw else State()
    return known if known.changed_at == changed_at else State(changed_at=changed_at, history=_ended(known))


def _ended(known: State) -> list[Any]:
    """What fired when the alert was changed fires no more."""
    for one in known.history:
        one.ended_at = one.ended_at or known.checked_at
    return known.history


def _read(text: str) -> Kept | None:
    try:
        return msgspec.json.decode(text, type=Kept)
    except msgspec.ValidationError as error:  # of a later build
        log.warning("an alert cannot be understood", extra={"action": "alerts", "why": str(error)})
        return None
