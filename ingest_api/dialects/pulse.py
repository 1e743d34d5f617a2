"""PULSE: POST /collect with one event, POST /collect/batch with {"events": [...]}."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import orjson
from msgspec import UNSET, Meta, UnsetType

from ingest_api.dialect import Exchange, Outcome, Parsed, Rank, Reply, Result, Shape, Verdict
from ingest_api.errors import Detail, Reason, Refusal, Refused, Unavailable
from ingest_api.event import Draft
from ingest_api.http.request import RawRequest
from ingest_api.projects import keys
from ingest_api.rules.fields import Fields, NoObject, array

_BATCH = "/collect/batch"
_SECONDS_BEFORE = 10_000_000_000  # as milliseconds that is April 1970: somebody sent seconds
_VISIT_MS = 30 * 60 * 1000
_decode_number = msgspec.json.Decoder(float).decode
#: without a key; an open site is for pages, and whoever guesses at sites is told no more than any other
_NO_KEY = "The key is missing or not valid. Send a write key of your project."
_MESSAGES = {Reason.RATE_LIMITED: "Rate limit exceeded", Reason.UNKNOWN_SITE: _NO_KEY}


_Name = Annotated[str, Meta(min_length=1, max_length=255, examples=["page_view"])]
_Site = Annotated[str, Meta(min_length=1, description="a site of the key's project", examples=["demo"])]
_Moment = Annotated[float, Meta(description="Unix milliseconds: of the last 30 days, or at most 24 hours ahead")]
_Session = Annotated[str, Meta(min_length=1, max_length=512)]
_Key = Annotated[str, Meta(max_length=255, description="equal keys of one project are one event")]
_Text = Annotated[str, Meta(max_length=8192)]


class _PulseFields(msgspec.Struct, kw_only=True):
    idempotency_key: _Key | UnsetType | None = UNSET
    user_id: Annotated[str, Meta(max_length=512)] | UnsetType | None = UNSET
    client_id: Annotated[str, Meta(max_length=512)] | UnsetType | None = UNSET
    url: _Text | UnsetType | None = UNSET
    referrer: _Text | UnsetType | None = UNSET
    device_type: Annotated[_Text, Meta(examples=["desktop", "mobile", "tablet"])] | UnsetType | None = UNSET
    country: Annotated[str, Meta(pattern="^([A-Za-z]{2})?$", description="ISO 3166-1 alpha-2")] | UnsetType | None = (
        UNSET
    )


class PulseEvent(_PulseFields, kw_only=True):
    """One event. Any further field is one of its properties."""

    site_id: _Site
    event_type: _Name
    timestamp: _Moment
    session_id: _Session


class PulseItem(_PulseFields, kw_only=True):
    """One event of a batch. Left out: `site_id` is the key's, `timestamp` is now, `session_id` is derived."""

    event_type: _Name
    site_id: _Site | UnsetType | None = UNSET
    timestamp: _Moment | UnsetType | None = UNSET
    session_id: _Session | UnsetType | None = UNSET


class PulseBatch(msgspec.Struct):
    """Many events. One that is wrong does not sink the others."""

    events: Annotated[list[PulseItem], Meta(min_length=1, max_length=10_000)]
    api_key: Annotated[str, Meta(description="the write key, of a page that can send no header")] | UnsetType = UNSET


class PulseTakenEvent(msgspec.Struct):
    """The event's id; `valid` in its place when it was only checked."""

    event_id: UUID | UnsetType = UNSET
    deduplicated: Literal[True] | UnsetType = UNSET
    valid: Literal[True] | UnsetType = UNSET


class PulseTaken(msgspec.Struct):
    """The event is in the queue."""

    success: Literal[True]
    data: PulseTakenEvent


class PulseItemError(Detail, frozen=True):
    """One thing that is wrong with one event of a batch; `retry` where nothing is wrong but that it was not written."""

    index: int
    retry: Literal[True] | UnsetType = UNSET


class PulseCounts(msgspec.Struct):
    """What became of the events of a batch."""

    accepted: int
    deduplicated: int
    rejected: int
    errors: list[PulseItemError]


class PulseManyTaken(msgspec.Struct):
    """All events that were not rejected are in the queue."""

    success: Literal[True]
    data: PulseCounts


class PulseError(msgspec.Struct):
    """Nothing was taken. `data` says why of each event of a batch."""

    success: Literal[False]
    error: str
    status: int
    data: PulseCounts | UnsetType = UNSET


_EXAMPLE = {"event_type": "page_view", "user_id": "u_42", "url": "https://shop.example/", "plan": "pro"}
_ONE = {"site_id": "demo", "timestamp": 1_795_257_000_000, "session_id": "s_1", **_EXAMPLE}
_EXCHANGES = {
    "/collect": Exchange("Send one event", (PulseEvent,), (PulseTaken,), _ONE),
    _BATCH: Exchange("Send many events", (PulseBatch,), (PulseManyTaken,), {"events": [_EXAMPLE]}),
}


class Pulse:
    """The dialect. Replies as contracts.md part 2 has them."""

    name = "pulse"
    routes = ("/collect", _BATCH)
    public = True
    recent_only = True
    rank = Rank.NEXT
    waits = False
    words: Mapping[str, str] = {"name": "event_type", "occurred_at": "timestamp", "key": "idempotency_key"}
    shape = Shape("PULSE", _EXCHANGES, PulseError)

    def token(self, headers: Mapping[str, str]) -> str:
        return keys.bearer(headers.get("Authorization", ""))

    def parse(self, raw: RawRequest, max_events: int) -> Parsed:
        keyless = "Authorization" not in raw.headers
        if raw.path.rstrip("/") == _BATCH:
            events, token = _events(raw.body, max_events)
            parsed = Parsed([_item(item, raw, strict=False) for item in events])
            if keyless:
                parsed.token, parsed.site_id = token, _site(events)
            return parsed
        item = _item(raw.body, raw, strict=True)
        if isinstance(item, Refusal) and item.reason is Reason.MALFORMED_BODY:
            raise Refused(item.reason, f"The body {item.details[0].message}")
        return Parsed((item,), single=True, site_id=_site((raw.body,)) if keyless else "")

    def reply(self, outcome: Outcome) -> Reply:
        return _single(outcome.results[0]) if outcome.single else _many(outcome.results)

    def refuse(self, refused: Refused) -> Reply:
        return _error(refused.status, _MESSAGES.get(refused.reason, refused.message))

    def unavailable(self, unavailable: Unavailable) -> Reply:
        reply = _error(503, unavailable.message)
        return Reply(503, reply.body, {"Retry-After": str(unavailable.retry_after)})


DIALECT = Pulse()


class _Named(msgspec.Struct):
    site_id: str = ""


_decode_named = msgspec.json.Decoder(_Named).decode


def _site(items: Sequence[bytes | msgspec.Raw]) -> str:
    """The first site that is named, also by an event that is wrong; empty when none is."""
    for item in items:
        try:
            site_id = _decode_named(item).site_id
        except (msgspec.DecodeError, RecursionError):
            continue
        if site_id:
            return site_id
    return ""


def _events(body: bytes, max_events: int) -> tuple[Sequence[msgspec.Raw], str]:
    """The events of a batch, and the key that a page sends beside them when it leaves."""
    try:
        fields = Fields(body)
        token, events = fields.text("api_key"), fields.take("events")
        items = array(events) if events is not None else ()
    except NoObject as error:
        raise Refused(Reason.MALFORMED_BODY, f'The body is not {{"events": [...]}}: it {error}.') from error
    if len(items) > max_events:
        raise Refused(Reason.TOO_MANY_EVENTS, f"{len(items)} events in one request; at most {max_events} are taken.")
    if not items:
        raise Refused(Reason.MALFORMED_BODY, 'The body holds no event. Send {"events": [...]}.')
    return items, token


def _item(raw: bytes | msgspec.Raw, request: RawRequest, *, strict: bool) -> Draft | Refusal:
    """One event. A batch may leave out the site, the time and the session (not `strict`)."""
    try:
        fields = Fields(raw)
    except NoObject as error:
        reason = Reason.MALFORMED_BODY if error.malformed else Reason.INVALID_FIELD
        return Refusal(reason, (Detail("event", str(error)),))
    site_id = fields.text("site_id", required=strict)
    name = fields.text("event_type", required=True)
    occurred_at = _timestamp(fields, required=strict)
    session_id = fields.text("session_id", required=strict)
    user_id = fields.text("user_id")
    key = fields.text("idempotency_key")
    draft = Draft(
        name,
        bytes(raw),
        key=key,
        occurred_at=occurred_at,
        site_id=site_id,
        first_site=not site_id,
        user_id=user_id,
        client_id=fields.text("client_id"),
        session_id=session_id or _derived_session(request, user_id, occurred_at),
        url=fields.text("url"),
        referrer=fields.text("referrer"),
        device_type=fields.text("device_type"),
        country=fields.country("country"),
    )
    draft.properties = fields.rest()
    return fields.refusal() or draft


def _timestamp(fields: Fields, *, required: bool) -> int | None:
    raw = fields.take("timestamp")
    if raw is None:
        if required:
            fields.refuse("timestamp", "is required")
        return None
    try:
        value = int(_decode_number(raw))
    except msgspec.MsgspecError:
        fields.refuse("timestamp", "must be a number: Unix milliseconds")
        return None
    if 0 < value < _SECONDS_BEFORE:
        fields.refuse("timestamp", "must be Unix milliseconds; this looks like seconds")
    return value


def _derived_session(request: RawRequest, user_id: str, occurred_at: int | None) -> str:
    """A session for a user who named none: the same half hour. Empty without a user.

    A hash of address and browser would tell the address to whoever tries them all: no secret is known here.
    """
    if not user_id:
        return ""
    visit = (request.received_at if occurred_at is None else occurred_at) // _VISIT_MS
    return "d_" + hashlib.blake2b(f"{user_id}\0{visit}".encode(), digest_size=8).hexdigest()


def _single(result: Result | Refusal) -> Reply:
    if isinstance(result, Refusal):
        return _error(400, f"{result.message}.")
    more = "" if result.verdict is Verdict.NEW else ',"deduplicated":true'
    if result.verdict is Verdict.VALID:
        return Reply(200, b'{"success":true,"data":{"valid":true}}')
    return Reply(200, f'{{"success":true,"data":{{"event_id":"{UUID(bytes=result.event_id)}"{more}}}}}'.encode())


def _many(results: Sequence[Result | Refusal]) -> Reply:
    counts = {"accepted": 0, "deduplicated": 0, "rejected": 0}
    errors: list[dict[str, object]] = []
    for index, result in enumerate(results):
        again: dict[str, object] = {}
        if isinstance(result, Refusal):
            details: Sequence[Detail] = result.details
        elif result.verdict is Verdict.UNAVAILABLE:
            details, again = (Detail("event", "could not be written now; send it again"),), {"retry": True}
        else:
            taken = result.verdict in {Verdict.NEW, Verdict.VALID}
            counts["accepted" if taken else "deduplicated"] += 1
            continue
        counts["rejected"] += 1
        errors += ({"index": index, "field": one.field, "message": one.message, **again} for one in details)
    answer: dict[str, object] = {"success": True, "data": {**counts, "errors": errors}}
    if counts["rejected"] < len(results):
        return Reply(200, orjson.dumps(answer))
    answer |= {"success": False, "error": "No event of the batch was accepted.", "status": 400}
    return Reply(400, orjson.dumps(answer))


def _error(status: int, message: str) -> Reply:
    return Reply(status, orjson.dumps({"success": False, "error": message, "status": status}))
