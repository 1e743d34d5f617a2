SELECT * FROM system.tables
SELECT * FROM system.one
SELECT * FROM system.numbers LIMIT 1
SELECT * FROM system.query_log
SELECT * FROM system.processes
SELECT * FROM system.settings
SELECT * FROM system.columns WHERE table = 'events'
SELECT * FROM system.parts
SELECT * FROM `system`.`tables`
SELECT * FROM "system"."tables"
SELECT * FROM SYSTEM.TABLES
SELECT * FROM system . tables
SELECT * FROM system/**/./**/tables
SELECT * FROM information_schema.tables
SELECT * FROM INFORMATION_SCHEMA.TABLES
SELECT * FROM information_schema.columns
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_class
SELECT * FROM pg_shadow
SELECT * FROM headrace.events
SELECT * FROM `headrace`.`events`
SELECT * FROM default.events
SELECT * FROM headrace.`events`
SELECT headrace.events.name FROM events
SELECT * FROM headrace.sessions(project='{VICTIM}')
SELECT * FROM _temporary_and_external_tables.x
SELECT * FROM sightings
SELECT * FROM user_traits
SELECT * FROM identity_claims
SELECT * FROM identity_overrides
SELECT * FROM identities
SELECT * FROM identities(project='{VICTIM}')
SELECT * FROM sessions(project='{VICTIM}', since=0, until=9999999999999, bots='include')
SELECT * FROM sessions(project={project:String}, since=0, until=9999999999999, bots='include')
SELECT * FROM "sessions"(project='{VICTIM}', since=0, until=9999999999999, bots='include')
SELECT * FROM events(project='{VICTIM}')
SELECT * FROM ledger
SELECT * FROM events_probe
SELECT * FROM catalog_events
SELECT * FROM catalog_properties
SELECT * FROM hour_marks
SELECT * FROM closed_hours
SELECT * FROM placeholder_ids
SELECT * FROM events_to_sightings
SELECT * FROM `.inner.events`
SELECT * FROM `events` WHERE project = '{VICTIM}'
SELECT project FROM events
SELECT events.project FROM events
SELECT raw FROM rejected_events
SELECT _part, _table, _database FROM events
SELECT _shard, _stream_ms FROM events
SELECT rowNumberInAllBlocks(), _part_offset FROM events
SELECT * FROM events AS e WHERE e._table = 'events'
SELECT * FROM merge('headrace', '.*')
SELECT * FROM merge('.*')
SELECT * FROM merge(headrace, 'events')
SELECT * FROM mergeTreeIndex('headrace', 'events')
SELECT * FROM mergeTreeProjection('headrace', 'events', 'p')
SELECT * FROM loop('headrace', 'events')
SELECT * FROM loop(events)
SELECT * FROM dictionary('d')
SELECT * FROM null('a UInt8')
SELECT * FROM values('a UInt8', 1)
SELECT * FROM VALUES('a UInt8', 1)
SELECT * FROM format('CSV', '1')
SELECT * FROM fuzzJSON('x')
SELECT * FROM fuzzQuery('x')
SELECT * FROM generateRandom('a UInt8')
SELECT * FROM timeSeriesData('headrace', 't')
SELECT * FROM numbers(10)
SELECT * FROM numbers_mt(10)
SELECT * FROM zeros(10)
SELECT * FROM generateSeries(1, 10)
SELECT * FROM generate_series(1, 10)
SELECT * FROM primes(5)
SELECT * FROM view(SELECT * FROM headrace.events)
SELECT * FROM {t:Identifier}
SELECT * FROM {db:Identifier}.{t:Identifier}
SELECT * FROM [events]
SELECT * FROM $1
SELECT * FROM ?
SELECT * FROM (events)
SELECT * FROM ((events))
TABLE events
FROM system.tables SELECT *
FROM headrace.events
SELECT * FROM events AS x, system.one AS y
SELECT * FROM events CROSS JOIN system.one
SELECT * FROM events LEFT JOIN headrace.ledger USING (project)
SELECT * FROM events ARRAY JOIN (SELECT groupArray(name) FROM headrace.events) AS n
SELECT * FROM events ARRAY JOIN (SELECT groupArray(project) FROM events) AS n
SELECT * FROM events ARRAY JOIN system.one
SELECT * FROM events WHERE name IN (SELECT name FROM headrace.events)
