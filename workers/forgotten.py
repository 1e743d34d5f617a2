"""What is forgotten: tombstones compiled, so that an event is looked up. Costs nothing where a project has none."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.projects import tombstones
from ingest_api.projects.tombstones import Tombstone
from workers.batch import Rejected


@dataclass(slots=True)
class Rules:
    """The tombstones of one project. `users`, `clients` and `linked`: mark -> up to which Unix ms."""

    user_key: bytes
    client_key: bytes
    event_key: bytes
    users: dict[bytes, int] = field(default_factory=dict)
    clients: dict[bytes, int] = field(default_factory=dict)
    linked: dict[bytes, int] = field(default_factory=dict)
    events: set[bytes] = field(default_factory=set)
    #: from then on, before then, of this name
    times: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, stone: Tombstone) -> None:
        """One more."""
        named = ((self.users, stone.users), (self.clients, stone.clients), (self.linked, stone.linked))
        for known, marks in named:
            for mark in tombstones.split(marks):
                known[mark] = max(stone.made_at, known.get(mark, 0))
        self.events.update(tombstones.split(stone.events), tombstones.split(stone.found))
        if stone.first_ms is not None and stone.until_ms is not None:
            self.times.append((stone.first_ms, stone.until_ms, stone.name))

    def hits(self, events: Sequence[Event]) -> list[bool]:
        """Of each event of the project, whether it is forgotten. One hash for each distinct user, client and id."""
        users = _limits(self.users, self.user_key, (event.user_id for event in events))
        clients = _limits(self.clients, self.client_key, (event.client_id for event in events))
        linked = _limits(self.linked, self.client_key, (event.client_id for event in events))
        found = [False] * len(events)
        if users or clients or linked:
            found = [_of_somebody(event, users, clients, linked) for event in events]
        if self.events:
            found = [hit or self.knows(event.event_id) for hit, event in zip(found, events, strict=True)]
        for time in self.times:
            found = [hit or _within(event, *time) for hit, event in zip(found, events, strict=True)]
        return found

    def knows(self, event_id: bytes) -> bool:
        """Whether this very event is forgotten, whenever it comes."""
        return bool(self.events) and tombstones.mark(self.event_key, event_id) in self.events


class Forgotten:
    """The tombstones of all projects."""

    def __init__(self, stones: Iterable[Tombstone], secret: bytes) -> None:
        self.rules: dict[str, Rules] = {}
        for stone in stones:
            rules = self.rules.get(stone.project)
            if rules is None:
                user, client, event = (tombstones.key(secret, stone.project, kind) for kind in tombstones.KINDS)
                rules = self.rules[stone.project] = Rules(user, client, event)
            rules.add(stone)

    def hits(self, events: Sequence[Event]) -> list[bool]:
        """Of each event, whether it is forgotten; an empty list when none is."""
        concerned = self.rules.keys() & {event.project for event in events}
        if not concerned:
            return []
        found = [False] * len(events)
        places: dict[str, list[int]] = defaultdict(list)
        for place, event in enumerate(events):
            if event.project in concerned:
                places[event.project].append(place)
        for project, some in places.items():
            hits = self.rules[project].hits([events[place] for place in some])
            for place, hit in zip(some, hits, strict=True):
                found[place] = hit
        return found if any(found) else []

    def rejected(self, one: Rejected) -> bool:
        """Whether a rejected event is forgotten, as far as it can be read."""
        rules = self.rules.get(one.project)
        return rules is not None and one.kind == "event" and self.raw(one.raw, one.event_id)

    @staticmethod
    def readable(raw: bytes) -> bool:
        """Whether an event's MessagePack row is one."""
        return frame.event(raw) is not None

    def raw(self, raw: bytes, event_id: bytes = b"") -> bool:
        """The same of an event's MessagePack row; `event_id` is what can be read of one that is none."""
        event = frame.event(raw)
        if event is None:
            return any(event_id) and any(rules.knows(event_id) for rules in self.rules.values())
        return bool(self.hits([event]))


@lru_cache(maxsize=2)  # the version of now, and perhaps the one before
def forgotten(stones: tuple[Tombstone, ...], secret: bytes) -> Forgotten:
    """Compiled once for each version of the tombstones."""
    return Forgotten(stones, secret)


def _limits(known: Mapping[bytes, int], key: bytes, values: Iterable[str]) -> dict[str, int]:
    """Value -> up to which Unix ms it is forgotten, of those that are."""
    if not known:
        return {}
    marked = ((value, tombstones.mark(key, value.encode())) for value in set(values) if value)
    return {value: known[mark] for value, mark in marked if mark in known}


def _of_somebody(event: Event, users: Mapping[str, int], clients: Mapping[str, int], linked: Mapping[str, int]) -> bool:
    """A device may have had several users: what names another one is the other's."""
    limit = max(users.get(event.user_id, -1), clients.get(event.client_id, -1))
    if not event.user_id:
        limit = max(limit, linked.get(event.client_id, -1))
    # What had arrived before is forgotten, whatever time it names.
    return limit >= 0 and min(event.occurred_at, event.received_at) <= limit


def _within(event: Event, first_ms: int, until_ms: int, name: str) -> bool:
    return first_ms <= event.occurred_at < until_ms and name in {"", event.name}
