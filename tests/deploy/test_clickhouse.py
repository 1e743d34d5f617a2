"""The warehouse's configuration, as far as the engine alone can read it: it has no users, so none logs in here."""

import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.deploy.secrets import DEPLOY, secrets, url
from workers.clickhouse.address import address

pytestmark = pytest.mark.stack


def read(path: Path) -> ET.Element:
    """A file of ours."""
    return ET.fromstring(path.read_text())  # noqa: S314  # written here, and by no stranger


SERVER = read(DEPLOY / "clickhouse/server.xml")
USERS = read(DEPLOY / "clickhouse/users.xml")
POLICY = (DEPLOY / "clickhouse/row_policy.sql").read_text()
#: every table that a server of the engine's version may keep for itself
LOGS = {
    *("aggregated_zookeeper_log", "asynchronous_insert_log", "asynchronous_metric_log", "azure_queue_log"),
    *("background_schedule_pool_log", "backup_log", "blob_storage_log", "bucketed_metric_log", "crash_log"),
    *("dead_letter_queue", "delta_lake_metadata_log", "error_log", "filesystem_cache_log"),
    *("filesystem_read_prefetches_log", "iceberg_metadata_log", "metric_log", "opentelemetry_span_log", "part_log"),
    *("predicate_statistics_log", "processors_profile_log", "query_log", "query_metric_log", "query_thread_log"),
    *("query_views_log", "s3_queue_log", "s3queue_log", "session_log", "text_log", "trace_log"),
    *("transactions_info_log", "transposed_metric_log", "zookeeper_connection_log", "zookeeper_log"),
}
#: those of the server whose names stand for more than a setting
SECTIONS = {
    *("backups", "compression", "listen_host", "http_port", "timezone", "custom_settings_prefixes"),
    *("logger", "prometheus"),
}


@pytest.fixture
async def engine(clickhouse_url: str) -> AsyncIterator[AsyncClient]:
    client = await clickhouse_connect.get_async_client(**address(clickhouse_url), autogenerate_session_id=False)
    yield client
    await client.close()


def accounts() -> list[ET.Element]:
    """The accounts that may log in."""
    return [user for user in USERS.find("users") or [] if user.get("remove") is None]


def grants(account: str) -> list[str]:
    """As they are written."""
    return [query.text or "" for query in USERS.findall(f"users/{account}/grants/query")]


async def column(engine: AsyncClient, query: str) -> set[str]:
    return {str(row[0]) for row in (await engine.query(query)).result_rows}


def test_a_node_of_a_cluster_keeps_its_secrets_to_itself_and_writes_to_one_replica() -> None:
    node = read(DEPLOY / "clickhouse/cluster.xml")
    (cluster,) = node.find("remote_servers") or []
    assert [shard.findtext("internal_replication") for shard in cluster.findall("shard")] == ["true", "true"]
    assert cluster.findall(".//weight") == cluster.findall(".//password") == []
    environment = {one.tag: one.get("from_env") for one in node.iter() if one.get("from_env")}
    assert environment.keys() == {"secret", "password", "shard", "replica"}
    hosts = [one.text for one in node.findall("zookeeper/node/host")]
    assert hosts == [one.text for one in read(DEPLOY / "clickhouse/keeper.xml").iter("hostname")]


def test_the_grants_of_a_cluster_are_read_by_the_engine_and_name_accounts(clickhouse_url: str) -> None:
    guide = (DEPLOY.parent / "docs/scale.md").read_text()
    told = re.findall(r"^    (GRANT .+ TO (\w+))$", guide, flags=re.MULTILINE)
    assert {account for _, account in told} == {"headrace_admin", "headrace_worker"}
    assert {account for _, account in told} <= {user.tag for user in accounts()}
    with clickhouse_connect.get_client(**address(clickhouse_url), autogenerate_session_id=False) as client:
        for grant, _ in told:
            assert client.command("SELECT formatQuery({text:String})", {"text": grant})


async def test_every_grant_and_condition_is_read_by_the_engine(engine: AsyncClient) -> None:
    for user in accounts():
        for grant in grants(user.tag):
            await engine.query("SELECT formatQuery({text:String})", {"text": f"{grant} TO {user.tag}"})
    for condition in USERS.iter("filter"):
        await engine.query("SELECT formatQuerySingleLine({text:String})", {"text": f"SELECT {condition.text}"})


async def test_every_grant_is_on_a_table_that_there_is(engine: AsyncClient) -> None:
    tables = await column(engine, "SELECT name FROM system.tables WHERE database = currentDatabase()")
    named = {name for user in accounts() for one in grants(user.tag) for name in re.findall(r"headrace\.(\w+)$", one)}
    assert named - tables == set()
    assert "rejected_events" in named
    filtered = {table.tag for table in USERS.findall("users/headrace_sql/databases/headrace/*")}
    assert filtered - tables == set()


async def test_settings_are_those_of_the_engine(engine: AsyncClient) -> None:
    known = await column(engine, "SELECT name FROM system.settings")
    profiles = {one.tag for profile in USERS.find("profiles") or [] for one in profile} - {"constraints"}
    assert profiles - known == set()
    of_server = await column(engine, "SELECT name FROM system.server_settings")
    used = {one.tag for one in SERVER if one.get("remove") is None and not one.tag.endswith("_log")}
    assert used - SECTIONS - of_server == set()


def test_sql_of_analysts_sees_one_project_whichever_way_the_account_was_made() -> None:
    condition = "project = getSetting('SQL_headrace_project')"
    filters = {
        table.tag: table.findtext("filter") for table in USERS.findall("users/headrace_sql/databases/headrace/*")
    }
    policies = re.findall(r"POLICY IF NOT EXISTS of_project ON headrace\.(\w+)\s+USING (.+?) AS RESTRICTIVE", POLICY)
    assert filters == dict(policies)
    assert set(filters.values()) == {condition}
    assert sorted(grants("headrace_sql")) == sorted(
        re.findall(r"^(GRANT SELECT ON \S+) TO", POLICY, flags=re.MULTILINE)
    )


def test_the_bounds_of_that_account_are_the_same_too() -> None:
    values = {one.tag: one.text for one in USERS.find("profiles/headrace_sql") or [] if one.tag != "constraints"}
    written = re.findall(r"^    (\w+) = (\S+) (?:CONST|MIN)", POLICY, flags=re.MULTILINE)
    assert values == dict(written)


def test_nobody_is_let_in_without_a_password() -> None:
    default = USERS.find("users/default")
    assert default is not None
    assert default.get("remove") == "1"
    made = read(secrets() / "clickhouse_users.xml")
    hashes = [user.findtext("password_sha256_hex") or "" for user in made.find("users") or [] if user.tag != "default"]
    assert len(set(hashes)) == len(accounts()) == 4
    assert all(re.fullmatch(r"[0-9a-f]{64}", one) for one in hashes)


def test_each_service_is_given_its_own_account() -> None:
    users = {service: address(url(service, "clickhouse"))["username"] for service in ("worker", "queries", "admin")}
    assert users == {
        "worker": "headrace_worker",
        "queries": "headrace_query",
        "admin": "headrace_admin",
    }


def test_the_server_speaks_for_no_other_database_and_its_logs_end() -> None:
    removed = {one.tag for one in SERVER if one.get("remove") == "1"}
    assert {"postgresql_port", "mysql_port"} <= removed
    kept = [one for one in SERVER if one.tag in LOGS and one.get("remove") is None]
    assert {one.tag for one in kept} == {"query_log", "part_log"}
    assert all("INTERVAL 7 DAY DELETE" in (one.findtext("ttl") or "") for one in kept)
    assert LOGS - removed - {one.tag for one in kept} == set(), "left alone they fill the disk"


async def test_the_engine_knows_each_of_these_logs_and_no_other_name(engine: AsyncClient) -> None:
    for name in LOGS:
        await engine.command(f"SYSTEM FLUSH LOGS {name}")
    with pytest.raises(DatabaseError, match="does not exist"):
        await engine.command("SYSTEM FLUSH LOGS no_such_log")


async def test_nothing_that_the_local_engine_writes_for_itself_grows_for_ever(engine: AsyncClient) -> None:
    await engine.command("SYSTEM FLUSH LOGS")
    kept = await engine.query(
        "SELECT name, engine_full LIKE '%TTL%' FROM system.tables "
        "WHERE database = 'system' AND engine NOT LIKE 'System%'"
    )
    assert [name for name, ends in kept.result_rows if not ends] == []
