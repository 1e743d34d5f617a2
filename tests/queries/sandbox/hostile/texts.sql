SELECT 'a' -- ' FROM system.one
SELECT 'a' /* ' */ FROM system.one
SELECT 'a\' FROM system.one -- '
SELECT 'a\\' FROM system.one -- '
SELECT 'a''b' FROM system.one
SELECT 'a\'b\\'' FROM system.one
SELECT '\x27 FROM system.one --'
SELECT '\u0027 FROM system.one --'
SELECT '\'; DROP TABLE events; --'
SELECT $$ ' $$ FROM system.one
SELECT $a$ $$ ' $a$ FROM system.one
SELECT $a$ ' $b$ ' $a$
SELECT $1$ ' $1$
SELECT E'\' FROM system.one --'
SELECT U&'\0027' FROM system.one
SELECT N'x' FROM system.one
SELECT b'1' FROM system.one
SELECT x'27' FROM system.one
SELECT 0x27 FROM system.one
SELECT 'a' 'b' FROM system.one
SELECT ‘a’ FROM system.one
SELECT ´a´ FROM system.one
SELECT 1 /* /* */ FROM system.one -- */
SELECT 1 /* */ FROM system.one /* */
SELECT 1 --
SELECT 1 # FROM system.one
SELECT 1 #! FROM system.one
SELECT 1 // FROM system.one
SELECT 1 /*! FROM system.one */
SELECT 1 /*+ SETTINGS(x) */ FROM system.one
SELECT/**/*/**/FROM/**/system.one
SELECT 1 /* unclosed FROM events
SELECT 'unclosed FROM events
SELECT "unclosed FROM events
SELECT `unclosed FROM events
SELECT $$unclosed FROM events
SELECT (1 FROM events
SELECT 1) FROM events
SELECT [1 FROM events
SELECT {1 FROM events
SELECT 1}} FROM events
SELECT * FROM events WHERE name = '' OR ''='' UNION ALL SELECT * FROM headrace.events
SELECT * FROM events WHERE name = 'x' UNION SELECT project FROM headrace.events
SELECT * FROM events WHERE name = 'x'; ATTACH 'x'
' OR 1=1 --
'; SELECT 1; --
1; SELECT * FROM system.one
1 UNION SELECT * FROM system.one
) UNION ALL SELECT * FROM system.one --
SELECT
SELECT FROM
SELECT FROM events
SELECT * FROM
SELECT * FROM events WHERE
SELECT * FROM events GROUP BY
SELECT * FROM events ORDER BY
SELECT * FROM events LIMIT
SELECT , FROM events
SELECT 1,, 2
SELECT * * FROM events
SELECT * FROM events events events
SELECT * FROM events WHERE WHERE 1
SELECT 1 UNION
SELECT 1 UNION ALL
UNION SELECT 1
WITH SELECT 1
WITH x SELECT 1
WITH x AS SELECT 1
WITH x AS (1) SELECT * FROM x
WITH AS (SELECT 1) SELECT 1
()
(())
(SELECT)
;
;;;
--
/* */
SELECT ''.''
SELECT ..
SELECT a..b FROM events
SELECT .a FROM events
SELECT a. FROM events
SELECT f(,)
SELECT f(1,)
SELECT f(((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))
SELECT CASE WHEN 1 THEN CASE WHEN 1 THEN CASE WHEN 1
SELECT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT 1
SELECT - - - - - - - - - - - - - 1
SELECT 1::UInt8::UInt8::UInt8::UInt8::UInt8::UInt8
SELECT 1::`UInt8`
SELECT 1::Unknown
SELECT 1::UInt8)::x
SELECT CAST(1 AS 'String')
SELECT CAST(1, String)
SELECT CAST(1)
SELECT CAST(1 AS)
SELECT EXTRACT(x FROM y FROM z)
SELECT INTERVAL
SELECT INTERVAL 1
SELECT INTERVAL 1 FORTNIGHT
SELECT INTERVAL '1; DROP' DAY
SELECT INTERVAL 1 'DAY'
SELECT DATE 'x'
SELECT TIMESTAMP 'x\' OR 1'
SELECT 1 AS a, a AS b, b AS a
SELECT a.b.c.d.e.f.g.h FROM events
SELECT x -> y FROM events
SELECT (x, y) -> z
SELECT () -> 1
SELECT x -> x(x)
SELECT arrayMap(x, [1])
SELECT arrayMap((x -> x) -> 1, [1])
SELECT 1 ? 2
SELECT ? : 1
SELECT 1 : 2
SELECT := 1
SELECT =1
SELECT <>
SELECT !1
SELECT ~1
SELECT 1 <=> 1
SELECT 1 === 1
SELECT 1 MEMBER OF [1]
SELECT 1 OVERLAPS 2
SELECT 1 SOUNDS LIKE 2
SELECT 'x' RLIKE 'x'
SELECT 'x' REGEXP 'x'
SELECT 'x' SIMILAR TO 'x'
SELECT 'x' GLOB 'x'
SELECT * FROM events MATCH_RECOGNIZE (PATTERN (a))
SELECT * FROM events PIVOT (count(name) FOR name IN ('x'))
SELECT * FROM events UNPIVOT (a FOR b IN (c))
SELECT * FROM events TABLESAMPLE (1 PERCENT)
SELECT * FROM events SAMPLE 0.1
SELECT * FROM events FINAL SAMPLE 1/10 OFFSET 1/2
SELECT * FROM events PREWHERE name = 'x'
SELECT * FROM events PARTITION (x)
SELECT * FROM events FOR SYSTEM_TIME AS OF now()
SELECT * FROM events AT (TIMESTAMP => now())
SELECT * FROM events STREAM
SELECT * FROM events TAIL
SELECT * FROM events FINAL FINAL
SELECT * FROM events FINAL AS e
SELECT * FROM events e FINAL
SELECT * FROM events USE INDEX (x)
SELECT * FROM events WITH (NOLOCK)
SELECT * FROM ONLY events
SELECT * FROM events PASTE JOIN events
SELECT * FROM events NATURAL JOIN sessions
SELECT * FROM events GLOBAL ANY LEFT JOIN sessions USING (visitor)
SELECT * FROM events STRAIGHT_JOIN sessions
SELECT * FROM events LATERAL VIEW explode(x) AS y
SELECT * FROM events, LATERAL (SELECT 1) AS x
SELECT * FROM events CROSS APPLY (SELECT 1) AS x
SELECT * FROM UNNEST([1, 2]) AS x
SELECT * FROM (VALUES (1)) AS t(a)
SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (a INT PATH '$.a')) AS t
SELECT * FROM ROWS FROM (f(1)) AS x
SELECT * FROM events CONNECT BY 1
SELECT * FROM events CLUSTER BY name
SELECT * FROM events SORT BY name
SELECT * FROM events DISTRIBUTE BY name
SELECT TOP 5 * FROM events
SELECT AS STRUCT 1
SELECT * FROM events LIMIT 1 WITH TIES
SELECT * FROM events LIMIT -1
SELECT * FROM events LIMIT 1.5
SELECT * FROM events LIMIT 'x'
SELECT * FROM events LIMIT (SELECT count() FROM headrace.events)
SELECT * FROM events LIMIT 1 OFFSET (SELECT count() FROM system.one)
SELECT * FROM events LIMIT 1 BY file('{FILE}')
SELECT * FROM events FETCH FIRST 1 ROWS ONLY
SELECT * FROM events QUALIFY (SELECT 1 FROM system.one) = 1
SELECT * FROM events WINDOW w AS (ORDER BY (SELECT 1 FROM system.one))
SELECT count() OVER (ORDER BY (SELECT project FROM headrace.events LIMIT 1)) FROM events
SELECT count() FILTER (WHERE (SELECT count() FROM headrace.events) > 0) FROM events
SELECT sum((SELECT count() FROM headrace.events))
SELECT quantile((SELECT 0.5 FROM system.one))(1)
SELECT * FROM events ORDER BY (SELECT project FROM headrace.events LIMIT 1)
SELECT * FROM events GROUP BY ALL, (SELECT 1 FROM system.one)
SELECT DISTINCT ON ((SELECT 1 FROM system.one)) * FROM events
SELECT {'a': (SELECT project FROM headrace.events LIMIT 1)}
SELECT [(SELECT project FROM headrace.events LIMIT 1)]
SELECT x[(SELECT 1 FROM system.one)] FROM events
SELECT CASE (SELECT 1 FROM system.one) WHEN 1 THEN (SELECT 2 FROM system.one) ELSE (SELECT 3 FROM system.one) END
SELECT 1 BETWEEN (SELECT 1 FROM system.one) AND (SELECT 2 FROM system.one)
SELECT 'x' LIKE (SELECT project FROM headrace.events LIMIT 1)
SELECT EXISTS (SELECT 1 FROM headrace.ledger)
SELECT NOT EXISTS (SELECT 1 FROM headrace.ledger)
SELECT arrayMap(x -> (SELECT project FROM headrace.events LIMIT 1), [1])
SELECT INTERVAL (SELECT 1 FROM system.one) DAY
SELECT CAST((SELECT project FROM headrace.events LIMIT 1) AS String)
SELECT TRIM((SELECT project FROM headrace.events LIMIT 1))
SELECT EXTRACT(YEAR FROM (SELECT now() FROM system.one))
SELECT * FROM events JOIN sessions ON (SELECT 1 FROM system.one) = 1
SELECT * FROM events JOIN (sessions JOIN system.one ON 1) ON 1
SELECT * FROM (events JOIN headrace.ledger ON 1)
SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT * FROM headrace.events)))
SELECT 1 UNION ALL (SELECT 2 UNION ALL (SELECT project FROM headrace.events))
SELECT 1 INTERSECT SELECT 1 FROM system.one
SELECT 1 EXCEPT SELECT 1 FROM system.one
(SELECT 1) UNION ALL (SELECT 2 FROM system.one)
WITH a AS (SELECT 1), b AS (SELECT * FROM system.one) SELECT * FROM a
WITH (SELECT project FROM headrace.events LIMIT 1) AS p SELECT p
WITH [(SELECT project FROM headrace.events LIMIT 1)] AS p SELECT p
