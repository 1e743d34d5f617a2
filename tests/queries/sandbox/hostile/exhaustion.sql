SELECT sleep(3)
SELECT sleepEachRow(3) FROM events
SELECT Sleep(3)
SELECT `sleep`(3)
SELECT ignore(sleep(3))
SELECT throwIf(1)
SELECT throwIf(1, 'x')
SELECT aggThrow(0.5)(1)
SELECT repeat('x', 1000000000)
SELECT space(1000000000)
SELECT randomString(1000000000)
SELECT randomFixedString(1000000000)
SELECT randomPrintableASCII(1000000000)
SELECT arrayWithConstant(1000000000, 1)
SELECT replicate(1, range(100000000))
SELECT length(range(1000000000))
SELECT sum(arrayJoin(range(100000000)))
SELECT arrayJoin(range(1000000)) AS a, arrayJoin(range(1000000)) AS b
SELECT count() FROM (SELECT arrayJoin(range(9000000)) AS a) AS x, (SELECT arrayJoin(range(9000000)) AS b) AS y, (SELECT arrayJoin(range(9000000)) AS c) AS z
SELECT arrayResize([1], 1000000000)
SELECT arrayResize(['x'], 4000000000)
SELECT leftPad('x', 1000000000)
SELECT rightPad('x', 2000000000, 'y')
SELECT lpad('x', 1000000000)
SELECT toFixedString('x', 1000000000)
SELECT arrayFold((a, x) -> concat(a, a), range(64), 'xxxx')
SELECT arrayMap(x -> arrayMap(y -> arrayMap(z -> z, range(1000)), range(1000)), range(1000))
SELECT groupArray(x) FROM (SELECT arrayJoin(range(9000000)) AS x) GROUP BY x % 3
SELECT uniqExact(a, b) FROM (SELECT arrayJoin(range(9000000)) AS a) AS x CROSS JOIN (SELECT arrayJoin(range(1000)) AS b) AS y
SELECT x FROM (SELECT 1 AS x) ORDER BY x WITH FILL FROM 0 TO 1000000000000
SELECT x FROM (SELECT 1 AS x) ORDER BY x WITH FILL
SELECT x FROM (SELECT 1 AS x) ORDER BY x WITH FILL TO 9223372036854775807 STEP 1 INTERPOLATE
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT * FROM t
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t) SELECT count() FROM t
WITH t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT * FROM t
WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a
SELECT match(repeat('a', 30), '(a+)+$')
SELECT match('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '(a+)+$')
SELECT match('x', '(x{1000}){1000}')
SELECT multiMatchAny('x', ['(x{1000}){1000}'])
SELECT multiFuzzyMatchAny('x', 3, ['x'])
SELECT multiMatchAllIndices('x', ['.*'])
SELECT replaceRegexpAll('x', '.{0,1000}{0,1000}', 'y')
SELECT bitmapBuild(range(9000000))
SELECT hex(randomString(100000000))
SELECT fuzzBits('x', 0.5)
SELECT generateUUIDv4()
SELECT dateName('year', now(), 'x')
SELECT geohashesInBox(-180, -90, 180, 90, 12)
SELECT h3kRing(1, 10000)
SELECT toStartOfInterval(now(), INTERVAL 9223372036854775807 SECOND)
SELECT toDateTime64(9e18, 9)
SELECT quantilesExact(0.1, 0.2)(x) FROM (SELECT arrayJoin(range(9000000)) AS x)
SELECT topK(100000000)(name) FROM events
SELECT groupArrayMovingSum(1000000000)(1) FROM events
SELECT groupArraySample(1000000000)(name) FROM events
SELECT histogram(1000000000)(1) FROM events
SELECT uniqUpTo(255)(name) FROM events
SELECT sumResample(0, 1000000000, 1)(1, 1) FROM events
SELECT countResample(0, 9000000000, 1)(1) FROM events
SELECT groupArrayInsertAt(1, 4000000000) FROM events
SELECT sparkbar(1000000000)(1, 1) FROM events
SELECT windowFunnel(1)(now(), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
SELECT sequenceMatch('(?1).*(?1).*(?1).*(?1).*(?1).*(?1)')(now(), 1)
SELECT runningAccumulate(1)
SELECT neighbor(name, 1000000000) FROM events
SELECT evalMLMethod(1, 1)
SELECT arrayReduce('sum', [1])
SELECT arrayReduce('aggThrow', [1])
SELECT arrayReduceInRanges('sum', [(1, 2)], [1])
SELECT initializeAggregation('sumState', 1)
SELECT finalizeAggregation(CAST('x' AS AggregateFunction(sum, UInt64)))
SELECT CAST(unhex('ffffffffffffffff'), 'AggregateFunction(groupArray, String)')
SELECT CAST(unhex('ffffffffffffffff'), concat('Aggregate', 'Function(groupArray, String)'))
SELECT unhex('ffff')::AggregateFunction(uniqExact, UInt64)
SELECT JSONExtract('{}', 'a', 'AggregateFunction(sum, UInt64)')
SELECT accurateCastOrNull('x', 'AggregateFunction(sum, UInt64)')
SELECT accurateCastOrDefault('x', 'AggregateFunction(sum, UInt64)')
SELECT dynamicElement(properties.price, 'AggregateFunction(sum, UInt64)') FROM events
SELECT properties.price.:`AggregateFunction(sum, UInt64)` FROM events
SELECT sumMerge(x) FROM (SELECT unhex('ff') AS x)
SELECT sumState(1)
SELECT groupBitmapMergeState(x) FROM (SELECT unhex('ff') AS x)
SELECT reinterpret('x', 'AggregateFunction(sum, UInt64)')
SELECT CAST(1, 'Nested(a UInt8)')
SELECT CAST('x' AS Object('json'))
SELECT CAST([] AS Array(Array(Array(Array(Array(Array(Array(Array(Array(Array(Array(UInt8))))))))))))
SELECT DISTINCT * FROM events AS a, events AS b, events AS c, events AS d, events AS e, events AS f, events AS g
SELECT 1e999, -1e999, 0/0
SELECT 99999999999999999999999999999999999999999999999999
SELECT intDiv(1, 0)
SELECT 1 % 0
SELECT toDecimal256('1', 100)
SELECT CAST('9999999999' AS Decimal(76, 70))
SELECT encrypt('aes-256-gcm', 'x', 'y')
SELECT tokens(arrayStringConcat(range(1000000)))
SELECT arrayStringConcat(arrayMap(x -> 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', range(9000000)))
SELECT naiveBayesClassifier('m', 'x')
SELECT seriesDecomposeSTL([1], 1)
SELECT formatRow('CSV', 1)
SELECT formatRowNoNewline('Template', 1)
SELECT fuzzQuery('select 1')
SELECT generateRandomStructure(100000)
SELECT tokenizeQuery('x')
SELECT parseQueryToJSON('select 1')
