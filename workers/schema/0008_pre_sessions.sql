-- What an event is to a visit: a page view, or something else that the visitor did (an action). `identify` and what
-- trackers send by themselves are neither. Whoever adds a column to `events` adds it to `events_probe`, too.
ALTER TABLE events ADD COLUMN IF NOT EXISTS is_page_view Bool ALIAS
    name IN ('page_view', 'pageview', '$pageview', 'page', 'screen_view', 'screen', '$screen');
ALTER TABLE events ADD COLUMN IF NOT EXISTS is_action Bool ALIAS
    NOT (is_page_view OR kind = 'identify' OR name IN ('identify', 'session_start', 'first_visit', 'user_engagement',
        'engagement', 'heartbeat', 'page_leave', '$pageleave', '$identify', '$set'));
-- The sessions of a project that start in [since, until), Unix milliseconds. A session is the events of one visitor, or of
-- one session_id of the client's, that follow each other within 30 minutes, or 24 hours. Whether an event starts one is
-- told by the event before it alone, so that events are read from 24 hours before `since` on, and every range gives
-- the same sessions. Their figures are those of the first 24 hours: events are read until 24 hours after `until`.
-- Computed of deduplicated rows: the order of arrival, and the shard, mean nothing.
CREATE VIEW IF NOT EXISTS sessions AS
WITH
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
HAVING start >= fromUnixTimestamp64Milli({since:Int64}) AND start < fromUnixTimestamp64Milli({until:Int64});
