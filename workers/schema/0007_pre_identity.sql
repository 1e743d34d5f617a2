-- Who is who. Each table is an aggregate of events that no order, retry or replay can change: least and greatest of
-- (time, event) stay what they are when they are taken again. The views below feed them with every insert into `events`
-- and the inserts at the end with what was there before.

-- Which users an anonymous id was said to be by an `identify` event, and the earliest event that said so. All claims are
-- kept; the earliest of all wins (view `identities`).
CREATE TABLE IF NOT EXISTS identity_claims
(
    project   LowCardinality(String),
    client_id String,
    user_id   String,
    claim     SimpleAggregateFunction(min, Tuple(at DateTime64(3, 'UTC'), event String))
)
ENGINE = AggregatingMergeTree
ORDER BY (project, client_id, user_id)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
-- What `identify` events said of a user: the latest value of each trait, as JSON.
CREATE TABLE IF NOT EXISTS user_traits
(
    project LowCardinality(String),
    user_id String,
    trait   String,
    latest  SimpleAggregateFunction(max, Tuple(at DateTime64(3, 'UTC'), event String, value String))
)
ENGINE = AggregatingMergeTree
ORDER BY (project, user_id, trait)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
-- When a user, or an anonymous id in events that name no user, was seen first and last. Whoever stands here with a
-- user_id is a known user. Cookieless visitors are not kept: their ids end with the day.
CREATE TABLE IF NOT EXISTS sightings
(
    project    LowCardinality(String),
    user_id    String,
    client_id  String,
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen  SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (project, user_id, client_id)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1;
-- What an operator decided about an anonymous id, against all claims: the user it belongs to, or nobody ('').
CREATE TABLE IF NOT EXISTS identity_overrides
(
    project    LowCardinality(String),
    client_id  String,
    user_id    String,
    decided_at DateTime64(3, 'UTC'),
    key_id     String
)
ENGINE = ReplacingMergeTree(decided_at)
ORDER BY (project, client_id)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS events_to_identity_claims TO identity_claims AS
SELECT project, client_id, user_id, min((occurred_at, lower(hex(event_id)))) AS claim
FROM events
WHERE (kind = 'identify' OR name = 'identify') AND client_id != '' AND user_id != ''
GROUP BY project, client_id, user_id;
CREATE MATERIALIZED VIEW IF NOT EXISTS events_to_user_traits TO user_traits AS
SELECT project, user_id, said.1 AS trait, max((occurred_at, lower(hex(event_id)), said.2)) AS latest
FROM (
    SELECT project, user_id, occurred_at, event_id, arrayJoin(JSONExtractKeysAndValuesRaw(toJSONString(properties))) AS said
    FROM events
    WHERE (kind = 'identify' OR name = 'identify') AND user_id != '')
WHERE trait != 'user_id'
GROUP BY project, user_id, trait;
CREATE MATERIALIZED VIEW IF NOT EXISTS events_to_sightings TO sightings AS
SELECT project, user_id, if(user_id = '', client_id, '') AS client_id, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen
FROM events
WHERE user_id != '' OR client_id != ''
GROUP BY project, user_id, client_id;
-- What a broken client sends in place of an id. Many people share such a one: it is never linked, and links nobody.
CREATE VIEW IF NOT EXISTS placeholder_ids AS
SELECT arrayJoin(['null', 'undefined', 'none', 'nil', 'nan', 'true', 'false', '0', 'anonymous', 'guest', 'unknown',
    '[object object]', '00000000-0000-0000-0000-000000000000']) AS id;
-- Anonymous id -> user: the operator's word, else the earliest claim. Never an id that is itself a known user's: two users
-- are never joined. `event` is the id of the event that linked them, '' where the operator did.
CREATE VIEW IF NOT EXISTS identities AS
WITH
    decided AS (
        SELECT client_id, user_id, decided_at FROM identity_overrides FINAL WHERE project = {project:String}),
    claimed AS (
        SELECT client_id, min((claim.at, claim.event, user_id)) AS first
        FROM identity_claims
        WHERE project = {project:String}
            AND client_id NOT IN (SELECT client_id FROM decided)
            AND lower(user_id) NOT IN (SELECT id FROM placeholder_ids)
        GROUP BY client_id),
    linked AS (
        SELECT client_id, user_id, decided_at AS since, '' AS event FROM decided WHERE user_id != ''
        UNION ALL
        SELECT client_id, first.3 AS user_id, first.1 AS since, first.2 AS event FROM claimed)
SELECT client_id, user_id, since, event
FROM linked
WHERE lower(client_id) NOT IN (SELECT id FROM placeholder_ids)
    AND client_id NOT IN (
        SELECT user_id FROM sightings
        WHERE project = {project:String} AND user_id IN (SELECT client_id FROM linked));
INSERT INTO identity_claims (project, client_id, user_id, claim)
SELECT project, client_id, user_id, min((occurred_at, lower(hex(event_id)))) AS claim
FROM events
WHERE (kind = 'identify' OR name = 'identify') AND client_id != '' AND user_id != ''
GROUP BY project, client_id, user_id;
INSERT INTO user_traits (project, user_id, trait, latest)
SELECT project, user_id, said.1 AS trait, max((occurred_at, lower(hex(event_id)), said.2)) AS latest
FROM (
    SELECT project, user_id, occurred_at, event_id, arrayJoin(JSONExtractKeysAndValuesRaw(toJSONString(properties))) AS said
    FROM events
    WHERE (kind = 'identify' OR name = 'identify') AND user_id != '')
WHERE trait != 'user_id'
GROUP BY project, user_id, trait;
INSERT INTO sightings (project, user_id, client_id, first_seen, last_seen)
SELECT project, user_id, if(user_id = '', client_id, '') AS client_id, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen
FROM events
WHERE user_id != '' OR client_id != ''
GROUP BY project, user_id, client_id;
