"""The Event Intake API, and Headrace's own: POST /v1/events with one event, an array, {"events": [...]} or NDJSON."""

from collections.abc import Mapping, Sequence
from typing import Annotated, cast

import msgspec
import orjson
from msgspec import UnsetType, field

from ingest_api import moment
from ingest_api.dialect import Acked, Outcome, Parsed, Rank, Reply, Result, Verdict
from ingest_api.errors import Detail, Reason, Refusal, Refused, Unavailable
from ingest_api.event import Draft
from ingest_api.http.request import RawRequest
from ingest_api.native import MAX_USER_AGENT, SHAPE
from ingest_api.projects import keys
from ingest_api.rules import properties
from ingest_api.rules.fields import Fields, NoObject, address, country


class _Item(Draft, gc=False, forbid_unknown_fields=True):
    """A draft as the typed decode makes it: right but for three fields, which `_draft` sets. Of `UnsetType` nothing can
    be sent: those fields have no name in this API."""

    name: str = field(name="event_type")
    raw: UnsetType = b""  # type: ignore[assignment]  # the decoder's type
    properties: msgspec.Raw = field(default=msgspec.Raw(b"{}"), name="data")
    occurred_at: str = ""  # type: ignore[assignment]  # the decoder's type
    key: str = field(default="", name="idempotency_key")
    kind: UnsetType = "event"  # type: ignore[assignment]  # the decoder's type
    site_id: UnsetType = ""  # type: ignore[assignment]  # the decoder's type
    request_id: UnsetType = ""  # type: ignore[assignment]  # the decoder's type
    first_site: UnsetType = False  # type: ignore[assignment]  # the decoder's type
    user_agent: Annotated[str, msgspec.Meta(max_length=MAX_USER_AGENT)] = ""


class _Events(msgspec.Struct, gc=False):
    events: list[msgspec.Raw]


_BRACE = ord("{")
_decode_item = msgspec.json.Decoder(_Item).decode
_decode_events = msgspec.json.Decoder(_Events).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


#: what is said of an event that was taken
_KNOWN = {
    Verdict.NEW: "",
    Verdict.DUPLICATE: ',"deduplicated":true',
    Verdict.MISMATCH: ',"deduplicated":true,"payload_mismatch":true',
}
_NEW, _UNAVAILABLE = Verdict.NEW, Verdict.UNAVAILABLE  # in Python 3.11 members are slow to find on their class


class Intake:
    """The dialect. Replies as contracts.md part 3 has them."""

    name = "intake"
    routes = ("/v1/events",)
    public = False
    recent_only = False
    rank = Rank.FIRST
    waits = True
    words: Mapping[str, str] = {"name": "event_type", "key": "idempotency_key", "properties": "data"}
    shape = SHAPE

    def token(self, headers: Mapping[str, str]) -> str:
        return keys.bearer(headers.get("Authorization", ""))

    def parse(self, raw: RawRequest, max_events: int) -> Parsed:
        body = raw.body
        if raw.content_type == "application/x-ndjson":
            return _batch([line for line in body.split(b"\n") if line and not line.isspace()], max_events)
        item = _item(body)
        if isinstance(item, Draft):
            return Parsed((item,), single=True)
        items = _list(body)
        if items is not None:
            return _batch(items, max_events)
        if item.reason is Reason.MALFORMED_BODY:
            raise Refused(item.reason, f"The body {item.details[0].message}")
        return Parsed((item,), single=True)

    def reply(self, outcome: Outcome) -> Reply:
        if outcome.single:
            return _single(outcome)
        return _many(outcome)

    def refuse(self, refused: Refused) -> Reply:
        reason = Reason.UNAUTHORIZED if refused.status == 401 else refused.reason  # one answer for every cause
        return _error(refused.status, reason, refused.message, refused.details)

    def unavailable(self, unavailable: Unavailable) -> Reply:
        reply = _error(503, unavailable.reason, unavailable.message, ())
        return Reply(503, reply.body, {"Retry-After": str(unavailable.retry_after)})


DIALECT = Intake()


def _list(body: bytes) -> list[msgspec.Raw] | None:
    """The items of an array or of {"events": [...]}; None when the body is neither."""
    try:
        return _decode_array(body) if body.lstrip()[:1] == b"[" else _decode_events(body).events
    except (msgspec.DecodeError, RecursionError):
        return None


def _batch(items: Sequence[bytes | msgspec.Raw], max_events: int) -> Parsed:
    if len(items) > max_events:
        raise Refused(Reason.TOO_MANY_EVENTS, f"{len(items)} events in one request; at most {max_events} are taken.")
    if not items:
        raise Refused(Reason.MALFORMED_BODY, "The request holds no event.")
    try:
        found = list(map(_decode_item, items))
    except (msgspec.DecodeError, RecursionError):  # of one of them, or more
        return Parsed([_item(item) for item in items])
    times = moment.parse_all([item.occurred_at for item in found])
    return Parsed(list(map(_draft, items, found, times)))


def _item(raw: bytes | msgspec.Raw) -> Draft | Refusal:
    """The ordinary event in one typed decode; any other is read field by field."""
    try:
        item = _decode_item(raw)
    except (msgspec.DecodeError, RecursionError):
        return _item_by_field(raw)
    return _draft(raw, item, moment.parse(item.occurred_at))


def _draft(raw: bytes | msgspec.Raw, item: _Item, occurred_at: int | None) -> Draft | Refusal:
    """What was decoded, made a draft in place: another object for each event would take a tenth of the whole."""
    data = bytes(item.properties)
    if occurred_at is None or not item.name or data[0] != _BRACE:
        return _item_by_field(raw)
    if item.ip or item.country:
        ip, place = address(item.ip) if item.ip else "", country(item.country) if item.country else ""
        if ip is None or place is None:
            return _item_by_field(raw)
        item.ip, item.country = ip, place
    draft: Draft = item
    draft.raw, draft.properties, draft.occurred_at = raw, data, occurred_at
    if not draft.user_id:
        draft.user_id = properties.user_id(data)
    return draft


def _item_by_field(raw: bytes | msgspec.Raw) -> Draft | Refusal:
    """Tells everything that is wrong, and keeps fields that have no place among the properties."""
    try:
        fields = Fields(raw)
    except NoObject as error:
        reason = Reason.MALFORMED_BODY if error.malformed else Reason.INVALID_FIELD
        return Refusal(reason, (Detail("event", str(error)),))
    name = fields.text("event_type", required=True)
    occurred_at = fields.time("occurred_at", required=True)
    key = fields.text("idempotency_key")
    data = fields.object("data")
    draft = Draft(
        name,
        bytes(raw),
        occurred_at=occurred_at,
        key=key,
        user_id=fields.text("user_id") or properties.user_id(data),
        client_id=fields.text("client_id"),
        session_id=fields.text("session_id"),
        url=fields.text("url"),
        title=fields.text("title"),
        referrer=fields.text("referrer"),
        device_type=fields.text("device_type"),
        language=fields.text("language"),
        platform=fields.text("platform"),
        country=fields.country("country"),
        ip=fields.address("ip"),
        user_agent=fields.text("user_agent", most=MAX_USER_AGENT),
    )
    draft.properties = fields.rest(data)
    return fields.refusal() or draft


def _single(outcome: Outcome) -> Reply:
    result = outcome.results[0]
    if isinstance(result, Refusal):
        return _error(400, result.reason, f"The event is not valid: {result.message}.", result.details)
    known = _KNOWN.get(result.verdict)
    if known is None:
        return Reply(200, b'{"status":"ok","valid":true}')
    acked = "" if outcome.acked is None else _acked(outcome.acked, result.event_id)
    body = (
        f'{{"status":"ok","event_id":"evt_{result.event_id.hex()}"{known},'
        f'"received_at":"{moment.text(outcome.received_at)}","durability":"{outcome.durability}"{acked}}}'
    )
    return Reply(200, body.encode())


def _acked(acked: Acked, event_id: bytes) -> str:
    return f',"ack":"{acked.level}"{_rejection(acked.rejections, event_id)}'


def _rejection(rejections: Mapping[bytes, str], event_id: bytes) -> str:
    why = rejections.get(event_id)
    return "" if why is None else f',"rejection":{orjson.dumps(why).decode()}'


def _many(outcome: Outcome) -> Reply:
    results, acked = outcome.results, outcome.acked
    others = [one for one in results if isinstance(one, Refusal) or one.verdict is not _NEW]
    counts = dict.fromkeys(Verdict, 0)
    for one in others:
        counts[_UNAVAILABLE if isinstance(one, Refusal) else one.verdict] += 1
    _, duplicate, mismatch, rejected, valid = counts.values()
    new = len(results) - len(others)
    kept = new + duplicate + mismatch
    said = f'"accepted":{new + valid},"deduplicated":{duplicate + mismatch},"rejected":{rejected}'
    if kept:  # else there is none that could be lost
        said += f',"durability":"{outcome.durability}"'
    if kept and acked is not None:
        said += f',"ack":"{acked.level}"'
    rejections = {} if acked is None else acked.rejections
    lines = ",".join(_lines(results, rejections, all_new=not others))
    if rejected < len(results):
        return Reply(200, f'{{"status":"ok",{said},"results":[{lines}]}}'.encode())
    why = '"error":"bad_request","message":"No event of the batch was accepted."'
    return Reply(400, f'{{"status":"error",{said},"results":[{lines}],{why}}}'.encode())


def _lines(results: Sequence[Result | Refusal], rejections: Mapping[bytes, str], *, all_new: bool) -> list[str]:
    if all_new and not rejections:  # as most are: a short way to the same
        ids = b"".join([one.event_id for one in cast("Sequence[Result]", results)]).hex(",", 16).split(",")
        return [f'{{"index":{index},"event_id":"evt_{event_id}"}}' for index, event_id in enumerate(ids)]
    return [_line(index, result, rejections) for index, result in enumerate(results)]


def _line(index: int, result: Result | Refusal, rejections: Mapping[bytes, str]) -> str:
    """What is said of an item."""
    if isinstance(result, Refusal):
        why = orjson.dumps({"error": result.message, "reason": result.reason}).decode()
        return f'{{"index":{index},{why[1:]}'
    known = _KNOWN.get(result.verdict)
    if known is not None:
        rejection = _rejection(rejections, result.event_id) if rejections else ""
        return f'{{"index":{index},"event_id":"evt_{result.event_id.hex()}"{known}{rejection}}}'
    if result.verdict is _UNAVAILABLE:
        return f'{{"index":{index},"error":"could not be written now; send it again","retry":true}}'
    return f'{{"index":{index},"valid":true}}'


def _error(status: int, reason: Reason, message: str, details: Sequence[Detail]) -> Reply:
    answer = {"status": "error", "error": str(reason), "message": message, "details": msgspec.to_builtins(details)}
    return Reply(status, orjson.dumps(answer))
