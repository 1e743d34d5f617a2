-- Rolled sessions: those that start in a stretch of six hours, worked out once. See docs/rollups.md.

-- The page that an event is a view of: one column, so that rollups can tell views apart by page.
ALTER TABLE events ADD COLUMN IF NOT EXISTS viewed_page String ALIAS if(is_page_view, path, '');
-- The sessions of a project that start in [since, until), Unix milliseconds, and in one of these stretches, Unix seconds; with
-- `every` in any. Moments outside of the years that stretches are told for are always among them.
-- A session is the events of one visitor that follow each other within 30 minutes, or of one session_id of the client's
-- within 24 hours. Whether an event starts one is told by the event before it alone: events are read from that long before
-- on, and every range gives the same sessions. Their figures are those of the first 24 hours: events are read until 24 hours
-- after. Computed of deduplicated rows: the order of arrival, and the shard, mean nothing.
CREATE VIEW IF NOT EXISTS sessions_of_stretches AS
WITH
    arrayMap(at -> toDateTime(at, 'UTC'), arrayDistinct(arrayFlatten(arrayMap(
        one -> range(toInt64(one) - 86400, toInt64(one) + 108000, 3600), {stretches:Array(UInt32)})))) AS near,
    read AS (
        SELECT
            occurred_at AS at, toUInt128(event_id) AS id, name, site_id, user_id, visitor, session_id, is_page_view, is_action,
            is_page_view AND url != '' AS is_page, path, channel, source, country, device_type,
            if(session_id != '', concat('s:', session_id), visitor) AS session,
            if(session_id != '', 86400000, 1800000) AS gap
        FROM events FINAL
        WHERE project = {project:String}
            AND occurred_at >= fromUnixTimestamp64Milli({since:Int64} - 86400000)
            AND occurred_at < fromUnixTimestamp64Milli({until:Int64} + 86400000)
            AND (session_id != '' OR occurred_at >= fromUnixTimestamp64Milli({since:Int64} - 1800000))
            AND ({every:Bool} OR toStartOfHour(occurred_at) IN (SELECT arrayJoin(near))
                OR occurred_at < '1970-01-05 00:00:00' OR occurred_at >= '2105-12-31 00:00:00')
            AND ({bots:String} = 'include' OR (bot != '') = ({bots:String} = 'only'))
            AND session != ''),
    placed AS (
        SELECT *, row_number() OVER past AS place, lagInFrame(at) OVER past AS before
        FROM read
        WINDOW past AS (PARTITION BY session ORDER BY at, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)),
    parted AS (
        SELECT *, max(if(place > 1 AND at <= addMilliseconds(before, gap), toDateTime64('1900-01-01', 3, 'UTC'), at)) OVER past AS start
        FROM placed
        WINDOW past AS (PARTITION BY session ORDER BY at, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
SELECT
    session,
    start AS started_at,
    max(at) AS ended_at,
    dateDiff('millisecond', start, ended_at) / 1000 AS duration,
    count() AS events,
    countIf(is_page_view) AS page_views,
    page_views = 1 AND countIf(is_action) = 0 AS bounced,
    argMinIf(path, place, is_page) AS entry_page,
    argMaxIf(path, place, is_page) AS exit_page,
    argMin(visitor, place) AS visitor,
    argMinIf(user_id, place, user_id != '') AS user_id,
    argMin(channel, place) AS channel,
    argMin(source, place) AS source,
    argMin(country, place) AS country,
    argMin(device_type, place) AS device_type,
    groupUniqArray(name) AS names,
    groupUniqArray(site_id) AS site_ids
FROM parted
WHERE at < addDays(start, 1)
GROUP BY session, start
HAVING start >= fromUnixTimestamp64Milli({since:Int64}) AND start < fromUnixTimestamp64Milli({until:Int64})
    AND ({every:Bool} OR has({stretches:Array(UInt32)}, intDiv(toUnixTimestamp64Milli(start), 21600000) * 21600)
        OR start < '1970-01-04 00:00:00' OR start >= '2106-01-01 00:00:00');
-- Every session of a span.
CREATE OR REPLACE VIEW sessions AS
SELECT * FROM sessions_of_stretches(project = {project:String}, since = {since:Int64}, until = {until:Int64}, bots = {bots:String},
    stretches = [], every = true);
-- Which version of a stretch counts, from when on, and which marks it was built of, its own and those of the four stretches
-- before and behind it added up, and which shape.
CREATE TABLE IF NOT EXISTS closed_stretches
(
    project   LowCardinality(String),
    stretch   DateTime('UTC'),
    version   UInt64,
    mark      UInt64,
    shape     UInt16,
    counts_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project, stretch)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;
-- A row for each session that starts in a closed stretch; events of declared crawlers are left out. Versions lie side by side,
-- as those of `rollup_hours` do.
CREATE TABLE IF NOT EXISTS rolled_sessions
(
    project     LowCardinality(String),
    stretch     DateTime('UTC'),
    version     UInt64,
    session     String,
    started_at  DateTime64(3, 'UTC'),
    ended_at    DateTime64(3, 'UTC'),
    duration    Float64,
    events      UInt64,
    page_views  UInt64,
    bounced     UInt8,
    entry_page  String,
    exit_page   String,
    visitor     String,
    user_id     String,
    channel     LowCardinality(String),
    source      LowCardinality(String),
    country     LowCardinality(String),
    device_type LowCardinality(String),
    names       Array(LowCardinality(String)),
    site_ids    Array(LowCardinality(String))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(stretch)
ORDER BY (project, stretch, entry_page)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;
