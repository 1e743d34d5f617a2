"""The native API as types, for documents: what is sent to POST /v1/events and what comes back."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingest_api.dialect import Ack, Exchange, Shape
from ingest_api.durability import Level
from ingest_api.errors import Detail, Reason

_Id = Annotated[str, Meta(max_length=512)]
_Text = Annotated[str, Meta(max_length=8192)]
#: characters
MAX_USER_AGENT = 1024
_Why = Annotated[str, Meta(description="why the event was rejected after it was taken; it is kept")]


class IntakeEvent(msgspec.Struct, kw_only=True):
    """One event. Further fields are kept among its `data`."""

    event_type: Annotated[str, Meta(min_length=1, max_length=255, examples=["signup"])]
    occurred_at: Annotated[
        str,
        Meta(description="ISO 8601, without an offset UTC; at most 24 hours ahead", examples=["2026-11-21T10:30:00Z"]),
    ]
    idempotency_key: (
        Annotated[str, Meta(max_length=255, description="equal keys of a project are one event")] | UnsetType | None
    ) = UNSET
    data: (
        Annotated[dict[str, Any], Meta(description="properties, nested at most 32 levels deep")] | UnsetType | None
    ) = UNSET
    user_id: _Id | UnsetType | None = UNSET
    client_id: _Id | UnsetType | None = UNSET
    session_id: _Id | UnsetType | None = UNSET
    url: _Text | UnsetType | None = UNSET
    title: _Text | UnsetType | None = UNSET
    referrer: _Text | UnsetType | None = UNSET
    device_type: _Text | UnsetType | None = UNSET
    language: _Text | UnsetType | None = UNSET
    platform: _Text | UnsetType | None = UNSET
    country: Annotated[str, Meta(pattern="^([A-Za-z]{2})?$", description="ISO 3166-1 alpha-2")] | UnsetType | None = (
        UNSET
    )
    ip: (
        Annotated[str, Meta(description="IPv4 or IPv6 address of the visitor, from a server that passes it on")]
        | UnsetType
        | None
    ) = UNSET
    user_agent: (
        Annotated[str, Meta(max_length=MAX_USER_AGENT, description="User-Agent of that visitor")] | UnsetType | None
    ) = UNSET


_Many = Annotated[list[IntakeEvent], Meta(min_length=1, max_length=10_000)]


class IntakeBatch(msgspec.Struct):
    """Many events. One that is wrong does not sink the others."""

    events: _Many


class IntakeTaken(msgspec.Struct, kw_only=True):
    """The event is in the queue; with `valid` it was only checked."""

    status: Literal["ok"]
    event_id: Annotated[str, Meta(pattern="^evt_[0-9a-f]{32}$")] | UnsetType = UNSET
    received_at: str | UnsetType = UNSET
    deduplicated: Literal[True] | UnsetType = UNSET
    payload_mismatch: Literal[True] | UnsetType = UNSET
    durability: Level | UnsetType = UNSET
    ack: Ack | UnsetType = UNSET
    rejection: _Why | UnsetType = UNSET
    valid: Literal[True] | UnsetType = UNSET


class IntakeResult(msgspec.Struct, kw_only=True):
    """What became of one event of a batch: an id, or an error. With `retry`, send it again."""

    index: int
    event_id: str | UnsetType = UNSET
    deduplicated: Literal[True] | UnsetType = UNSET
    payload_mismatch: Literal[True] | UnsetType = UNSET
    valid: Literal[True] | UnsetType = UNSET
    rejection: _Why | UnsetType = UNSET
    error: str | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET
    retry: Literal[True] | UnsetType = UNSET


class IntakeManyTaken(msgspec.Struct, kw_only=True):
    """All events that were not rejected are in the queue."""

    status: Literal["ok"]
    accepted: int
    deduplicated: int
    rejected: int
    durability: Level | UnsetType = UNSET
    ack: Ack | UnsetType = UNSET
    results: list[IntakeResult]


class IntakeError(msgspec.Struct, kw_only=True):
    """Nothing was taken. A batch has `results`, everything else `details`."""

    status: Literal["error"]
    error: Annotated[str, Meta(description="why, in one word", examples=["invalid_field"])]
    message: str
    details: list[Detail] | UnsetType = UNSET
    accepted: int | UnsetType = UNSET
    deduplicated: int | UnsetType = UNSET
    rejected: int | UnsetType = UNSET
    results: list[IntakeResult] | UnsetType = UNSET


_EXAMPLE = {
    "event_type": "signup",
    "occurred_at": "2026-11-21T10:30:00Z",
    "idempotency_key": "signup-42",
    "data": {"plan": "pro"},
}
_SEND = Exchange(
    "Send one event, or at most 10,000",
    (IntakeEvent, IntakeBatch, _Many),
    (IntakeTaken, IntakeManyTaken),
    _EXAMPLE,
    lines=True,
)

SHAPE = Shape("Event Intake API, and Headrace's own", {"/v1/events": _SEND}, IntakeError)
