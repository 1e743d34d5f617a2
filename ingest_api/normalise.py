"""Rules that are equal for all dialects: ids, times, lengths, what may be in a name. Draft -> Event."""

import hashlib
import struct
import zlib

import msgspec
import orjson

from ingest_api.errors import Detail, Reason, Refusal
from ingest_api.event import Draft, Event
from ingest_api.projects import Project

MAX_NAME = 255
MAX_KEY = 255
MAX_ID = 512
MAX_TEXT = 8192
MAX_DEPTH = 32

#: a UUID without its version and variant
_FREE_BITS = (1 << 128) - 1 - (0xF << 76) - (3 << 62)
#: tells a faithful retry from a reused key; a project can only fool itself, so a checksum is enough
_SUMS = struct.Struct(">II")
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
#: columns that identify somebody or something: short, no control characters
_IDS = ("site_id", "user_id", "client_id", "session_id", "request_id")
_TEXTS = ("url", "title", "referrer", "device_type", "language", "platform", "country")


class Context(msgspec.Struct, gc=False):
    """What is equal for all events of one request."""

    project: Project
    dialect: str
    #: Unix milliseconds
    received_at: int
    ip: str
    user_agent: str
    max_event_bytes: int
    past_days: int
    future_hours: int


class Stamped(msgspec.Struct, gc=False):
    """An event with what the index needs: the digest of its key (empty without a key) and of its content."""

    event: Event
    digest: bytes
    payload: bytes
    size: int


def normalise(draft: Draft, context: Context, number: int) -> Stamped | Refusal:
    """Apply the rules. `number` makes the id of an event without a key: 74 bits that no other event gets."""
    refusal = check(draft, context)
    if refusal is not None:
        return refusal
    key, received_at = draft.key, context.received_at
    if key:
        digest = hashlib.sha256(f"{context.project.id}\0{key}".encode()).digest()[:16]
        event_id = keyed_id(digest)
        payload = _SUMS.pack(zlib.crc32(draft.raw), len(draft.raw))
    else:
        digest, payload = b"", b""
        event_id = unkeyed_id(received_at, number)
    event = Event(
        event_id,
        context.project.id,
        draft.name,
        received_at if draft.occurred_at is None else draft.occurred_at,
        received_at,
        draft.properties,
        context.dialect,
        draft.kind,
        draft.site_id,
        draft.user_id,
        draft.client_id,
        draft.session_id,
        draft.request_id,
        draft.url,
        draft.title,
        draft.referrer,
        draft.device_type,
        draft.language,
        draft.platform,
        draft.country,
        context.ip,
        context.user_agent,
    )
    return Stamped(event, digest, payload, len(draft.raw))


def check(draft: Draft, context: Context) -> Refusal | None:
    """Everything that is wrong with a draft, or None."""
    if _plainly_right(draft, context):
        return None
    if len(draft.raw) > context.max_event_bytes:
        return Refusal(Reason.EVENT_TOO_LARGE, (Detail("event", f"is larger than {context.max_event_bytes} bytes"),))
    wrong = _wrong_fields(draft, context.project)
    if wrong:
        return Refusal(Reason.INVALID_FIELD, tuple(wrong))
    problem = _time_problem(draft.occurred_at, context)
    return Refusal(Reason.INVALID_TIME, (Detail("occurred_at", problem),)) if problem else None


def keyed_id(digest: bytes) -> bytes:
    """The UUID (version 8, RFC 9562) of a keyed event: the same key gives the same id for ever."""
    return (int.from_bytes(digest, "big") & _FREE_BITS | 8 << 76 | 2 << 62).to_bytes(16, "big")


def unkeyed_id(now_ms: int, number: int) -> bytes:
    """A UUID version 7 (RFC 9562) from a time and 74 bits."""
    high, low = number >> 62 & 0xFFF, number & (1 << 62) - 1
    return (now_ms << 80 | 7 << 76 | high << 64 | 2 << 62 | low).to_bytes(16, "big")


def _plainly_right(draft: Draft, context: Context) -> bool:
    """The whole check of an ordinary event in a few calls: no part can be too long where the whole is short."""
    name, size = draft.name, len(draft.raw)
    ids = f"{name}{draft.key}{draft.user_id}{draft.client_id}{draft.session_id}{draft.request_id}{draft.site_id}"
    return bool(
        name
        and len(ids) <= MAX_NAME
        and ids.isprintable()
        and size <= MAX_TEXT
        and size <= context.max_event_bytes
        and (not draft.site_id or draft.site_id in context.project.site_ids)
        and not _properties_problem(draft.properties)
        and not _time_problem(draft.occurred_at, context)
    )


def _wrong_fields(draft: Draft, project: Project) -> list[Detail]:
    wrong = []
    if not draft.name or len(draft.name) > MAX_NAME or not draft.name.isprintable():
        wrong.append(Detail("event_type", f"must be 1 to {MAX_NAME} printable characters"))
    if len(draft.key) > MAX_KEY or not draft.key.isprintable():
        wrong.append(Detail("idempotency_key", f"must be at most {MAX_KEY} printable characters"))
    problem = _properties_problem(draft.properties)
    if problem:
        wrong.append(Detail("data", problem))
    for field in _IDS:
        value = getattr(draft, field)
        if len(value) > MAX_ID or not value.isprintable():
            wrong.append(Detail(field, f"must be at most {MAX_ID} printable characters"))
    too_long = (field for field in _TEXTS if len(getattr(draft, field)) > MAX_TEXT)
    wrong += [Detail(field, f"must be at most {MAX_TEXT} characters") for field in too_long]
    if draft.site_id and draft.site_id not in project.site_ids:
        wrong.append(Detail("site_id", "does not belong to this key's project"))
    return wrong


def _properties_problem(properties: bytes) -> str | None:
    if properties == b"{}":
        return None
    try:
        orjson.loads(properties)  # strict where the typed decode only skims: numbers beyond double, lone surrogates
    except orjson.JSONDecodeError as error:
        return f"is not valid JSON: {error.msg}"
    if properties.count(b"{") + properties.count(b"[") > MAX_DEPTH and _depth(properties) > MAX_DEPTH:
        return f"is nested deeper than {MAX_DEPTH} levels"
    return None


def _depth(properties: bytes) -> int:
    level: list[object] = [orjson.loads(properties)]
    depth = 0
    while level:
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        depth += 1
    return depth - 1


def _time_problem(occurred_at: int | None, context: Context) -> str:
    if occurred_at is None:
        return ""
    if occurred_at > context.received_at + context.future_hours * _HOUR_MS:
        return f"is more than {context.future_hours} hours ahead of now"
    if occurred_at < 0 or occurred_at < context.received_at - context.past_days * _DAY_MS:
        return f"is more than {context.past_days} days ago, or before 1970"
    return ""
