SELECT * FROM file('{FILE}', 'CSV', 'a String')
SELECT * FROM file('{FILE}', LineAsString)
SELECT * FROM file('{FILE}')
SELECT file('{FILE}')
SELECT `file`('{FILE}')
SELECT "file"('{FILE}')
SELECT FILE('{FILE}')
SELECT File('{FILE}')
SELECT file ( '{FILE}' )
SELECT file/**/('{FILE}')
SELECT arrayMap(x -> file(x), ['{FILE}'])
SELECT count() FROM events WHERE file('{FILE}') != ''
WITH file('{FILE}') AS secret SELECT secret
WITH (x -> file(x)) AS f SELECT f('{FILE}')
SELECT 1 FROM events ORDER BY file('{FILE}')
SELECT 1 FROM events GROUP BY file('{FILE}')
SELECT count() FROM events HAVING file('{FILE}') = ''
SELECT 1 LIMIT length(file('{FILE}'))
SELECT * FROM (SELECT * FROM file('{FILE}', RawBLOB))
SELECT * FROM events WHERE name IN (SELECT line FROM file('{FILE}', LineAsString))
SELECT * FROM events WHERE name IN file('{FILE}', LineAsString)
SELECT * FROM events JOIN file('{FILE}', LineAsString) AS f ON 1
SELECT * FROM events, file('{FILE}', LineAsString)
SELECT (SELECT * FROM file('{FILE}', RawBLOB))
SELECT 1 INTO OUTFILE '{FILE}.out'
SELECT * FROM events INTO OUTFILE '{FILE}.out' FORMAT CSV
SELECT * FROM events INTO OUTFILE '{FILE}.out' TRUNCATE
(SELECT 1) INTO OUTFILE '{FILE}.out'
SELECT 1 UNION ALL SELECT 2 INTO OUTFILE '{FILE}.out'
SELECT * FROM '{FILE}'
SELECT * FROM `{FILE}`
SELECT * FROM "{FILE}"
SELECT * FROM fileCluster('c', '{FILE}')
SELECT * FROM filesystem('{FILE}')
SELECT * FROM input('a String')
SELECT * FROM executable('cat {FILE}', 'LineAsString', 'line String')
SELECT * FROM executable('cat', TabSeparated, 'a String', (SELECT 1))
SELECT * FROM sqlite('{FILE}', 'events')
SELECT * FROM deltaLakeLocal('{FILE}')
SELECT * FROM icebergLocal('{FILE}')
SELECT * FROM paimonLocal('{FILE}')
SELECT * FROM hudi('{FILE}')
SELECT pg_read_file('{FILE}')
SELECT pg_read_binary_file('{FILE}')
SELECT pg_ls_dir('/')
SELECT lo_import('{FILE}')
COPY (SELECT 1) TO '{FILE}.out'
COPY events FROM '{FILE}'
SELECT load_file('{FILE}')
SELECT catboostEvaluate('{FILE}', 1)
SELECT modelEvaluate('m', 1)
SELECT format_schema('{FILE}')
SELECT structureToProtobufSchema('{FILE}')
SELECT showCertificate()
SELECT addressToLine(1)
SELECT filesystemAvailable()
SELECT chdb('SELECT file(\'{FILE}\')')
