-- Events that were acknowledged and could not become a row: their bytes and the reason, so that they can be
-- mended and sent again. project and name are empty where even they could not be read.
CREATE TABLE IF NOT EXISTS rejected_events
(
    project     LowCardinality(String),
    name        String,
    reason      String,
    raw         String,
    appended_at DateTime64(3, 'UTC'),
    _shard      UInt16,
    _stream_ms  UInt64,
    _stream_seq UInt32,
    _index      UInt32
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(appended_at)
ORDER BY (project, _stream_ms, _shard, _stream_seq, _index)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
