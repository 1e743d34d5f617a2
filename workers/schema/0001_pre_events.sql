-- The events. One row per event_id: the deduplication window drops a batch that is sent twice, and
-- ReplacingMergeTree collapses what comes again beyond every window. Partition and sort key use only what the
-- front door fixed, so that a retry meets the row it repeats.
CREATE TABLE IF NOT EXISTS events
(
    event_id      UUID,
    project       LowCardinality(String),
    name          LowCardinality(String),
    kind          LowCardinality(String),
    occurred_at   DateTime64(3, 'UTC'),
    received_at   DateTime64(3, 'UTC'),
    dialect       LowCardinality(String),
    site_id       LowCardinality(String),
    user_id       String,
    client_id     String,
    session_id    String,
    request_id    String,
    url           String,
    host          LowCardinality(String),
    path          String,
    title         String,
    referrer      String,
    referrer_host LowCardinality(String),
    device_type   LowCardinality(String),
    language      LowCardinality(String),
    platform      LowCardinality(String),
    country       LowCardinality(String),
    ip            String,
    user_agent    String,
    properties    JSON,
    _shard        UInt16,
    _stream_ms    UInt64,
    _stream_seq   UInt32,
    _index        UInt32
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (project, name, toStartOfHour(occurred_at), event_id)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
