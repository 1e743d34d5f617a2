-- Rollups: what whole hours come to, worked out once of deduplicated rows, and never added to. See docs/rollups.md.

-- What tells that an hour changed: each insert into it, however late, each repeated row and each deletion adds to `rows`.
-- An hour's rollup counts only for as long as its mark is the one that was read before its rows were.
CREATE TABLE IF NOT EXISTS hour_marks
(
    project   LowCardinality(String),
    hour      DateTime('UTC'),
    rows      SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (project, hour)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
-- Which version of an hour's rollup counts, from when on, and which mark and shape it was built of.
CREATE TABLE IF NOT EXISTS closed_hours
(
    project   LowCardinality(String),
    hour      DateTime('UTC'),
    version   UInt64,
    mark      UInt64,
    shape     UInt16,
    counts_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project, hour)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;
-- A project's visitors and users, hashed, have numbers from 1 on, given once and never again: sets of them are small and fast.
-- Not a partition and not a replacing table: one insert is one block, and whoever comes second with its token is dropped.
CREATE TABLE IF NOT EXISTS visitor_numbers
(
    project LowCardinality(String),
    visitor UInt128,
    number  UInt32
)
ENGINE = MergeTree
ORDER BY (project, visitor)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
-- The rollups. Each event of an hour is in one row of each dimension, and in one of the dimension '', which is all.
-- Versions lie side by side until those that do not count any longer are deleted: nothing here replaces anything.
CREATE TABLE IF NOT EXISTS rollup_hours
(
    project    LowCardinality(String),
    dimension  LowCardinality(String),
    hour       DateTime('UTC'),
    value      String,
    site_id    LowCardinality(String),
    is_bot     Bool,
    version    UInt64,
    events     UInt64,
    page_views UInt64,
    visitors   AggregateFunction(groupBitmap, UInt32),
    people     AggregateFunction(groupBitmap, UInt32)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, dimension, hour, value)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS events_to_hour_marks TO hour_marks AS
SELECT project, toStartOfHour(occurred_at) AS hour, count() AS rows
FROM events
GROUP BY project, hour;
INSERT INTO hour_marks (project, hour, rows)
SELECT project, toStartOfHour(occurred_at) AS hour, count() AS rows
FROM events
GROUP BY project, hour;
