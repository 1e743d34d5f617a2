"""Every metric of a worker. Counted per batch, never per event or per project."""

from prometheus_client import Counter, Gauge, Histogram

#: events by what became of them: stored, rejected, repeated (dropped inside one batch)
EVENTS = Counter("worker_events_total", "Events by outcome", ["outcome"])
#: batches committed
BATCHES = Counter("worker_batches_total", "Batches committed")
#: time in each step
STEP_SECONDS = Counter("worker_step_seconds_total", "Time spent in each step", ["step"])
#: from sending a batch to ClickHouse until it answered
INSERT_SECONDS = Histogram(
    "worker_insert_seconds", "Time of one insert", buckets=(0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
)
#: inserts that had to be sent again, by why
RETRIES = Counter("worker_retries_total", "Batches sent again", ["part"])
#: shards this worker drains
SHARDS = Gauge("worker_shards", "Shards held")
#: commits refused because another worker had taken the shard
FENCED = Counter("worker_fenced_total", "Commits refused by the epoch")
