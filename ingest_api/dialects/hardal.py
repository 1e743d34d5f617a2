"""The Hardal Events API: POST /push/hardal with one event or identify, open to sites that allow it."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
import orjson
from msgspec import UNSET, Meta, UnsetType

from ingest_api.dialect import Exchange, Outcome, Parsed, Rank, Reply, Shape
from ingest_api.errors import Detail, Reason, Refusal, Refused, Unavailable
from ingest_api.event import Draft
from ingest_api.http.request import RawRequest
from ingest_api.projects import keys
from ingest_api.rules import properties
from ingest_api.rules.fields import Fields, NoObject

_INVALID = "The request contains invalid parameters or malformed data"
_MESSAGES = {
    Reason.UNAUTHORIZED: "Authentication required. Please provide a valid API token",
    Reason.WRONG_KIND: "Authentication required. Please provide a valid API token",
    Reason.UNKNOWN_SITE: "Invalid Signal ID.",
}
_OK = Reply(200, b'{"ok":true}')


_Text = Annotated[str, Meta(max_length=8192)]


class HardalPayload(msgspec.Struct, kw_only=True):
    """What happened. `name` and `url` are required of an event. Further fields are kept among its properties."""

    website: (
        Annotated[
            str,
            Meta(description="the site id; left out, the host names it: demo or demo-signal of demo-signal.x.example"),
        ]
        | UnsetType
        | None
    ) = UNSET
    name: Annotated[str, Meta(max_length=255, examples=["page_view"])] | UnsetType | None = UNSET
    url: Annotated[str, Meta(max_length=8192, examples=["https://shop.example/"])] | UnsetType | None = UNSET
    id: Annotated[str, Meta(max_length=512, description="the user; else user_id of data")] | UnsetType | None = UNSET
    client_id: (
        Annotated[str, Meta(max_length=512, description="the browser; an identify event links it to the user")]
        | UnsetType
        | None
    ) = UNSET
    title: _Text | UnsetType | None = UNSET
    referrer: _Text | UnsetType | None = UNSET
    device_type: _Text | UnsetType | None = UNSET
    language: _Text | UnsetType | None = UNSET
    platform: _Text | UnsetType | None = UNSET
    data: Annotated[dict[str, Any], Meta(description="properties, or the traits of a user")] | UnsetType | None = UNSET


class HardalEvent(msgspec.Struct):
    """One event, or who a user is."""

    type: Literal["event", "identify"]
    payload: HardalPayload


class HardalTaken(msgspec.Struct):
    """The event is in the queue."""

    ok: Literal[True]


class HardalError(msgspec.Struct):
    """Nothing was taken."""

    error: Annotated[str, Meta(description="the phrase of the status")]
    message: str
    code: Annotated[int, Meta(description="the status")]
    details: Annotated[list[Detail], Meta(description="every field that is wrong")] | UnsetType = UNSET


_EXAMPLE = {
    "type": "event",
    "payload": {"website": "demo", "name": "page_view", "url": "https://shop.example/", "data": {"plan": "pro"}},
}
_PUSH = Exchange("Send one event, or who a user is", (HardalEvent,), (HardalTaken,), _EXAMPLE)


class Hardal:
    """The dialect. Replies as contracts.md part 1 has them."""

    name = "hardal"
    routes = ("/push/hardal",)
    public = True
    recent_only = False
    rank = Rank.LAST
    waits = False
    words: Mapping[str, str] = {"properties": "data", "site_id": "website", "user_id": "id"}
    shape = Shape("Hardal Events API", {"/push/hardal": _PUSH}, HardalError)

    def token(self, headers: Mapping[str, str]) -> str:
        return keys.bearer(headers.get("Authorization", ""))

    def parse(self, raw: RawRequest, max_events: int) -> Parsed:
        del max_events  # one event a request
        try:
            outer = Fields(raw.body)
        except NoObject as error:
            raise Refused(Reason.MALFORMED_BODY, _INVALID, (Detail("body", str(error)),)) from error
        kind = outer.text("type", required=True)
        if kind and kind not in {"event", "identify"}:
            outer.refuse("type", "must be event or identify")
        payload = outer.take("payload")
        try:
            inner = Fields(payload or b"{}")
        except NoObject as error:
            outer.refuse("payload", str(error))
            inner = Fields(b"{}")
        if payload is None:
            outer.refuse("payload", "is required")
        draft = _payload(inner, kind, raw)
        wrong = (*outer.wrong, *inner.wrong) if payload is not None else tuple(outer.wrong)
        item = Refusal(Reason.INVALID_FIELD, wrong) if wrong else draft
        return Parsed((item,), single=True, site_id=draft.site_id)

    def reply(self, outcome: Outcome) -> Reply:
        result = outcome.results[0]
        return _error(400, _INVALID, result.details) if isinstance(result, Refusal) else _OK

    def refuse(self, refused: Refused) -> Reply:
        message = _MESSAGES.get(refused.reason, refused.message)
        return _error(refused.status, _INVALID if refused.status == 400 else message, refused.details)

    def unavailable(self, unavailable: Unavailable) -> Reply:
        reply = _error(503, unavailable.message, ())
        return Reply(503, reply.body, {"Retry-After": str(unavailable.retry_after)})


DIALECT = Hardal()


def _payload(fields: Fields, kind: str, raw: RawRequest) -> Draft:
    event = kind != "identify"
    site_id = fields.text("website") or _label(raw.headers.get("Host", ""))
    if not site_id:
        fields.refuse("website", "is required")
    name = fields.text("name", required=event)
    url = fields.text("url", required=event)
    data = fields.object("data")
    user_id = fields.text("id") or properties.user_id(data)
    draft = Draft(
        name or "identify",
        raw.body,
        kind="event" if event else "identify",
        site_id=site_id,
        user_id=user_id,
        client_id=fields.text("client_id"),
        url=url,
        title=fields.text("title"),
        referrer=fields.text("referrer"),
        device_type=fields.text("device_type"),
        language=fields.text("language"),
        platform=fields.text("platform"),
    )
    draft.properties = fields.rest(data)
    return draft


def _label(host: str) -> str:
    """The site that a host such as demo-signal.example.com stands for; an address or a bare name stands for none."""
    label, dot, rest = host.partition(":")[0].partition(".")
    return label.removesuffix("-signal") if dot and not rest.replace(".", "").isdigit() else ""


def _error(status: int, message: str, details: Sequence[Detail]) -> Reply:
    answer: dict[str, object] = {"error": HTTPStatus(status).phrase, "message": message, "code": status}
    if details:
        answer["details"] = msgspec.to_builtins(details)
    return Reply(status, orjson.dumps(answer))
