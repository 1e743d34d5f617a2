"""The contract of a dialect: one API as its producers speak it. Pure: no I/O, no clock, no aiohttp."""

import enum
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from ingest_api.durability import Level
from ingest_api.errors import Refusal, Refused, Unavailable
from ingest_api.event import Draft

if TYPE_CHECKING:  # whoever reads shapes alone has no use for aiohttp
    from ingest_api.http.request import RawRequest


class Rank(enum.IntEnum):
    """Who is shed when under pressure, and in which order: those lose least by it whose clients send again."""

    #: its clients send again what was answered 503
    FIRST = 1
    #: its clients may
    NEXT = 2
    #: its clients never do: what is shed here is lost
    LAST = 3


class Verdict(enum.IntEnum):
    """What became of one event."""

    NEW = 0
    DUPLICATE = 1
    #: the key was seen with other content: still no second event
    MISMATCH = 2
    #: not written; the producer may send this event again
    UNAVAILABLE = 3
    #: checked and not written, as the producer asked
    VALID = 4


class Ack(enum.StrEnum):
    """How far the events of a request have come. All but the last may be waited for."""

    #: written into the queue, at the level of durability that the answer names
    QUEUED = "queued"
    #: in ClickHouse
    STORED = "stored"
    #: counted by the next question
    QUERYABLE = "queryable"
    #: rejected by the drain, and kept in `rejected_events`
    REJECTED = "rejected"


class Acked(msgspec.Struct, gc=False):
    """What a producer who waited is told of its events."""

    #: how far those have come that were not rejected; `REJECTED` when all were
    level: Ack
    #: event id -> why the drain rejected it
    rejections: Mapping[bytes, str]


class Result(msgspec.Struct, gc=False):
    """One event that was taken, or could not be written now."""

    event_id: bytes
    verdict: Verdict


class Parsed(msgspec.Struct, gc=False):
    """What a request says: items in the order of the request. `single` when it was not a list of events."""

    items: Sequence[Draft | Refusal]
    single: bool = False
    #: the public site id that speaks for the whole request, in dialects that have one
    site_id: str = ""
    #: the key, of a request that carries none in its headers, in dialects that may carry it in the body
    token: str = ""


class Outcome(msgspec.Struct, gc=False):
    """What became of a request: a result or a refusal per item, in the order of the request."""

    results: Sequence[Result | Refusal]
    single: bool
    received_at: int
    #: the level that events are kept at once they are acknowledged
    durability: str = Level.DISK.value
    #: for a producer who waited
    acked: Acked | None = None


class Reply(msgspec.Struct, gc=False):
    """An answer: status, JSON bytes, and headers beyond the ordinary ones."""

    status: int
    body: bytes
    headers: Mapping[str, str] | None = None


class Exchange(msgspec.Struct, frozen=True):
    """What is sent on one route and what comes back with a 200, as types: one type, or several of which one holds."""

    summary: str
    requests: tuple[Any, ...]
    answers: tuple[Any, ...]
    #: one request that is right
    example: Mapping[str, Any]
    #: NDJSON is taken too
    lines: bool = False


class Shape(msgspec.Struct, frozen=True):
    """A dialect as types, for documents. Its cases hold it to the truth; nothing is read by it."""

    title: str
    #: by route
    exchanges: Mapping[str, Exchange]
    #: every answer that is no 200
    error: Any
    #: the header that carries the key
    key_header: str = "Authorization"


class Dialect(Protocol):
    """One file under `dialects/`; its module offers an instance as `DIALECT`."""

    name: str
    #: paths it takes events on, each by POST, with or without a slash at the end
    routes: tuple[str, ...]
    #: whether a site id alone may open a project that allows public writes
    public: bool
    #: whether only recent events are taken: `recent_days` of the settings
    recent_only: bool
    #: when it is shed under pressure
    rank: Rank
    #: whether its producers may wait for the drain, with `ack`
    waits: bool
    #: what its producers call the fields of `Draft`, where they call them otherwise
    words: Mapping[str, str]
    #: what it takes and gives, as types
    shape: Shape

    def token(self, headers: Mapping[str, str]) -> str:
        """The key as this dialect's producers send it, or an empty text."""

    def parse(self, raw: "RawRequest", max_events: int) -> Parsed:
        """Read the body. Raises `Refused` when nothing of it can be understood."""

    def reply(self, outcome: Outcome) -> Reply:
        """The answer to a request that was understood."""

    def refuse(self, refused: Refused) -> Reply:
        """The answer to a request that was refused whole."""

    def unavailable(self, unavailable: Unavailable) -> Reply:
        """The answer when nothing could be written: a 503 that asks to come again."""
