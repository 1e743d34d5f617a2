"""PULSE: POST /collect with one event, POST /collect/batch with {"events": [...]}."""

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import orjson

from ingest_api import keys
from ingest_api.dialect import Outcome, Parsed, Reply, Result, Verdict
from ingest_api.errors import Detail, Reason, Refusal, Refused, Unavailable
from ingest_api.event import Draft
from ingest_api.fields import Fields, NoObject, array
from ingest_api.request import RawRequest

_BATCH = "/collect/batch"
_SECONDS_BEFORE = 10_000_000_000  # as milliseconds that is April 1970: somebody sent seconds
_VISIT_MS = 30 * 60 * 1000
_decode_number = msgspec.json.Decoder(float).decode


class Pulse:
    """The dialect. Replies as contracts.md part 2 has them."""

    name = "pulse"
    routes = ("/collect", _BATCH)
    public = False
    recent_only = True
    words: Mapping[str, str] = {"name": "event_type", "occurred_at": "timestamp"}

    def token(self, headers: Mapping[str, str]) -> str:
        return keys.bearer(headers.get("Authorization", ""))

    def parse(self, raw: RawRequest, max_events: int) -> Parsed:
        if raw.path.rstrip("/") == _BATCH:
            return Parsed([_item(item, raw, strict=False) for item in _events(raw.body, max_events)])
        item = _item(raw.body, raw, strict=True)
        if isinstance(item, Refusal) and item.reason is Reason.MALFORMED_BODY:
            raise Refused(item.reason, f"The body {item.details[0].message}")
        return Parsed((item,), single=True)

    def reply(self, outcome: Outcome) -> Reply:
        return _single(outcome.results[0]) if outcome.single else _many(outcome.results)

    def refuse(self, refused: Refused) -> Reply:
        message = "Rate limit exceeded" if refused.reason is Reason.RATE_LIMITED else refused.message
        return _error(refused.status, message)

    def unavailable(self, unavailable: Unavailable) -> Reply:
        reply = _error(503, unavailable.message)
        return Reply(503, reply.body, {"Retry-After": str(unavailable.retry_after)})


DIALECT = Pulse()


def _events(body: bytes, max_events: int) -> Sequence[msgspec.Raw]:
    try:
        events = Fields(body).take("events")
        items = array(events) if events is not None else ()
    except NoObject as error:
        raise Refused(Reason.MALFORMED_BODY, f'The body is not {{"events": [...]}}: it {error}.') from error
    if len(items) > max_events:
        raise Refused(Reason.TOO_MANY_EVENTS, f"{len(items)} events in one request; at most {max_events} are taken.")
    if not items:
        raise Refused(Reason.MALFORMED_BODY, 'The body holds no event. Send {"events": [...]}.')
    return items


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
    country = fields.text("country").upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        fields.refuse("country", "must be two letters of ISO 3166-1 such as US")
    draft = Draft(
        name,
        bytes(raw),
        occurred_at=occurred_at,
        site_id=site_id,
        first_site=not site_id,
        user_id=user_id,
        session_id=session_id or _derived_session(request, user_id, occurred_at),
        url=fields.text("url"),
        referrer=fields.text("referrer"),
        device_type=fields.text("device_type"),
        country=country,
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
    """A session for who named none: the same user, or the same address and browser, within the same half hour."""
    who = user_id or f"{request.ip}\0{request.user_agent}"
    visit = (request.received_at if occurred_at is None else occurred_at) // _VISIT_MS
    return "d_" + hashlib.blake2b(f"{who}\0{visit}".encode(), digest_size=8).hexdigest()


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
        if isinstance(result, Refusal):
            details: Sequence[Detail] = result.details
        elif result.verdict is Verdict.UNAVAILABLE:
            details = (Detail("event", "could not be written now; send it again"),)
        else:
            taken = result.verdict in {Verdict.NEW, Verdict.VALID}
            counts["accepted" if taken else "deduplicated"] += 1
            continue
        counts["rejected"] += 1
        errors += ({"index": index, "field": detail.field, "message": detail.message} for detail in details)
    answer: dict[str, object] = {"success": True, "data": {**counts, "errors": errors}}
    if counts["rejected"] < len(results):
        return Reply(200, orjson.dumps(answer))
    answer |= {"success": False, "error": "No event of the batch was accepted.", "status": 400}
    return Reply(400, orjson.dumps(answer))


def _error(status: int, message: str) -> Reply:
    return Reply(status, orjson.dumps({"success": False, "error": message, "status": status}))
