"""Every metric of a worker. Counted per batch, never per event or per project."""

from prometheus_client import Counter, Gauge, Histogram

#: events by what became of them: stored, rejected, repeated (twice in one batch), erased (before they were stored)
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
#: rows of a batch that came again and were not there, though ClickHouse said so
BROUGHT_AGAIN = Counter("worker_brought_again_total", "Events whose token ClickHouse knew and whose rows it lacked")
#: spans of traces, by what became of them: sent, dropped
SPANS = Counter("worker_spans_total", "Spans by outcome", ["outcome"])
#: shards this worker drains
SHARDS = Gauge("worker_shards", "Shards held")
#: since when the shard that moved least recently has neither been empty nor committed anything
STILL_SECONDS = Gauge("worker_still_seconds", "Seconds since the slowest shard moved")
#: commits refused because another worker had taken the shard
FENCED = Counter("worker_fenced_total", "Commits refused by the epoch")
#: of the last day, as of the last copying: projects' minutes in a shard whose counts do not balance
LEDGER_UNBALANCED = Gauge("worker_ledger_unbalanced_minutes", "Minutes of a project and shard that do not balance")
#: as of the last audit, whoever made it
MISSING = Gauge("worker_missing_events", "Committed events that ClickHouse lacks")
#: shards that the breaker stopped
HALTED = Gauge("worker_halted_shards", "Shards halted by the breaker")
#: each time an hour of a project was rolled up
ROLLED_HOURS = Counter("worker_rolled_hours_total", "Hours of projects rolled up")
ROLLED_STRETCHES = Counter("worker_rolled_stretches_total", "Stretches of projects whose sessions were rolled up")
#: checks of alerts, by what came of them: ok, pending, firing, no_data, failed
ALERT_CHECKS = Counter("worker_alert_checks_total", "Checks of alerts by outcome", ["outcome"])
#: attempts to tell a receiver of an alert: sent, failed (it is tried again), given_up
ALERT_MESSAGES = Counter("worker_alert_messages_total", "Messages of alerts by outcome", ["outcome"])

# a series that began with its first count would hide that count from increase()
for _outcome in ("stored", "rejected", "repeated", "erased"):
    EVENTS.labels(_outcome)
for _outcome in ("sent", "failed", "given_up"):
    ALERT_MESSAGES.labels(_outcome)
