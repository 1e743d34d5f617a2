-- The workbench of rejected events: what `raw` holds (kind event: the event's MessagePack row; frame: the whole frame,
-- with the positions that were duplicates in `skip`; empty: a row of an older build, which cannot be sent again),
-- which rows have one cause (fingerprint), and when it was redriven (1970: never).
ALTER TABLE rejected_events
    ADD COLUMN IF NOT EXISTS kind LowCardinality(String) DEFAULT '',
    ADD COLUMN IF NOT EXISTS fingerprint String DEFAULT 'older',
    ADD COLUMN IF NOT EXISTS event_id UUID,
    ADD COLUMN IF NOT EXISTS events UInt32 DEFAULT 1,
    ADD COLUMN IF NOT EXISTS skip String,
    ADD COLUMN IF NOT EXISTS redriven_at DateTime64(3, 'UTC');
-- Takes the rows of `events` and keeps none: here a batch that ClickHouse refuses is searched for the rows that are
-- to blame. Whoever adds a column to `events` adds it here.
CREATE TABLE IF NOT EXISTS events_probe AS events ENGINE = Null;
