"""Every metric of the front door. Counted per request or per write, never labelled per event or per project."""

from prometheus_client import Counter, Histogram

#: requests answered, by dialect and status
REQUESTS = Counter("ingest_requests_total", "Requests answered", ["dialect", "status"])
#: events by what became of them: new, duplicate, mismatch, unavailable, valid, refused
EVENTS = Counter("ingest_events_total", "Events by outcome", ["dialect", "outcome"])
#: requests and events refused, by reason
REFUSALS = Counter("ingest_refusals_total", "Refusals by reason", ["dialect", "reason"])
#: events written with one frame
FRAME_EVENTS = Histogram(
    "ingest_frame_events", "Events in a frame", buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
)
#: from sending frames to Redis until it answered
APPEND_SECONDS = Histogram(
    "ingest_append_seconds", "Time of one write", buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 5)
)
