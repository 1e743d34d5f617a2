"""Windows: a stretch of time cut so that each piece has about so many events. Pure."""

from collections.abc import Iterator, Sequence

import msgspec

_HOUR_MS = 3_600_000


class Window(msgspec.Struct, frozen=True, array_like=True):
    """Events that occurred in [from_ms, to_ms), Unix milliseconds; of an hour with too many, one of `slices` parts."""

    from_ms: int
    to_ms: int
    events: int
    slice: int = 1
    slices: int = 1


def cut(hours: Sequence[tuple[int, int]], from_ms: int, to_ms: int, most: int) -> list[Window]:
    """Neighbours that together cover the whole stretch; one of them even if there are no events.

    `hours`: the beginning of each hour that has any, in order, and how many.
    """
    groups: list[list[tuple[int, int]]] = []
    for hour in hours:
        if groups and sum(events for _, events in (*groups[-1], hour)) <= most:
            groups[-1].append(hour)
        else:
            groups.append([hour])
    starts = [from_ms, *(group[0][0] for group in groups[1:])]
    counts = [sum(events for _, events in group) for group in groups] or [0]
    found: list[Window] = []
    for start, end, events in zip(starts, [*starts[1:], to_ms], counts, strict=True):
        found += _sliced(start, end, events, most)
    return found


def spans(from_ms: int, to_ms: int, longest_ms: int) -> Iterator[tuple[int, int]]:
    """The stretch in pieces that begin at full hours, but for the first."""
    start = from_ms
    while start < to_ms:
        end = min(to_ms, (start + longest_ms) // _HOUR_MS * _HOUR_MS)
        yield start, end
        start = end


def _sliced(start: int, end: int, events: int, most: int) -> Iterator[Window]:
    slices = max(1, -(-events // most))
    for number in range(slices):
        yield Window(start, end, (number + 1) * events // slices - number * events // slices, number + 1, slices)
