SELECT 1 IN events
SELECT name IN sightings FROM events
SELECT ('{VICTIM}', '', 'c1') IN sightings
SELECT '{VICTIM}' IN (ledger)
SELECT 'x' IN placeholder_ids
SELECT 'x' IN (placeholder_ids)
SELECT 'x' IN ((placeholder_ids))
SELECT 'x' IN (((placeholder_ids)))
SELECT 'x' IN `placeholder_ids`
SELECT 'x' IN "placeholder_ids"
SELECT 'x' IN (`placeholder_ids`)
SELECT 'x' IN headrace.placeholder_ids
SELECT 'x' IN (headrace.placeholder_ids)
SELECT 'x' NOT IN placeholder_ids
SELECT 'x' NOT IN (placeholder_ids)
SELECT 'x' GLOBAL IN placeholder_ids
SELECT 'x' GLOBAL NOT IN placeholder_ids
SELECT 'x' GLOBAL IN (placeholder_ids)
SELECT in('x', placeholder_ids)
SELECT notIn('x', placeholder_ids)
SELECT globalIn('x', placeholder_ids)
SELECT globalNotIn('x', placeholder_ids)
SELECT nullIn('x', placeholder_ids)
SELECT notNullIn('x', placeholder_ids)
SELECT inIgnoreSet('x', placeholder_ids)
SELECT `in`('x', placeholder_ids)
SELECT x IN placeholder_ids FROM (SELECT 'x' AS x)
SELECT count() FROM events WHERE (name) IN (placeholder_ids)
SELECT count() FROM events WHERE tuple(name) IN (placeholder_ids)
SELECT count() FROM events WHERE (name, name) IN sightings
SELECT 1 IN system.one
SELECT 1 IN (system.one)
SELECT 1 IN numbers(10)
SELECT 1 IN (numbers(10))
SELECT 1 IN file('{FILE}')
SELECT 1 IN url('http://127.0.0.1:{PORT}/')
SELECT 1 IN {t:Identifier}
SELECT 1 IN ({t:Identifier})
SELECT 1 IN events.name
SELECT 1 IN (placeholder_ids AS x)
SELECT 1 IN ((placeholder_ids) AS x)
SELECT 1 IN (placeholder_ids,)
SELECT 1 IN tuple(placeholder_ids)
SELECT 1 IN [placeholder_ids]
SELECT 1 IN (*)
SELECT 1 IN (events.*)
SELECT 1 IN TABLE placeholder_ids
SELECT arrayExists(x -> x IN placeholder_ids, ['x'])
SELECT CASE WHEN 'x' IN placeholder_ids THEN 1 END
SELECT multiIf('x' IN (placeholder_ids), 1, 0)
SELECT joinGet('events', 'name', '{VICTIM}')
SELECT joinGet(events, 'name', 1)
SELECT joinGetOrNull('headrace.events', 'name', 1)
SELECT dictGet('d', 'a', 1)
SELECT dictGetString('d', 'a', 1)
SELECT dictHas('d', 1)
SELECT dictGetOrDefault('d', 'a', 1, 2)
SELECT dictGetHierarchy('d', 1)
SELECT regionToName(1)
SELECT hasColumnInTable('headrace', 'events', 'project')
SELECT 1 = ANY placeholder_ids
SELECT 1 = ANY (SELECT id FROM placeholder_ids)
SELECT 1 = ALL (SELECT project FROM headrace.events)
