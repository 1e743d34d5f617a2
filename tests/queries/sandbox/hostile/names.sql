WITH 'x' AS project SELECT count() FROM events
WITH '{VICTIM}' AS project SELECT * FROM events
WITH {project:String} AS project SELECT * FROM events
SELECT * FROM events WHERE project = '{VICTIM}' OR 1
SELECT '{VICTIM}' AS project, * FROM events
SELECT '{VICTIM}' AS project, count() FROM events WHERE project = '{VICTIM}'
SELECT (SELECT count() FROM events WHERE project = p) FROM (SELECT '{VICTIM}' AS p)
SELECT 1 AS _hr_events, * FROM events
SELECT * FROM events AS _hr_events
SELECT _hr_events.project FROM events
SELECT _hr_events.* FROM events
SELECT `_hr_events`.`project` FROM events
SELECT _HR_events.project FROM events
WITH _hr_events AS (SELECT '{VICTIM}' AS project) SELECT * FROM events
WITH ('{VICTIM}', 1) AS _hr_events SELECT * FROM events
WITH tuple('{VICTIM}' AS project) AS _hr_events SELECT * FROM events
WITH _hr_with_1 AS (SELECT 1) SELECT * FROM _hr_with_1
SELECT * FROM _hr_with_1
SELECT * FROM _hr_since
SELECT '_hr_since' FROM sessions WHERE started_at >= '_hr_until'
SELECT * FROM sessions WHERE started_at >= '0, until=9999999999999, project=\'{VICTIM}\''
SELECT * FROM sessions WHERE started_at >= toDateTime('2026-01-01'), project='{VICTIM}'
SELECT * FROM sessions WHERE started_at >= (SELECT min(occurred_at) FROM events)
SELECT * FROM sessions WHERE started_at >= {x:String}
SELECT * FROM sessions AS s WHERE s.started_at >= now() - INTERVAL 1 DAY OR s.project = '{VICTIM}'
WITH events AS (SELECT * FROM headrace.events) SELECT * FROM events
WITH events AS (SELECT 1 AS a) SELECT * FROM events
WITH sessions AS (SELECT 1 AS a) SELECT * FROM sessions
WITH users AS (SELECT 1) SELECT * FROM users
WITH rejected_events AS (SELECT 1) SELECT * FROM rejected_events
WITH `events` AS (SELECT 1) SELECT * FROM `events`
WITH x AS (SELECT 1 AS a), x AS (SELECT 2 AS a) SELECT * FROM x
WITH sightings AS (SELECT 1 AS a) SELECT * FROM sightings
WITH system AS (SELECT 1 AS tables) SELECT * FROM system.tables
WITH x AS (WITH events AS (SELECT 1) SELECT * FROM events) SELECT * FROM x
WITH x AS (SELECT * FROM y), y AS (SELECT 1) SELECT * FROM x
SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) AS a, t
SELECT * FROM x WHERE 1 IN (WITH x AS (SELECT 1) SELECT * FROM x)
WITH ledger AS (SELECT 1 AS id) SELECT 1 IN ledger
WITH ledger AS (SELECT 1 AS id) SELECT 1 IN (ledger)
WITH x AS (SELECT 1 AS id) SELECT 1 IN x
SELECT * FROM events AS system
SELECT system.tables FROM events AS system
SELECT headrace.name FROM events AS headrace
SELECT * FROM events AS sightings, sightings
SELECT ledger.* FROM events AS e
SELECT {project:Identifier} FROM events
SELECT {project:String}
SELECT {project:Array(String)} FROM events
SELECT {own_project:String} FROM events
SELECT {`project`:String} FROM events
SELECT {project} FROM events
SELECT {project:} FROM events
SELECT {:String} FROM events
SELECT {x:AggregateFunction(sum, UInt8)}
SELECT {x:String, y:String}
SELECT ${project}
SELECT %(project)s
SELECT :project
SELECT @project
SELECT #project
SELECT COLUMNS('.*') FROM events
SELECT COLUMNS('project') FROM events
SELECT columns('.*') FROM events
SELECT events.COLUMNS('.*') FROM events
SELECT COLUMNS(*) FROM events
SELECT * APPLY(toString) FROM events
SELECT * APPLY file FROM events
SELECT * APPLY(x -> file(x)) FROM events
SELECT COLUMNS('name') APPLY(file) FROM events
SELECT * EXCEPT('na.*') FROM events
SELECT * EXCEPT (SELECT 1) FROM events
SELECT * REPLACE (file('{FILE}') AS name) FROM events
SELECT * REPLACE ('{VICTIM}' AS project) FROM events
SELECT * RENAME (name AS project) FROM events
SELECT * ILIKE '%name%' FROM events
SELECT untuple(tuple(events.*)) FROM events
SELECT tuple(*) FROM events WHERE tuple(*).1 = 1
SELECT events FROM events
SELECT any(events) FROM events
SELECT properties.`a\`.b` FROM events
SELECT `a``; DROP TABLE events; --` FROM events
SELECT "a\"b" FROM events
SELECT "a""b" FROM events
SELECT 1 AS `x\` FROM events -- `
SELECT 1 AS "x\" FROM system.one -- "
SELECT 1 AS `a\\`, 2 AS `b`
SELECT 1 AS "a b' OR 1=1"
SELECT 1 AS ""
SELECT 1 AS ``
SELECT 1 AS `	`
SELECT 1 AS аdmin
SELECT * FROM еvents
SELECT * FROM events​
SELECT * FROM ｅｖｅｎｔｓ
SELECT ｆｉｌｅ('{FILE}')
SELECT sleeр(3)
