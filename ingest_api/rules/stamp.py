"""Many drafts at once: those about which nothing is unusual are checked together, and what can be is made together.

All others are left to `normalise`, whose word holds; here is only a shorter way to the same (docs/performance.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from ingest_api.errors import Refusal
from ingest_api.event import Draft
from ingest_api.rules import properties
from ingest_api.rules.normalise import Context, Stamped, keyed, maker, normalise, unkeyed_id

#: drafts that are looked at together: for so many one that is unusual takes the long way
_TOGETHER = 200
_UUID_CHARS = 36
#: bytes 6 and 8 of an id of version 8, by what they are in the digest
_SIXTH, _EIGHTH = bytes(0x80 | byte & 0x0F for byte in range(256)), bytes(0x80 | byte & 0x3F for byte in range(256))


def stamp(
    items: Sequence[Draft | Refusal], context: Context, numbers: Iterator[int], words: Mapping[str, str]
) -> list[Stamped | Refusal]:
    """Apply the rules to each draft; refusals are worded as their dialect says. Takes a number for each at the most."""
    if len(items) == 1:
        return [_alone(items[0], context, numbers, words)]
    stamped: list[Stamped | Refusal] = []
    for first in range(0, len(items), _TOGETHER):
        some = items[first : first + _TOGETHER]
        drafts = [item for item in some if isinstance(item, Draft)]
        if len(drafts) == len(some) and _plainly_right(drafts, context):
            stamped += map(maker(context), drafts, *_identified(drafts, context, numbers))
        else:
            stamped += [_alone(item, context, numbers, words) for item in some]
    return stamped


def _alone(
    item: Draft | Refusal, context: Context, numbers: Iterator[int], words: Mapping[str, str]
) -> Stamped | Refusal:
    if isinstance(item, Refusal):
        return item
    result = normalise(item, context, next(numbers))
    return result.worded(words) if isinstance(result, Refusal) else result


def _plainly_right(drafts: Sequence[Draft], context: Context) -> bool:
    """What `normalise` asks of an ordinary draft, asked of all."""
    limits = context.limits
    ids = [f"{d.name}{d.key}{d.user_id}{d.client_id}{d.session_id}{d.request_id}{d.site_id}" for d in drafts]
    times = [draft.occurred_at for draft in drafts if draft.occurred_at is not None]
    return bool(
        "" not in [draft.name for draft in drafts]
        and max(map(len, ids)) <= limits.short
        and "".join(ids).isprintable()
        and max([len(draft.raw) for draft in drafts]) <= min(limits.max_text_chars, limits.max_event_bytes)
        and {draft.site_id for draft in drafts}.issubset(("", *context.project.site_ids))
        and (not times or (context.earliest <= min(times) and max(times) <= context.latest))
        and properties.plain([draft.properties for draft in drafts], limits)
    )


def _identified(drafts: Sequence[Draft], context: Context, numbers: Iterator[int]) -> tuple[list[bytes], list[bytes]]:
    """The id of each, and the digest of its key: `keyed` or `unkeyed_id`, of all."""
    keys, project = [draft.key for draft in drafts], context.project.id
    longest = max(map(len, keys))
    own = _uuids(keys) if longest == _UUID_CHARS else None
    if own:
        keys = [key.lower() for key in keys]
    if own or ("" not in keys and longest < _UUID_CHARS):
        digests = [sha256(f"{project}\0{key}".encode()).digest()[:16] for key in keys]
        return own or _ids(digests), digests
    pairs = [keyed(project, key) if key else (unkeyed_id(context.received_at, next(numbers)), b"") for key in keys]
    return [event_id for event_id, _ in pairs], [digest for _, digest in pairs]


def _uuids(keys: Sequence[str]) -> list[bytes] | None:
    """The ids that the keys are, where each is a UUID as `keyed` knows it; no key is longer than one."""
    together = "".join(keys)
    if any(together[at::_UUID_CHARS] != "-" * len(keys) for at in (8, 13, 18, 23)):
        return None
    try:
        ids = bytes.fromhex(together.replace("-", ""))
    except ValueError:
        return None
    return _each(ids) if len(ids) == 16 * len(keys) else None  # less where a key is shorter, or has spaces


def _ids(digests: Sequence[bytes]) -> list[bytes]:
    """`keyed_id` of each."""
    together = bytearray().join(digests)
    together[6::16] = together[6::16].translate(_SIXTH)
    together[8::16] = together[8::16].translate(_EIGHTH)
    return _each(bytes(together))


def _each(ids: bytes) -> list[bytes]:
    return [ids[first : first + 16] for first in range(0, len(ids), 16)]
