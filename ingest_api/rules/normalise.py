"""Rules that are equal for all dialects: ids, times, lengths, what may be in a name. Draft -> Event."""

import hashlib
import re
from collections.abc import Callable
from itertools import product
from typing import cast

import msgspec
from xxhash import xxh3_64_digest as checksum

from ingest_api import frame
from ingest_api.dialect import Result, Verdict
from ingest_api.errors import Detail, Reason, Refusal
from ingest_api.event import Draft, Event
from ingest_api.projects.projects import Project
from ingest_api.rules import properties
from ingest_api.rules.limits import Limits

#: bits of a UUID that tell its version and variant, and what they are in version 8
_MARKS, _VERSION_8 = 0xF << 76 | 3 << 62, 8 << 76 | 2 << 62
_NEW = Verdict.NEW  # in Python 3.11 members are slow to find on their class
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
#: control characters, and what some readers take for the end of a line
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: columns that identify somebody or something: short, no control characters
_IDS = ("site_id", "user_id", "client_id", "session_id", "request_id")
_TEXTS = ("url", "title", "referrer", "device_type", "language", "platform", "country")


class Context(msgspec.Struct, gc=False):
    """What is equal for all events of one request. Times are Unix milliseconds."""

    project: Project
    dialect: str
    received_at: int
    #: the accepted window
    earliest: int
    latest: int
    #: of the connection
    ip: str
    user_agent: str
    limits: Limits


class Stamped(Result, gc=False):
    """An event as its frame will hold it, and what the index needs: the digests of key (empty without one) and content.

    It is its own result: new, until it is known otherwise. The event itself is not kept: what thousands that wait for
    Redis let go at once, the next take again while the processor's caches still hold it.
    """

    project: str
    row: bytes
    digest: bytes
    payload: bytes
    #: bytes as the producer sent them
    size: int

    @property
    def event(self) -> Event:
        """The event as workers will read it."""
        return cast("Event", frame.event(self.row))


def window(project: Project, limits: Limits, received_at: int, *, recent_only: bool) -> tuple[int, int]:
    """From when to when an event may have occurred: the narrower of the dialect's limit and the project's."""
    days = limits.recent_days if recent_only else limits.past_days
    if project.past_days:
        days = min(days, project.past_days)
    return max(0, received_at - days * _DAY_MS), received_at + limits.future_hours * _HOUR_MS


def normalise(draft: Draft, context: Context, number: int) -> Stamped | Refusal:
    """Apply the rules. `number` makes the id of an event without a key: 74 bits that no other event gets.

    A refusal names fields as `Draft` does.
    """
    if not _plainly_right(draft, context):
        refusal = check(draft, context)
        if refusal is not None:
            return refusal
    draft.properties = properties.exact(draft.properties)
    if draft.key:
        return maker(context)(draft, *keyed(context.project.id, draft.key))
    return maker(context)(draft, unkeyed_id(context.received_at, number), b"")


def maker(context: Context) -> Callable[[Draft, bytes, bytes], Stamped]:
    """What makes the event of a draft that is right, and whose properties are exact, of its id and its key's digest."""
    project, dialect, received_at = context.project.id, context.dialect, context.received_at
    ip, user_agent, sites = context.ip, context.user_agent, context.project.site_ids

    def made(draft: Draft, event_id: bytes, digest: bytes) -> Stamped:
        raw = draft.raw
        passed_on = draft.ip or draft.user_agent  # the connection is another's then
        event = Event(
            event_id,
            project,
            draft.name,
            received_at if draft.occurred_at is None else draft.occurred_at,
            received_at,
            draft.properties,
            dialect,
            draft.kind,
            sites[0] if draft.first_site and sites else draft.site_id,
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
            draft.ip if passed_on else ip,
            draft.user_agent if passed_on else user_agent,
        )
        # tells a faithful retry from a reused key; a project can only fool itself, so a checksum is enough
        content = checksum(raw) if digest else b""
        return Stamped(event_id, _NEW, project, frame.row(event), digest, content, len(raw))

    return made


def check(draft: Draft, context: Context) -> Refusal | None:
    """Everything that is wrong with a draft, or None."""
    limit = context.limits.max_event_bytes
    if len(draft.raw) > limit:
        return Refusal(Reason.EVENT_TOO_LARGE, (Detail("event", f"is larger than {limit} bytes"),))
    wrong = _wrong_fields(draft, context)
    if wrong:
        return Refusal(Reason.INVALID_FIELD, tuple(wrong))
    problem = _time_problem(draft.occurred_at, context)
    return Refusal(Reason.INVALID_TIME, (Detail("occurred_at", problem),)) if problem else None


def keyed_id(digest: bytes) -> bytes:
    """The UUID (version 8, RFC 9562) of a keyed event: the same key gives the same id for ever."""
    return (int.from_bytes(digest, "big") & ~_MARKS | _VERSION_8).to_bytes(16, "big")


def unkeyed_id(now_ms: int, number: int) -> bytes:
    """A UUID version 7 (RFC 9562) from a time and 74 bits."""
    high, low = number >> 62 & 0xFFF, number & (1 << 62) - 1
    return (now_ms << 80 | 7 << 76 | high << 64 | 2 << 62 | low).to_bytes(16, "big")


def keyed(project: str, key: str) -> tuple[bytes, bytes]:
    """The id and the digest of a keyed event. A key that is a UUID is the id itself: producers look for it."""
    own = len(key) == 36 and _UUID.fullmatch(key)
    if own:
        key = key.lower()
    digest = hashlib.sha256(f"{project}\0{key}".encode()).digest()[:16]
    return (bytes.fromhex(key.replace("-", "")) if own else keyed_id(digest)), digest


def digests(project: str, event_id: bytes) -> list[list[bytes]]:
    """The digests of which this id can have been made. The digests of each list belong to the same shard.

    The key was a UUID and is the id; or version and variant took the place of six bits of the digest.
    """
    digits = event_id.hex()
    known = [[keyed(project, "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])))[1]]]
    if event_id[6] >> 4 == 8 and event_id[8] >> 6 == 2:
        six, eight = event_id[6] & 0x0F, event_id[8] & 0x3F
        made = ((high << 4 | six, top << 6 | eight) for high, top in product(range(16), range(4)))
        known.append([event_id[:6] + bytes((a,)) + event_id[7:8] + bytes((b,)) + event_id[9:] for a, b in made])
    return known


def _plainly_right(draft: Draft, context: Context) -> bool:
    """The whole check of an ordinary event in a few calls: no part can be too long where the whole is short."""
    name, size, limits, occurred_at = draft.name, len(draft.raw), context.limits, draft.occurred_at
    ids = f"{name}{draft.key}{draft.user_id}{draft.client_id}{draft.session_id}{draft.request_id}{draft.site_id}"
    return bool(
        name
        and len(ids) <= limits.short
        and ids.isprintable()
        and size <= limits.max_text_chars
        and size <= limits.max_event_bytes
        and (not draft.site_id or draft.site_id in context.project.site_ids)
        and (occurred_at is None or context.earliest <= occurred_at <= context.latest)
        and (draft.properties == properties.EMPTY or not properties.problem(draft.properties, limits))
    )


def _wrong_fields(draft: Draft, context: Context) -> list[Detail]:
    limits, wrong = context.limits, []
    if not _is_id(draft.name, limits.max_name_chars) or not draft.name:
        wrong.append(Detail("name", f"must be 1 to {limits.max_name_chars} characters, without control characters"))
    if not _is_id(draft.key, limits.max_key_chars):
        wrong.append(Detail("key", f"must be at most {limits.max_key_chars} characters, without control characters"))
    problem = properties.problem(draft.properties, limits)
    if problem:
        wrong.append(Detail("properties", problem))
    for field in _IDS:
        if not _is_id(getattr(draft, field), limits.max_id_chars):
            message = f"must be at most {limits.max_id_chars} characters, without control characters"
            wrong.append(Detail(field, message))
    too_long = (field for field in _TEXTS if len(getattr(draft, field)) > limits.max_text_chars)
    wrong += [Detail(field, f"must be at most {limits.max_text_chars} characters") for field in too_long]
    if draft.site_id and draft.site_id not in context.project.site_ids:
        wrong.append(Detail("site_id", "does not belong to this key's project"))
    return wrong


def _is_id(text: str, limit: int) -> bool:
    return len(text) <= limit and not _CONTROL.search(text)


def _time_problem(occurred_at: int | None, context: Context) -> str:
    if occurred_at is None or context.earliest <= occurred_at <= context.latest:
        return ""
    if occurred_at > context.latest:
        return f"is more than {context.limits.future_hours} hours ahead of now"
    days = (context.received_at - context.earliest) // _DAY_MS
    return f"is more than {days} days ago" if occurred_at >= 0 else "is before 1970"
