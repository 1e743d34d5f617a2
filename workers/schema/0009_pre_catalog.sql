-- The catalog: which events and properties were seen, by UTC day of arrival. A row is absolute as of `upto_ms` and is
-- replaced by the next: what is counted again changes nothing. `first_ms` is carried from day to day, so that it
-- outlives the rows of the days before. An empty name is all that was beyond the most names that a project may have.
CREATE TABLE IF NOT EXISTS catalog_events
(
    project  LowCardinality(String),
    name     String,
    day      Date,
    events   UInt64,
    first_ms UInt64,
    last_ms  UInt64,
    upto_ms  UInt64
)
ENGINE = ReplacingMergeTree(upto_ms)
PARTITION BY toYYYYMM(day)
ORDER BY (project, name, day)
TTL day + INTERVAL 90 DAY;
-- The same of their properties, with names in a path separated by dots. An empty type is all that was beyond the most.
CREATE TABLE IF NOT EXISTS catalog_properties
(
    project  LowCardinality(String),
    name     String,
    property String,
    type     LowCardinality(String),
    day      Date,
    events   UInt64,
    first_ms UInt64,
    last_ms  UInt64,
    upto_ms  UInt64
)
ENGINE = ReplacingMergeTree(upto_ms)
PARTITION BY toYYYYMM(day)
ORDER BY (project, name, property, type, day)
TTL day + INTERVAL 90 DAY;
