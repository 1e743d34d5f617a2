"""Hardal DB, server to server: POST /push/server (or /s2s/events) with one event or an array of them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import orjson
from msgspec import UNSET, Meta, UnsetType

from ingest_api.dialect import Exchange, Outcome, Parsed, Rank, Reply, Result, Shape, Verdict
from ingest_api.errors import Detail, Reason, Refusal, Refused, Unavailable
from ingest_api.event import Draft
from ingest_api.http.request import RawRequest
from ingest_api.projects import keys
from ingest_api.rules import properties
from ingest_api.rules.fields import Fields, NoObject, array

_INVALID = "The request contains invalid parameters or malformed data"
_UNAUTHORIZED = "Authentication required. Please provide a valid API token"


class HardalDbEvent(msgspec.Struct, kw_only=True):
    """One event. Further fields are kept among its properties."""

    event_name: Annotated[str, Meta(min_length=1, max_length=255, examples=["purchase"])]
    id: Annotated[UUID, Meta(description="the idempotency key; left out: made")] | UnsetType | None = UNSET
    created_at: (
        Annotated[str, Meta(description="ISO 8601; without an offset UTC; left out: now")] | UnsetType | None
    ) = UNSET
    client_id: Annotated[str, Meta(max_length=512)] | UnsetType | None = UNSET
    hardal_server_request_id: Annotated[str, Meta(max_length=512)] | UnsetType | None = UNSET
    properties: Annotated[dict[str, Any], Meta(description="nested at most 32 levels deep")] | UnsetType | None = UNSET


class HardalDbTaken(msgspec.Struct):
    """The event is in the queue."""

    ok: Literal[True]
    id: UUID


class HardalDbItemError(Detail, frozen=True):
    """One thing that is wrong with one event of an array."""

    index: int


class HardalDbManyTaken(msgspec.Struct):
    """The events that have an id are in the queue; `errors` says of the others why not."""

    ok: Literal[True]
    ids: Annotated[list[UUID | None], Meta(description="in the order of the array")]
    errors: list[HardalDbItemError] | UnsetType = UNSET


class HardalDbError(msgspec.Struct):
    """Nothing was taken."""

    error: Annotated[str, Meta(description="the phrase of the status")]
    message: str
    code: Annotated[int, Meta(description="the status")]
    details: Annotated[list[Detail], Meta(description="every field that is wrong")] | UnsetType = UNSET


_EXAMPLE = {"event_name": "purchase", "client_id": "c_42", "properties": {"price": 29.99, "currency": "USD"}}
_PUSH = Exchange(
    "Send one event, or an array of at most 10,000",
    (HardalDbEvent, Annotated[list[HardalDbEvent], Meta(min_length=1, max_length=10_000)]),
    (HardalDbTaken, HardalDbManyTaken),
    _EXAMPLE,
)


class HardalDb:
    """The dialect. Replies as contracts.md part 4 has them."""

    name = "hardal_db"
    routes = ("/push/server", "/s2s/events")
    public = False
    recent_only = False
    rank = Rank.FIRST
    waits = False
    words: Mapping[str, str] = {
        "name": "event_name",
        "key": "id",
        "occurred_at": "created_at",
        "request_id": "hardal_server_request_id",
    }
    shape = Shape("Hardal DB", dict.fromkeys(routes, _PUSH), HardalDbError)

    def token(self, headers: Mapping[str, str]) -> str:
        return keys.bearer(headers.get("Authorization", ""))

    def parse(self, raw: RawRequest, max_events: int) -> Parsed:
        if raw.body.lstrip()[:1] != b"[":
            item = _item(raw.body)
            if isinstance(item, Refusal) and item.reason is Reason.MALFORMED_BODY:
                raise Refused(item.reason, _INVALID, item.details)
            return Parsed((item,), single=True)
        try:
            items = array(raw.body)
        except NoObject as error:
            raise Refused(Reason.MALFORMED_BODY, _INVALID, (Detail("body", str(error)),)) from error
        if len(items) > max_events:
            message = f"{len(items)} events in one request; at most {max_events} are taken."
            raise Refused(Reason.TOO_MANY_EVENTS, message)
        if not items:
            raise Refused(Reason.MALFORMED_BODY, _INVALID, (Detail("body", "holds no event"),))
        return Parsed([_item(item) for item in items])

    def reply(self, outcome: Outcome) -> Reply:
        if outcome.single:
            result = outcome.results[0]
            if isinstance(result, Refusal):
                return _error(400, _INVALID, result.details)
            return Reply(200, b'{"ok":true,"id":"%b"}' % str(UUID(bytes=result.event_id)).encode())
        return _many(outcome.results)

    def refuse(self, refused: Refused) -> Reply:
        message = _UNAUTHORIZED if refused.status == 401 else refused.message
        return _error(refused.status, message, refused.details)

    def unavailable(self, unavailable: Unavailable) -> Reply:
        reply = _error(503, unavailable.message, ())
        return Reply(503, reply.body, {"Retry-After": str(unavailable.retry_after)})


DIALECT = HardalDb()


def _item(raw: bytes | msgspec.Raw) -> Draft | Refusal:
    try:
        fields = Fields(raw)
    except NoObject as error:
        reason = Reason.MALFORMED_BODY if error.malformed else Reason.INVALID_FIELD
        return Refusal(reason, (Detail("body", str(error)),))
    name = fields.text("event_name", required=True)
    key = fields.text("id")
    if key and not _is_uuid(key):
        fields.refuse("id", "must be a UUID such as 7f915be8-5afa-4678-a216-a8662c34a68e")
    told = fields.object("properties")
    created_at = fields.time("created_at")
    request_id, client_id = fields.text("hardal_server_request_id"), fields.text("client_id")
    draft = Draft(
        name,
        bytes(raw),
        occurred_at=created_at,
        key=key,
        user_id=properties.user_id(told),
        client_id=client_id,
        request_id=request_id,
    )
    draft.properties = fields.rest(told)
    return fields.refusal() or draft


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _many(results: Sequence[Result | Refusal]) -> Reply:
    """Ids in the order of the array, null where an event was not taken, and then why."""
    ids: list[str | None] = []
    errors: list[dict[str, object]] = []
    for index, result in enumerate(results):
        if isinstance(result, Result) and result.verdict is not Verdict.UNAVAILABLE:
            ids.append(str(UUID(bytes=result.event_id)))
            continue
        ids.append(None)
        why = result.details if isinstance(result, Refusal) else (Detail("event", "send it again"),)
        errors += ({"index": index, "field": detail.field, "message": detail.message} for detail in why)
    if not any(ids):
        details = [Detail(f"[{error['index']}].{error['field']}", str(error["message"])) for error in errors]
        return _error(400, _INVALID, details)
    answer: dict[str, object] = {"ok": True, "ids": ids}
    if errors:
        answer["errors"] = errors
    return Reply(200, orjson.dumps(answer))


def _error(status: int, message: str, details: Sequence[Detail]) -> Reply:
    answer: dict[str, object] = {"error": HTTPStatus(status).phrase, "message": message, "code": status}
    if details:
        answer["details"] = msgspec.to_builtins(details)
    return Reply(status, orjson.dumps(answer))
