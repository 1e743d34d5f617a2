"""Every metric of the front door. Counted per request or per write, never labelled per event or per project."""

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class Tally(Collector):
    """A counter for the hot path: a plain dict that Prometheus reads when it asks. One thread counts."""

    def __init__(self, name: str, meaning: str, labels: tuple[str, ...]) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._counts: defaultdict[tuple[str | int, ...], int] = defaultdict(int)
        REGISTRY.register(self)

    def add(self, *labels: str | int, count: int = 1) -> None:
        """Count."""
        self._counts[labels] += count

    def collect(self) -> Iterator[Metric]:
        """For Prometheus."""
        family = CounterMetricFamily(self._name, self._meaning, labels=self._labels)
        for labels, count in list(self._counts.items()):
            family.add_metric([str(label) for label in labels], count)
        yield family


#: requests answered, by dialect and status
REQUESTS = Tally("ingest_requests_total", "Requests answered", ("dialect", "status"))
#: events by what became of them: new, duplicate, mismatch, unavailable, valid, refused
EVENTS = Tally("ingest_events_total", "Events by outcome", ("dialect", "outcome"))
#: requests and events refused, by reason
REFUSALS = Tally("ingest_refusals_total", "Refusals by reason", ("dialect", "reason"))
#: how full Redis is, or how far the drain is behind: pressure.py
PRESSURE = Gauge("ingest_pressure", "Pressure; events are shed from 1 on")
#: how many ranks of dialects are shed: 0 none, 3 all
SHED_RANKS = Gauge("ingest_shed_ranks", "Ranks of dialects shed")
#: 1 while a server that holds shards takes events, else 0
SERVERS = Gauge("ingest_server_takes_events", "Whether a server with shards takes events", ["server"])
#: spans of traces, by what became of them: sent, dropped
SPANS = Counter("ingest_spans_total", "Spans by outcome", ["outcome"])
#: events written with one frame
FRAME_EVENTS = Histogram(
    "ingest_frame_events", "Events in a frame", buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
)
#: from sending frames to Redis until it answered
APPEND_SECONDS = Histogram(
    "ingest_append_seconds", "Time of one write", buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 5)
)
