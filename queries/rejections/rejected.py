"""Rejected events as the workbench takes and gives them: typed, so that documents can be made of it. Leaf, no I/O."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta


@dataclass(frozen=True, slots=True)
class Selection:
    """Rejected events that can be redriven and were not. Empty means any; `before` is in Unix milliseconds."""

    project: str
    fingerprint: str
    before: int


class Group(msgspec.Struct, frozen=True):
    """Rejected events of one project, name and cause; `rows` are more than events only where nothing was readable."""

    fingerprint: str
    project: str
    name: str
    kind: str
    #: of the newest
    reason: str
    rows: int
    events: int
    #: rows that were redriven already
    redriven: int
    first_seen: datetime
    last_seen: datetime


class HaltedShard(msgspec.Struct, frozen=True):
    """A shard whose drain the breaker stopped."""

    shard: int
    since: datetime
    reason: str


class Groups(msgspec.Struct, frozen=True):
    """By fingerprint, the latest first; and for admin keys the shards that stand still."""

    groups: list[Group]
    halted: list[HaltedShard]


class Sample(msgspec.Struct, frozen=True):
    """One rejected event or frame. `readable` is what could be decoded, `hex` the first of its bytes."""

    #: shard, entry and place in it
    position: str
    project: str
    name: str
    kind: str
    reason: str
    event_id: str
    events: int
    appended_at: datetime
    redriven_at: datetime | None
    size: int
    readable: Any
    hex: str


class Samples(msgspec.Struct, frozen=True):
    """Of one fingerprint, the newest first."""

    samples: list[Sample]


class RedriveOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/redrive: what to put back. At least one of `fingerprint`, `project` and `all` must be given."""

    fingerprint: Annotated[str, Meta(max_length=64, description="of the events to put back")] = ""
    project: Annotated[str, Meta(max_length=63, description="whose events to put back")] = ""
    all: Annotated[bool, Meta(description="whatever can be put back")] = False
    before: Annotated[
        int, Meta(ge=0, le=10**15, description="Unix milliseconds: only what arrived earlier; 0: now")
    ] = 0
    limit: Annotated[int, Meta(ge=1, le=1000, description="most rows of this call")] = 1000


class Redriven(msgspec.Struct, frozen=True):
    """What a call did. Give `before` to the next call, until nothing is left."""

    #: rows put back by this call
    redriven: int
    #: rows that an earlier call, which was interrupted, had put back
    already: int
    #: events in both
    events: int
    #: rows still to be put back
    left: int
    before: int


class AllowOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/shards/{shard}/allow: let the batch pass that halts the shard, or all batches for a while."""

    for_seconds: Annotated[int, Meta(ge=0, le=86_400, description="0: only the batch that halts it")] = 0
