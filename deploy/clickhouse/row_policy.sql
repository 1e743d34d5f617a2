-- The third belt, for a ClickHouse server: an account for SQL of analysts that sees the rows of one project and no more,
-- whatever a statement says. The local engine has no users and no row policies; there the first two belts hold alone.
--
-- Before: the schema is applied (headrace's database is `headrace` here), `custom_settings_prefixes` of the server's
-- configuration holds SQL_, and access management is on for whoever runs this. After: set HEADRACE_SQL_CLICKHOUSE_URL to
-- http://headrace_sql:PASSWORD@HOST:8123/?database=headrace. Each statement then carries its project in the setting
-- SQL_headrace_project; without it nothing can be read, because getSetting fails.

CREATE SETTINGS PROFILE IF NOT EXISTS headrace_sql SETTINGS
    allow_ddl = 0 CONST,
    allow_introspection_functions = 0 CONST,
    max_execution_time = 10 MIN 0.1 MAX 60,
    max_memory_usage = 2000000000 MIN 1 MAX 4000000000,
    max_rows_to_read = 2000000000 MIN 1 MAX 10000000000,
    max_bytes_to_read = 500000000000 MIN 1 MAX 2000000000000,
    max_result_rows = 1000000 MIN 1 MAX 1000000,
    max_result_bytes = 1073741824 MIN 1 MAX 1073741824,
    max_threads = 4 MIN 1 MAX 8,
    max_concurrent_queries_for_user = 16 CONST,
    max_sessions_for_user = 64 CONST;

CREATE QUOTA IF NOT EXISTS headrace_sql
    FOR INTERVAL 1 minute MAX queries = 3000, errors = 1000, execution_time = 600,
    FOR INTERVAL 1 hour MAX read_rows = 1000000000000;

CREATE ROLE IF NOT EXISTS headrace_sql;
-- The tables beneath the views, and the views themselves. No other table, no table function (file, url, s3, remote and
-- the like need grants of their own), no INSERT, no dictionaries, and nothing of `system` that holds rows of others.
GRANT SELECT ON headrace.events TO headrace_sql;
GRANT SELECT ON headrace.rejected_events TO headrace_sql;
GRANT SELECT ON headrace.sightings TO headrace_sql;
GRANT SELECT ON headrace.user_traits TO headrace_sql;
GRANT SELECT ON headrace.identity_claims TO headrace_sql;
GRANT SELECT ON headrace.identity_overrides TO headrace_sql;
GRANT SELECT ON headrace.placeholder_ids TO headrace_sql;
GRANT SELECT ON headrace.identities TO headrace_sql;
GRANT SELECT ON headrace.sessions TO headrace_sql;

CREATE ROW POLICY IF NOT EXISTS of_project ON headrace.events
    USING project = getSetting('SQL_headrace_project') AS RESTRICTIVE TO headrace_sql;
CREATE ROW POLICY IF NOT EXISTS of_project ON headrace.rejected_events
    USING project = getSetting('SQL_headrace_project') AS RESTRICTIVE TO headrace_sql;
CREATE ROW POLICY IF NOT EXISTS of_project ON headrace.sightings
    USING project = getSetting('SQL_headrace_project') AS RESTRICTIVE TO headrace_sql;
CREATE ROW POLICY IF NOT EXISTS of_project ON headrace.user_traits
    USING project = getSetting('SQL_headrace_project') AS RESTRICTIVE TO headrace_sql;
CREATE ROW POLICY IF NOT EXISTS of_project ON headrace.identity_claims
    USING project = getSetting('SQL_headrace_project') AS RESTRICTIVE TO headrace_sql;
CREATE ROW POLICY IF NOT EXISTS of_project ON headrace.identity_overrides
    USING project = getSetting('SQL_headrace_project') AS RESTRICTIVE TO headrace_sql;
-- A restrictive policy takes rows away; a permissive one must give them first. The other accounts go on to see all.
CREATE ROW POLICY IF NOT EXISTS everything ON headrace.* USING 1 AS PERMISSIVE TO ALL;

CREATE USER IF NOT EXISTS headrace_sql
    IDENTIFIED WITH sha256_password BY 'change-me'
    HOST LOCAL
    SETTINGS PROFILE headrace_sql;
GRANT headrace_sql TO headrace_sql;
SET DEFAULT ROLE headrace_sql TO headrace_sql;
ALTER QUOTA headrace_sql TO headrace_sql;
