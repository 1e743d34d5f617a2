"""What the stages begin with: request bodies, events that are stamped already, batches of them."""

import itertools
import time
from collections.abc import Iterable

from ingest_api.dialects.intake import DIALECT
from ingest_api.errors import Refusal
from ingest_api.event import Event
from ingest_api.http.request import RawRequest
from ingest_api.projects.projects import Project
from ingest_api.rules.limits import Limits
from ingest_api.rules.normalise import Context, Stamped, window
from ingest_api.rules.stamp import stamp
from ingest_api.settings import Settings
from tests.bench import payload
from workers.batch import Batch, Position

PROJECT = "bench"
_AGENT = "headrace-bench/1"
_EACH = 1000


def bodies(count: int, batch: int, seed: int) -> list[bytes]:
    """So many JSON arrays of `batch` events."""
    events = payload.events(seed)
    return [b"[" + b",".join(itertools.islice(events, batch)) + b"]" for _ in range(count)]


def stamped(count: int, seed: int) -> list[Stamped]:
    """So many events as the front door hands them to its appender. `count` is a multiple of 1,000."""
    return received(bodies(count // _EACH, _EACH, seed))


def received(arrays: Iterable[bytes]) -> list[Stamped]:
    """The events of such arrays, each of 1,000 events at most, as the front door hands them to its appender."""
    now = int(time.time() * 1000)
    limits, project = Limits.of(Settings()), Project(PROJECT, (), now)
    earliest, latest = window(project, limits, now, recent_only=False)
    context = Context(project, DIALECT.name, now, earliest, latest, "127.0.0.1", _AGENT, limits)
    numbers, entries = itertools.count(), list[Stamped | Refusal]()
    for body in arrays:
        items = DIALECT.parse(RawRequest({}, {}, "", body, now, "", ""), _EACH).items
        entries += stamp(items, context, numbers, DIALECT.words)
    return [entry for entry in entries if isinstance(entry, Stamped)]


def batches(events: list[Event], size: int) -> list[Batch]:
    """The events as batches of `size`, as if each had come in one entry."""
    made = []
    for first in range(0, len(events), size):
        part = events[first : first + size]
        positions = [Position(first + 1, 0, index) for index in range(len(part))]
        made.append(Batch(0, [f"{first + 1}-0"], len(part), part, positions))
    return made
