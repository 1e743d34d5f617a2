-- What the steps find out about an event: device, bot, place, page, source, visitor. Whoever adds a column to `events`
-- adds it to `events_probe`, too.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS browser LowCardinality(String),
    ADD COLUMN IF NOT EXISTS browser_version LowCardinality(String),
    ADD COLUMN IF NOT EXISTS os LowCardinality(String),
    ADD COLUMN IF NOT EXISTS os_version LowCardinality(String),
    ADD COLUMN IF NOT EXISTS bot LowCardinality(String),
    ADD COLUMN IF NOT EXISTS region LowCardinality(String),
    ADD COLUMN IF NOT EXISTS city LowCardinality(String),
    ADD COLUMN IF NOT EXISTS asn UInt32,
    ADD COLUMN IF NOT EXISTS as_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS query String,
    ADD COLUMN IF NOT EXISTS utm_source LowCardinality(String),
    ADD COLUMN IF NOT EXISTS utm_medium LowCardinality(String),
    ADD COLUMN IF NOT EXISTS utm_campaign LowCardinality(String),
    ADD COLUMN IF NOT EXISTS utm_term String,
    ADD COLUMN IF NOT EXISTS utm_content String,
    ADD COLUMN IF NOT EXISTS click_id LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source LowCardinality(String),
    ADD COLUMN IF NOT EXISTS channel LowCardinality(String),
    ADD COLUMN IF NOT EXISTS visitor_id String,
    ADD COLUMN IF NOT EXISTS violations Array(LowCardinality(String));
ALTER TABLE events_probe
    ADD COLUMN IF NOT EXISTS browser LowCardinality(String),
    ADD COLUMN IF NOT EXISTS browser_version LowCardinality(String),
    ADD COLUMN IF NOT EXISTS os LowCardinality(String),
    ADD COLUMN IF NOT EXISTS os_version LowCardinality(String),
    ADD COLUMN IF NOT EXISTS bot LowCardinality(String),
    ADD COLUMN IF NOT EXISTS region LowCardinality(String),
    ADD COLUMN IF NOT EXISTS city LowCardinality(String),
    ADD COLUMN IF NOT EXISTS asn UInt32,
    ADD COLUMN IF NOT EXISTS as_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS query String,
    ADD COLUMN IF NOT EXISTS utm_source LowCardinality(String),
    ADD COLUMN IF NOT EXISTS utm_medium LowCardinality(String),
    ADD COLUMN IF NOT EXISTS utm_campaign LowCardinality(String),
    ADD COLUMN IF NOT EXISTS utm_term String,
    ADD COLUMN IF NOT EXISTS utm_content String,
    ADD COLUMN IF NOT EXISTS click_id LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source LowCardinality(String),
    ADD COLUMN IF NOT EXISTS channel LowCardinality(String),
    ADD COLUMN IF NOT EXISTS visitor_id String,
    ADD COLUMN IF NOT EXISTS violations Array(LowCardinality(String));
-- Whose event it is as far as it says so itself: the client's id, else the user's, else the cookieless one of the day.
-- The letter keeps the three apart: nobody becomes another by choosing his id.
ALTER TABLE events ADD COLUMN IF NOT EXISTS visitor String ALIAS
    multiIf(client_id != '', concat('c:', client_id), user_id != '', concat('u:', user_id), visitor_id != '', concat('v:', visitor_id), '');
