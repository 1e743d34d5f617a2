-- Reading events in the order in which they arrived (the tail, reconciliation) without reading them all.
ALTER TABLE events ADD INDEX IF NOT EXISTS by_arrival _stream_ms TYPE minmax GRANULARITY 1;
