"""A traced batch: a span of its own trace, linked to the spans that appended its events."""

import contextlib
from collections.abc import Iterator, Sequence

from ingest_api.stream import Shard
from ingest_api.traces import tracing
from ingest_api.traces.tracing import Context
from workers.batch import Entry, span

#: as many as OpenTelemetry keeps
MAX_LINKS = 128


@contextlib.contextmanager
def batch(shard: Shard, entries: Sequence[Entry]) -> Iterator[None]:
    """What happens to these entries is traced, where one of them was."""
    tracer = tracing.process.tracer
    links = contexts(entries) if tracer is not None else []
    if tracer is None or not links:
        yield
        return
    about: tracing.Attributes = {
        "messaging.system": "redis",
        "messaging.operation.type": "process",
        "messaging.operation.name": "batch",
        "messaging.destination.name": shard.frames,
        "messaging.destination.partition.id": str(shard.number),
        "messaging.batch.message_count": len(entries),
        "headrace.shard": shard.number,
        "headrace.batch": span([entry_id.decode() for entry_id, _ in entries]),
    }
    with tracing.current(tracer.start("batch", "consumer", about, above=None, links=links)):
        yield


def contexts(entries: Sequence[Entry]) -> list[Context]:
    """The spans that appended these entries, as far as they were traced."""
    found: list[Context] = []
    for _, flat in entries:
        fields = dict(zip(flat[::2], flat[1::2], strict=False)) if flat else {}
        found += tracing.decode(fields.get(b"t", b""))
        if len(found) >= MAX_LINKS:
            break
    return found[:MAX_LINKS]
