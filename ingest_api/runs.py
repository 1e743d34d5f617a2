"""Runs: whose the events of a frame are. A project, and how many events in a row are its own. Leaf, no I/O.

Written as `project\\0count\\0project\\0count`, over every position of the frame, those of the skip list too.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

Run = tuple[str, int]


def encode(runs: Iterable[Run]) -> str:
    """For the append and for the entry's field `p`."""
    return "\0".join(f"{project}\0{count}" for project, count in runs)


@lru_cache(maxsize=4096)  # small frames of one project are all alike
def decode(field: bytes) -> tuple[Run, ...]:
    """Read the entry's field `p`. Raises `ValueError` for anything that `encode` never gives."""
    parts = field.decode().split("\0")
    return tuple(zip(parts[::2], map(int, parts[1::2]), strict=True))


def live(runs: Sequence[Run], skip: Sequence[int]) -> Sequence[Run]:
    """How many of each run are not in the skip list, whose positions ascend."""
    if not skip:
        return runs
    counts, first = [], 0
    for project, count in runs:
        skipped = bisect_left(skip, first + count) - bisect_left(skip, first)
        counts.append((project, count - skipped))
        first += count
    return counts


def owner(runs: Iterable[Run], position: int) -> str | None:
    """The project of the event at this position, or None behind the last."""
    for project, count in runs:
        position -= count
        if position < 0:
            return project
    return None
