"""The Event Intake API, and Headrace's own: POST /v1/events with one event, an array, {"events": [...]} or NDJSON."""

from collections.abc import Mapping, Sequence

import msgspec
import orjson

from ingest_api import keys, moment
from ingest_api.dialect import Outcome, Parsed, Reply, Result, Verdict
from ingest_api.errors import Detail, Reason, Refusal, Refused, Unavailable
from ingest_api.event import Draft
from ingest_api.request import RawRequest


class _Item(msgspec.Struct, gc=False):
    event_type: str
    occurred_at: str = ""
    idempotency_key: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    user_id: str = ""
    client_id: str = ""
    session_id: str = ""
    url: str = ""
    referrer: str = ""


class _Events(msgspec.Struct, gc=False):
    events: list[msgspec.Raw]


_decode_item = msgspec.json.Decoder(_Item).decode
_decode_events = msgspec.json.Decoder(_Events).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Intake:
    """The dialect. Replies as contracts.md part 3 has them."""

    name = "intake"
    routes = ("/v1/events",)

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
            raise Refused(item.reason, item.details[0].message)
        return Parsed((item,), single=True)

    def reply(self, outcome: Outcome) -> Reply:
        if outcome.single:
            return _single(outcome.results[0], outcome.received_at)
        return _many(outcome)

    def refuse(self, refused: Refused) -> Reply:
        return _error(refused.status, refused.reason, refused.message, refused.details)

    def unavailable(self, unavailable: Unavailable) -> Reply:
        reply = _error(503, Reason.UNAVAILABLE, unavailable.message, ())
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
    return Parsed([_item(item) for item in items])


def _item(raw: bytes | msgspec.Raw) -> Draft | Refusal:
    try:
        item = _decode_item(raw)
    except msgspec.ValidationError:
        return _explain(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        return Refusal(Reason.MALFORMED_BODY, (Detail("event", _malformed(error).message),))
    occurred_at = moment.parse(item.occurred_at)
    data = bytes(item.data)
    if occurred_at is None or data[:1] != b"{":
        return _explain(raw)
    return Draft(
        item.event_type,
        bytes(raw),
        data,
        occurred_at,
        item.idempotency_key,
        user_id=item.user_id,
        client_id=item.client_id,
        session_id=item.session_id,
        url=item.url,
        referrer=item.referrer,
    )


def _explain(raw: bytes | msgspec.Raw) -> Refusal:
    """Every field that is wrong, which the typed decode, stopping at the first, does not tell."""
    try:
        item = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        return Refusal(Reason.MALFORMED_BODY, (Detail("event", _malformed(error).message),))
    if not isinstance(item, dict):
        return Refusal(Reason.INVALID_FIELD, (Detail("event", "must be a JSON object"),))
    wrong = [Detail(field, "is required") for field in ("event_type", "occurred_at") if field not in item]
    if item.get("event_type") == "":
        wrong.append(Detail("event_type", "must not be empty"))
    for field in _Item.__struct_fields__:
        if field == "data":
            if not isinstance(item.get("data", {}), dict):
                wrong.append(Detail("data", "must be a JSON object"))
        elif not isinstance(item.get(field, ""), str):
            wrong.append(Detail(field, "must be a string"))
    occurred_at = item.get("occurred_at")
    if isinstance(occurred_at, str) and moment.parse(occurred_at) is None:
        wrong.append(Detail("occurred_at", "is not an ISO 8601 time such as 2025-12-22T10:30:00Z"))
    return Refusal(Reason.INVALID_FIELD, tuple(wrong))


def _single(result: Result | Refusal, received_at: int) -> Reply:
    if isinstance(result, Refusal):
        return _error(400, result.reason, f"The event is not valid: {result.message}.", result.details)
    if result.verdict is Verdict.VALID:
        return Reply(200, b'{"status":"ok","valid":true}')
    body = f'{{"status":"ok","event_id":"evt_{result.event_id.hex()}"'
    if result.verdict is not Verdict.NEW:
        body += ',"deduplicated":true'
        if result.verdict is Verdict.MISMATCH:
            body += ',"payload_mismatch":true'
    return Reply(200, f'{body},"received_at":"{moment.text(received_at)}"}}'.encode())


def _many(outcome: Outcome) -> Reply:
    count = {"accepted": 0, "deduplicated": 0, "rejected": 0}
    lines = []
    for index, result in enumerate(outcome.results):
        counted, line = _line(result)
        count[counted] += 1
        lines.append({"index": index, **line})
    answer: dict[str, object] = {"status": "ok", **count, "results": lines}
    if count["rejected"] < len(lines):
        return Reply(200, orjson.dumps(answer))
    answer |= {"status": "error", "error": "bad_request", "message": "No event of the batch was accepted."}
    return Reply(400, orjson.dumps(answer))


def _line(result: Result | Refusal) -> tuple[str, dict[str, object]]:
    """Under what an item is counted, and what is said of it."""
    if isinstance(result, Refusal):
        return "rejected", {"error": result.message, "reason": result.reason}
    if result.verdict is Verdict.UNAVAILABLE:
        return "rejected", {"error": "could not be written now; send it again", "retry": True}
    if result.verdict is Verdict.VALID:
        return "accepted", {"valid": True}
    line: dict[str, object] = {"event_id": f"evt_{result.event_id.hex()}"}
    if result.verdict is Verdict.NEW:
        return "accepted", line
    line["deduplicated"] = True
    if result.verdict is Verdict.MISMATCH:
        line["payload_mismatch"] = True
    return "deduplicated", line


def _error(status: int, reason: Reason, message: str, details: Sequence[Detail]) -> Reply:
    answer = {"status": "error", "error": str(reason), "message": message, "details": msgspec.to_builtins(details)}
    return Reply(status, orjson.dumps(answer))


def _malformed(error: Exception) -> Refused:
    why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return Refused(Reason.MALFORMED_BODY, f"The body is not valid JSON: {why}")
