-- The ledger: how many events of a project and minute came to which outcome, as the shards counted them in Redis.
-- Values are absolute: a line that is copied again replaces itself. What was refused has no shard and is under 0.
CREATE TABLE IF NOT EXISTS ledger
(
    project   LowCardinality(String),
    minute    DateTime('UTC'),
    shard     UInt16,
    outcome   LowCardinality(String),
    events    UInt64,
    copied_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(copied_at)
PARTITION BY toYYYYMM(minute)
ORDER BY (project, minute, shard, outcome)
TTL minute + INTERVAL 400 DAY
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;
-- Receipts look for one id, often without knowing when the event happened. Older parts get it when they are merged.
ALTER TABLE events ADD INDEX IF NOT EXISTS by_id event_id TYPE bloom_filter GRANULARITY 1;
