"""Erasures over HTTP: orders with a delete key, and their reports. An order names people; nothing of it is kept."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from ingest_api import moment
from ingest_api.errors import Detail
from ingest_api.projects import erasures, tombstones
from ingest_api.projects.erasures import CHECK_AFTER_MS, Erasure, What
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import NotThere
from ingest_api.projects.secret import secret
from ingest_api.projects.tombstones import Tombstone
from queries.errors import Refused
from queries.management import Answer
from queries.pipeline import receipts
from queries.route import Call, Route
from queries.service import QueryService

MOST_EVENT_IDS = 1000
_MOST_SHOWN = 100

Id = Annotated[str, Meta(max_length=1024)]
Time = Annotated[str, Meta(max_length=40, description="ISO 8601 or Unix milliseconds")]
EventIds = Annotated[tuple[Annotated[str, Meta(max_length=40)], ...], Meta(max_length=MOST_EVENT_IDS)]


class ErasureOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/erasures: exactly one of `user_id`, `client_id`, `event_ids`, or `from` with `to`."""

    user_id: Annotated[Id, Meta(description="with the clients that are linked to it")] = ""
    client_id: Id = ""
    event_ids: EventIds = ()
    from_: Annotated[Time, Meta(description="what occurred from then on")] = msgspec.field(default="", name="from")
    to: Annotated[Time, Meta(description="and before then, at most now")] = ""
    event_type: Annotated[Id, Meta(description="with from and to: only events of this name")] = ""
    unreadable: Annotated[bool, Meta(description="also all rejected events that nobody can read")] = False
    dry_run: Annotated[bool, Meta(description="count, and leave everything as it is")] = False
    project: Annotated[str, Meta(max_length=63, description="must be the key's, where it is given")] = ""


class CheckShown(msgspec.Struct, frozen=True):
    """A look afterwards: what had come back by then, by store. It is gone again."""

    at: datetime
    found: dict[str, int]


class ErasureShown(msgspec.Struct, frozen=True, kw_only=True):
    """The report. It does not say whom it was about: nobody knows that any more."""

    id: str
    project: str
    state: str
    what: What
    dry_run: bool
    ordered_at: datetime
    done_at: datetime | None
    #: what is done now, and why it waits
    step: str
    waits_for: str
    #: store -> rows, lines, keys or events that were found there
    counts: dict[str, int]
    checks: list[CheckShown]
    next_check_at: datetime | None
    #: what could not be reached
    notes: list[str]


class ErasureList(msgspec.Struct, frozen=True):
    """The latest first."""

    erasures: list[ErasureShown]


async def order_erasure(service: QueryService, call: Call) -> Answer[ErasureShown]:
    """From the answer on nothing of it is stored any more; the rest follows."""
    order: ErasureOrder = call.body
    if order.project not in {"", call.project.id}:
        raise Refused(403, "project: is not the one of this key.")
    seconds, micros = await service.redis.time()
    now = seconds * 1000 + micros // 1000
    what, stone = read(order, call.project.id, now, await secret(service.redis))
    one = await erasures.order(service.redis, what, stone, dry_run=order.dry_run, unreadable=order.unreadable)
    return Answer(data=shown(one))


async def show_erasure(service: QueryService, call: Call) -> Answer[ErasureShown]:
    """The report as it stands."""
    one = await erasures.get(service.redis, call.path["erasure"])
    if one is None or one.project != call.project.id:
        raise NotThere("There is no such erasure.")
    return Answer(data=shown(one))


async def list_erasures(service: QueryService, call: Call) -> Answer[ErasureList]:
    """Those of the key's project."""
    found = await erasures.of(service.redis, call.project.id)
    return Answer(data=ErasureList([shown(one) for one in found[:_MOST_SHOWN]]))


def read(order: ErasureOrder, project: str, now: int, key: bytes) -> tuple[What, Tombstone]:
    """Order -> what is meant, as marks. Raises `Refused` naming the fields that are wrong."""
    time = order.from_ or order.to
    given = [name for name, value in (("user_id", order.user_id), ("client_id", order.client_id),
                                      ("event_ids", order.event_ids), ("from", time)) if value]  # fmt: skip
    if len(given) != 1:
        raise Refused(400, "Give exactly one of user_id, client_id, event_ids, and from with to.")
    if order.event_type and not time:
        raise Refused(400, "event_type: belongs to from and to.")
    if order.user_id:
        return "user", tombstones.stone(key, project, now, users=[order.user_id])
    if order.client_id:
        return "client", tombstones.stone(key, project, now, clients=[order.client_id])
    if order.event_ids:
        return "events", tombstones.stone(key, project, now, events=_ids(order.event_ids))
    return "time", tombstones.stone(key, project, now, time=_stretch(order, now))


def shown(one: Erasure) -> ErasureShown:
    """As the answer has it."""
    looked = len(one.checks)
    later = bool(one.done_at) and not one.dry_run and looked < len(CHECK_AFTER_MS)
    return ErasureShown(
        id=one.id, project=one.project, state=one.state, what=one.what, dry_run=one.dry_run,
        ordered_at=moment.utc(one.made_at), done_at=moment.utc(one.done_at) if one.done_at else None,
        step=one.step, waits_for=one.problem, counts=one.counts, notes=one.notes,
        checks=[CheckShown(moment.utc(check.at), check.found) for check in one.checks],
        next_check_at=moment.utc(one.done_at + CHECK_AFTER_MS[looked]) if later else None,
    )  # fmt: skip


def _ids(given: tuple[str, ...]) -> list[bytes]:
    found = [receipts.parse(text) for text in given]
    wrong = [Detail(f"event_ids[{place}]", "is no id of an event") for place, one in enumerate(found) if one is None]
    if wrong:
        raise Refused(400, "; ".join(f"{one.field}: {one.message}" for one in wrong[:5]), wrong)
    return [one.bytes for one in found if one is not None]


def _stretch(order: ErasureOrder, now: int) -> tuple[int, int, str]:
    first, until = _time("from", order.from_), min(_time("to", order.to), now)
    if first >= until:
        raise Refused(400, "from: must lie before to, and before now.")
    return first, until, order.event_type


def _time(name: str, text: str) -> int:
    found = int(text) if text.isascii() and text.isdigit() and len(text) == 13 else moment.parse(text)
    if found is None:
        raise Refused(400, f"{name}: must be a time such as 2026-01-31T12:00:00Z or Unix milliseconds.")
    return found


_ERASURES = "/api/v1/erasures"
ROUTES: tuple[Route, ...] = (
    Route("POST", _ERASURES, order_erasure, Answer[ErasureShown], "Forget", Kind.DELETE, ErasureOrder),
    Route("GET", _ERASURES, list_erasures, Answer[ErasureList], "All erasures", Kind.DELETE),
    Route("GET", f"{_ERASURES}/{{erasure}}", show_erasure, Answer[ErasureShown], "A report", Kind.DELETE),
)
