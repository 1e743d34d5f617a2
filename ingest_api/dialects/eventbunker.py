"""EventBunker's Track Event API: POST /post with one event whose fields are free."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
import orjson
from msgspec import UNSET, Meta, UnsetType

from ingest_api.dialect import Exchange, Outcome, Parsed, Rank, Reply, Shape
from ingest_api.errors import Detail, Reason, Refusal, Refused, Unavailable
from ingest_api.event import Draft
from ingest_api.http.request import RawRequest
from ingest_api.rules.fields import Fields, NoObject

_INVALID = "Body JSON validation failed."
_NO_KEY = "Invalid x-eventbunker-write-key"
_WRONG_KIND = "Please use a write key for write requests. Invalid x-eventbunker-write-key"


class EventBunkerEvent(msgspec.Struct, kw_only=True):
    """One event. Any further field is one of its properties."""

    event_name: Annotated[str, Meta(min_length=1, max_length=255, examples=["user_registered"])]
    timestamp: Annotated[str, Meta(description="ISO 8601; without an offset UTC; left out: now")] | UnsetType | None = (
        UNSET
    )
    customer_identifier: Annotated[str, Meta(max_length=512, description="the user")] | UnsetType | None = UNSET


class EventBunkerTaken(msgspec.Struct):
    """The event is in the queue."""

    unique_req_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="the event's id")]
    time_recorded: Annotated[int, Meta(description="Unix milliseconds")]


class EventBunkerError(msgspec.Struct):
    """Nothing was taken."""

    message: str
    errors: Annotated[list[str], Meta(description="what is wrong, the field first")] | UnsetType = UNSET


_EXAMPLE = {"event_name": "user_registered", "customer_identifier": "u_42", "plan": "pro", "seats": 3}
_TRACK = Exchange("Send one event", (EventBunkerEvent,), (EventBunkerTaken,), _EXAMPLE)


class EventBunker:
    """The dialect. Replies as contracts.md part 5 has them."""

    name = "eventbunker"
    routes = ("/post",)
    public = False
    recent_only = False
    rank = Rank.FIRST
    waits = False
    words: Mapping[str, str] = {"name": "event_name", "occurred_at": "timestamp", "user_id": "customer_identifier"}
    shape = Shape("EventBunker", {"/post": _TRACK}, EventBunkerError, "x-eventbunker-write-key")

    def token(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-eventbunker-write-key", "").strip()

    def parse(self, raw: RawRequest, max_events: int) -> Parsed:
        del max_events  # one event a request
        try:
            fields = Fields(raw.body)
        except NoObject as error:
            raise Refused(Reason.MALFORMED_BODY, _INVALID, (Detail("body", str(error)),)) from error
        name = fields.text("event_name", required=True)
        occurred_at = fields.time("timestamp")
        user_id = fields.text("customer_identifier")
        item = fields.refusal() or Draft(name, raw.body, fields.rest(), occurred_at, user_id=user_id)
        return Parsed((item,), single=True)

    def reply(self, outcome: Outcome) -> Reply:
        result = outcome.results[0]
        if isinstance(result, Refusal):
            return _error(400, _INVALID, result.details)
        body = f'{{"unique_req_id":"{result.event_id.hex()}","time_recorded":{outcome.received_at}}}'
        return Reply(200, body.encode())

    def refuse(self, refused: Refused) -> Reply:
        if refused.reason is Reason.UNAUTHORIZED:
            return _error(401, _NO_KEY, ())
        if refused.reason is Reason.WRONG_KIND:
            return _error(401, _WRONG_KIND, ())
        if refused.status == 400:
            return _error(400, _INVALID, refused.details or (Detail("body", refused.message),))
        return _error(refused.status, refused.message, ())

    def unavailable(self, unavailable: Unavailable) -> Reply:
        reply = _error(503, f"Error: {unavailable.message}", ())
        return Reply(503, reply.body, {"Retry-After": str(unavailable.retry_after)})


DIALECT = EventBunker()


def _error(status: int, message: str, details: Sequence[Detail]) -> Reply:
    answer: dict[str, object] = {"message": f"Error: {message}" if status == 500 else message}
    if details:
        answer["errors"] = [f"{detail.field} {detail.message}" for detail in details]
    return Reply(status, orjson.dumps(answer))
