"""What was seen of events and properties in a page of arrivals, brought together with what the catalog knows. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

#: of a project: names of events, properties of one name, properties of all; what is beyond is counted without a name
MOST_NAMES, MOST_PROPERTIES, MOST_OF_PROJECT = 2000, 2000, 20_000

#: a name of events; or with a property and its type
Key = tuple[str, ...]


class Known(NamedTuple):
    """What the catalog says of a key: of the last day on which it was seen, but for the first time."""

    day: date
    events: int
    first_ms: int
    upto_ms: int


class Seen(NamedTuple):
    """What a page holds of a key."""

    events: int
    first_ms: int
    last_ms: int

    def __add__(self, other: Any) -> "Seen":
        return Seen(self.events + other[0], min(self.first_ms, other[1]), max(self.last_ms, other[2]))


def folded_events(seen: Mapping[Key, Seen], names: set[str]) -> dict[Key, Seen]:
    """What has no place any more goes under the empty name."""
    return _folded(((key if key[0] in names else ("",)), one) for key, one in seen.items())


def folded_properties(known: Iterable[Key], seen: Mapping[Key, Seen]) -> dict[Key, Seen]:
    """What has no place any more goes under the empty type of its name."""
    before = {key[:2] for key in known if key[2]}
    places = admitted(before, [key[:2] for key in seen if key[2]], MOST_OF_PROJECT, MOST_PROPERTIES)
    return _folded((key if key[2] and key[:2] in places else (key[0], "", ""), one) for key, one in seen.items())


def admitted(known: Iterable[Key], seen: Iterable[Key], most: int, most_of_name: int = 0) -> set[Key]:
    """Those that have a place: all that are known, and of the new ones the first in their order."""
    places = {key for key in known if any(key)}
    of_name: dict[str, int] = {}
    for name, *_ in places:
        of_name[name] = of_name.get(name, 0) + 1
    for key in sorted(set(seen) - places):
        here = of_name.get(key[0], 0)
        if len(places) < most and (not most_of_name or here < most_of_name):
            places.add(key)
            of_name[key[0]] = here + 1
    return places


def rows(known: Mapping[Key, Known], seen: Mapping[Key, Seen], day: date, until_ms: int) -> list[tuple[Any, ...]]:
    """Key, day, events of the day, first and last time, and up to when. What is counted up to there has none."""
    found = []
    for key, one in seen.items():
        old = known.get(key)
        if old is None:
            found.append((*key, day, *one, until_ms))
        elif old.upto_ms < until_ms:
            before = old.events if old.day == day else 0
            found.append((*key, day, before + one.events, old.first_ms, one.last_ms, until_ms))
    return found


def _folded(pairs: Iterable[tuple[Key, Seen]]) -> dict[Key, Seen]:
    found: dict[Key, Seen] = {}
    for key, one in pairs:
        found[key] = found[key] + one if key in found else one
    return found
