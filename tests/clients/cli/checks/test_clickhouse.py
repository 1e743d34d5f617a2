"""The checks of ClickHouse, on the real engine and where there is none."""

import asyncio
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from yarl import URL

from clients.cli.checks.clickhouse import CHECKS, standing
from clients.cli.checkup import Finding, State, examine
from tests import clustered
from tests.clients.cli.checks.conftest import Look
from workers import migrate
from workers.migrate import Migration


async def examined(look: Look, url: str) -> dict[str, Finding]:
    return {check.name: finding async for check, finding in examine(CHECKS, await look(clickhouse_url=url))}


def database(url: str, name: str) -> str:
    """The same ClickHouse, another database."""
    return str(URL(url).with_query(database=name))


def fresh(url: str) -> Client:
    """A client on a database that was just made, with the schema applied."""
    client = migrate.connect(url)
    migrate.apply(client)
    return client


@pytest.mark.stack
async def test_a_clickhouse_with_its_schema_passes(look: Look, clickhouse_url: str) -> None:
    found = await examined(look, clickhouse_url)
    assert {finding.state for finding in found.values()} == {State.OK}
    assert found["deduplication window"].found == "10,000 batches"


@pytest.mark.stack
async def test_a_cluster_passes_and_is_not_taken_for_one_server(look: Look, tmp_path: Path) -> None:
    with clustered.local_cluster(tmp_path) as url:
        (await asyncio.to_thread(fresh, url)).close()
        found = await examined(look, url)
        assert {finding.state for finding in found.values()} == {State.OK}
        assert found["deduplication window"].found == "10,000 batches"
        alone = (await examined(look, url.removesuffix("&cluster=main")))["deduplication window"]
    assert alone.state is State.FAIL
    assert alone.remedy.startswith("Set HEADRACE_CLICKHOUSE_CLUSTER")


@pytest.mark.stack
async def test_a_missing_database_is_found_and_not_made(look: Look, clickhouse_url: str) -> None:
    for _ in range(2):
        found = await examined(look, database(clickhouse_url, "nowhere"))
        assert found["ClickHouse database"].state is State.FAIL
        assert found["ClickHouse database"].remedy.endswith("python -m workers.migrate apply")
        assert found["schema"].state is State.SKIPPED


@pytest.mark.stack
async def test_an_empty_database_lacks_the_schema(look: Look, clickhouse_url: str) -> None:
    url = database(clickhouse_url, "cli_empty")
    (await asyncio.to_thread(migrate.connect, url)).close()
    found = await examined(look, url)
    assert found["schema"].found.startswith("not applied: 0001_pre_events.sql")
    assert found["deduplication window"].found == "there is no table events"


def test_what_is_applied_after_an_upgrade_is_told_and_is_no_failure() -> None:
    before, after = Migration("0001_pre_a.sql", "SELECT 1;"), Migration("0002_post_b.sql", "SELECT 1;")
    late = standing([after])
    assert (late.state, late.remedy) == (State.WARN, "python -m workers.migrate apply --phase post")
    assert late.found.endswith(": 0002_post_b.sql")
    assert standing([before, after]).found == "not applied: 0001_pre_a.sql"
    assert standing([]).state is State.OK


@pytest.mark.stack
async def test_a_window_that_is_off_is_a_failure(look: Look, clickhouse_url: str) -> None:
    url = database(clickhouse_url, "cli_window")
    client = await asyncio.to_thread(fresh, url)
    client.command("ALTER TABLE events MODIFY SETTING non_replicated_deduplication_window = 0")
    found = await examined(look, url)
    assert found["deduplication window"].state is State.FAIL
    client.command(found["deduplication window"].remedy)
    client.close()
    assert (await examined(look, url))["deduplication window"].state is State.OK


@pytest.mark.stack
async def test_a_migration_changed_afterwards_is_a_failure(look: Look, clickhouse_url: str) -> None:
    url = database(clickhouse_url, "cli_changed")
    client = await asyncio.to_thread(fresh, url)
    client.insert("schema_migrations", [["0001_pre_events.sql", "other"]], ["name", "checksum"])
    client.close()
    found = await examined(look, url)
    assert found["schema"].state is State.FAIL
    assert "0001_pre_events.sql was changed" in found["schema"].found


@pytest.mark.stack
async def test_a_wrong_password_is_a_failure_that_does_not_show_it(look: Look, clickhouse_url: str) -> None:
    found = await examined(look, str(URL(clickhouse_url).with_password("wrong-password")))
    assert found["ClickHouse answers"].state is State.FAIL
    assert "wrong-password" not in found["ClickHouse answers"].found


async def test_clickhouse_away_fails_once_without_showing_the_password(look: Look) -> None:
    first, *rest = (await examined(look, "http://user:secret@127.0.0.1:1/?database=headrace")).values()
    assert first.state is State.FAIL
    assert first.found == "ClickHouse at http://127.0.0.1:1 cannot be reached: Connection refused."
    assert "HEADRACE_CLICKHOUSE_URL" in first.remedy
    assert {finding.state for finding in rest} == {State.SKIPPED}


async def test_an_address_that_cannot_be_used_is_a_failure(look: Look) -> None:
    assert (await examined(look, "clickhouse:secret@host"))["ClickHouse answers"].state is State.FAIL


async def test_without_an_address_everything_is_skipped(look: Look) -> None:
    assert {finding.state for finding in (await examined(look, "")).values()} == {State.SKIPPED}
