"""Every metric of the query service."""

from prometheus_client import Counter, Gauge, Histogram

#: questions answered, by route and status
REQUESTS = Counter("query_requests_total", "Questions answered", ["route", "status"])
#: from the question to the answer
SECONDS = Histogram(
    "query_seconds", "Time of an answer", ["route"], buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
)
#: questions that found no place
BUSY = Counter("query_busy_total", "Questions refused because too many ran")
#: spans of traces, by what became of them: sent, dropped
SPANS = Counter("query_spans_total", "Spans by outcome", ["outcome"])
#: connections that follow events live
LIVE_READERS = Gauge("query_live_readers", "Live tails")
#: live tails that were let go because they took too slowly
LIVE_DROPPED = Counter("query_live_dropped_total", "Live tails dropped for reading too slowly")
#: looks into ClickHouse for live tails
LIVE_POLLS = Counter("query_live_polls_total", "Questions asked for live tails")
#: the pipeline as of the last look, whichever process looked: standing.py
REDIS_REACHABLE = Gauge("query_redis_reachable", "Whether Redis answered the last look")
LAG_SECONDS = Gauge("query_lag_seconds", "How long the oldest event that is not stored has waited")
WAITING_EVENTS = Gauge("query_waiting_events", "Events that are acknowledged and not stored")
FREE_SHARDS = Gauge("query_free_shards", "Shards that no worker holds")
REDIS_FULL_RATIO = Gauge("query_redis_full_ratio", "Used of Redis's maxmemory; 0 where it has none")
