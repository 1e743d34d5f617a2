"""Alerts over HTTP: set with an admin key, since they reach out of the installation; seen with a query key, too."""

import contextlib
import secrets
from datetime import datetime
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingest_api import moment
from ingest_api.alerts import alert, outbox
from ingest_api.alerts.alert import STATES, Alert, Kept, Outcome, State
from ingest_api.alerts.notice import Notice, messages
from ingest_api.alerts.outbox import Type
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import Conflict, NotThere
from ingest_api.projects.saved import ALERTS, Document, written
from ingest_api.projects.secret import secret
from ingest_api.projects.shelf import Shelf
from queries import figure
from queries.management import Answer
from queries.projects.saved import checked
from queries.route import Call, Route
from queries.service import QueryService

Secret = Annotated[str, Meta(description="signs its webhooks; shown when it is made, and never again")]


class AlertToSet(Alert, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /api/v1/projects/{id}/alerts/{alert}"""

    new_secret: Annotated[bool, Meta(description="sign its webhooks with another secret from now on")] = False


class FiringShown(msgspec.Struct, frozen=True):
    """One time that it fired; it still does while there is no end."""

    began_at: datetime
    ended_at: datetime | None
    value: float | None


class DeliveryShown(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to tell one receiver. `problem` is empty when it went well."""

    message: str
    type: Type
    to: str
    at: datetime
    attempt: int
    problem: str
    next_at: datetime | None


class AlertShown(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, what came of its last check, and the last times it fired. With a query key, URLs end at the host."""

    name: str
    version: int
    changed_at: datetime
    alert: Alert
    outcome: Outcome
    checked_at: datetime | None
    due_at: datetime | None
    #: of the last check
    value: float | None
    #: what it was compared with
    before: float | None
    #: why it could not be checked
    problem: str
    history: list[FiringShown]
    deliveries: list[DeliveryShown]
    secret: Secret | UnsetType = UNSET


class AlertList(msgspec.Struct, frozen=True):
    """By name."""

    alerts: list[AlertShown]


class AlertRemoved(msgspec.Struct, frozen=True):
    """It is no more."""

    name: str


class Testing(msgspec.Struct, frozen=True):
    """Messages that are on their way; the alert's `deliveries` say how each went."""

    messages: list[str]


async def list_alerts(service: QueryService, call: Call) -> Answer[AlertList]:
    """Of the key's project."""
    return Answer(data=AlertList(await _all(service, call.project.id, whole=False)))


async def show_alert(service: QueryService, call: Call) -> Answer[AlertShown]:
    """One of them."""
    return Answer(data=await _one(service, call.project.id, call.path["alert"], whole=False))


async def list_project_alerts(service: QueryService, call: Call) -> Answer[AlertList]:
    """Of one project."""
    return Answer(data=AlertList(await _all(service, call.path["id"], whole=True)))


async def show_project_alert(service: QueryService, call: Call) -> Answer[AlertShown]:
    """One of them."""
    return Answer(data=await _one(service, call.path["id"], call.path["alert"], whole=True))


async def set_alert(service: QueryService, call: Call) -> Answer[AlertShown]:
    """Made or changed, and checked within a minute. What was known of it is forgotten, but the times that it fired."""
    asked: AlertToSet = call.body
    project, name = call.path["id"], checked(call.path["alert"])
    wanted = Alert(**{field: getattr(asked, field) for field in Alert.__struct_fields__})
    alert.check(wanted)
    figure.read(wanted.question, project, moment.now_ms())
    shelf = Shelf(service.redis, ALERTS)
    old = (await shelf.of(project)).get(name)
    known = "" if old is None or asked.new_secret else read(old).nonce
    nonce = known or secrets.token_hex(16)
    await shelf.put(project, name, written(Kept(wanted, nonce)))
    shown = await _one(service, project, name, whole=True)
    if known:
        return Answer(data=shown)
    made = alert.secret_of(await secret(service.redis), project, name, nonce)
    return Answer(data=msgspec.structs.replace(shown, secret=made))


async def remove_alert(service: QueryService, call: Call) -> Answer[AlertRemoved]:
    """What waits to be sent is not sent any more."""
    await Shelf(service.redis, ALERTS).remove(call.path["id"], call.path["alert"])
    return Answer(data=AlertRemoved(call.path["alert"]))


async def test_alert(service: QueryService, call: Call) -> Answer[Testing]:
    """Tell all of its receivers that this is a test."""
    project, name = call.path["id"], call.path["alert"]
    wanted = read(await Shelf(service.redis, ALERTS).get(project, name)).alert
    now = moment.now_ms()
    if await outbox.full(service.redis):
        raise Conflict("Too many messages wait to be sent.")
    found = messages(project, name, wanted, Notice("alert.test"), now)
    await outbox.put(service.redis, found, now)
    return Answer(data=Testing([one.id for one in found]))


def read(document: Document) -> Kept:
    """Raises `NotThere` where this build does not understand it any more."""
    try:
        return msgspec.json.decode(document.text, type=Kept)
    except msgspec.ValidationError as error:
        raise NotThere(f"This alert cannot be understood any more: set it again ({error}).") from error


async def _all(service: QueryService, project: str, *, whole: bool) -> list[AlertShown]:
    """Without those that this build does not understand any more."""
    found = []
    for name in await Shelf(service.redis, ALERTS).of(project):
        with contextlib.suppress(NotThere):
            found.append(await _one(service, project, name, whole=whole))
    return found


async def _one(service: QueryService, project: str, name: str, *, whole: bool) -> AlertShown:
    document = await Shelf(service.redis, ALERTS).get(project, name)
    raw = await cast("Any", service.redis).hget(STATES, f"{project}\0{name}")
    state = msgspec.json.decode(raw, type=State) if raw else State()
    if state.changed_at != document.changed_at:
        state = State(history=state.history)
    kept = read(document).alert
    sent = await outbox.deliveries(service.redis, project, name)
    hide = (lambda url: url) if whole else _host
    return AlertShown(
        name=name, version=document.version, changed_at=moment.utc(document.changed_at),
        alert=msgspec.structs.replace(kept, webhooks=tuple(map(hide, kept.webhooks))),
        outcome=state.outcome, checked_at=_time(state.checked_at), due_at=_time(state.due_at),
        value=state.value, before=state.before, problem=state.problem,
        history=[FiringShown(moment.utc(one.began_at), _time(one.ended_at), one.value) for one in state.history],
        deliveries=[
            DeliveryShown(
                message=one.message, type=one.type, to=hide(one.to), at=moment.utc(one.at), attempt=one.attempt,
                problem=one.problem, next_at=_time(one.next_at),
            )
            for one in sent
        ],
    )  # fmt: skip


def _host(receiver: str) -> str:
    """A URL may hold what opens the receiver."""
    parts = urlsplit(receiver)
    return f"{parts.scheme}://{parts.netloc}/..." if parts.netloc else receiver


def _time(unix_ms: int) -> datetime | None:
    return moment.utc(unix_ms) if unix_ms else None


_OWN, _ALERTS = "/api/v1/alerts", "/api/v1/projects/{id}/alerts"
_ALERT = f"{_ALERTS}/{{alert}}"
ROUTES: tuple[Route, ...] = (
    Route("GET", _OWN, list_alerts, Answer[AlertList], "Alerts", Kind.QUERY),
    Route("GET", f"{_OWN}/{{alert}}", show_alert, Answer[AlertShown], "An alert and what came of it", Kind.QUERY),
    Route("GET", _ALERTS, list_project_alerts, Answer[AlertList], "The alerts of a project", Kind.ADMIN),
    Route("GET", _ALERT, show_project_alert, Answer[AlertShown], "One alert", Kind.ADMIN),
    Route("PUT", _ALERT, set_alert, Answer[AlertShown], "Set an alert", Kind.ADMIN, AlertToSet),
    Route("DELETE", _ALERT, remove_alert, Answer[AlertRemoved], "Remove an alert", Kind.ADMIN),
    Route("POST", f"{_ALERT}/test", test_alert, Answer[Testing], "Send a test", Kind.ADMIN),
)
