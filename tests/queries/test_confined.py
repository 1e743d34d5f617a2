"""The belts on the real engine, each without the other: both hold alone."""

import secrets
from collections.abc import AsyncIterator

import pytest
from clickhouse_connect.driver.client import Client

from queries.confined import Confined
from queries.sandbox import limits
from queries.sandbox.compile import compile as checked
from queries.sandbox.views import BASES, VIEWS
from queries.settings import Settings
from queries.sql import Statement
from queries.store import Store
from tests.queries.sandbox.tenants import SECRET, fill, shop
from tests.queries.stored import store

pytestmark = pytest.mark.stack

#: scans that no statement of the sandbox can hold: as if the first belt were gone
UNBUILT = [
    *(f"SELECT * FROM {base}" for base in sorted(BASES)),
    "SELECT * FROM events FINAL",
    "SELECT * FROM headrace.events AS e FINAL WHERE e.project != {mine:String}",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM events))",
    "SELECT * FROM sessions(project={theirs:String}, since=0, until=10413705599999, bots='include')",
    "SELECT * FROM identities(project={theirs:String})",
    "SELECT a.project FROM events AS a JOIN events AS b USING (event_id) WHERE a.project = {theirs:String}",
    "SELECT name FROM events WHERE name IN (SELECT name FROM events WHERE project = {theirs:String})",
    "WITH e AS (SELECT * FROM events WHERE project = {theirs:String}) SELECT * FROM e",
    "SELECT count() FROM events WHERE project = {theirs:String} HAVING count() > 0",
    "SELECT * FROM events PREWHERE project = {theirs:String}",
    "SELECT 1 FROM events WHERE project = {theirs:String} UNION ALL "
    "SELECT 2 FROM sightings WHERE project = {theirs:String}",
]


@pytest.fixture
async def reader(clickhouse_url: str) -> AsyncIterator[Store]:
    one = Store(clickhouse_url, 10)
    yield one
    await one.close()


@pytest.fixture
def mine(warehouse: Client) -> str:
    """A project with rows."""
    project = f"mine-{secrets.token_hex(4)}"
    store(warehouse, *shop(project))
    return project


@pytest.fixture
def theirs(warehouse: Client) -> str:
    """Another one, at the same time."""
    project = f"theirs-{secrets.token_hex(4)}"
    fill(warehouse, project)
    return project


@pytest.mark.parametrize("text", UNBUILT)
async def test_without_the_builder_the_filter_holds(reader: Store, mine: str, theirs: str, text: str) -> None:
    rows = await reader.rows(Statement(text, {"mine": mine, "theirs": theirs}), limits.settings(mine))
    if "{theirs:String}" in text or "{mine:String}" in text:
        assert list(rows) == []
    assert SECRET not in str(list(rows))
    assert theirs not in str(list(rows))


async def test_without_any_belt_those_rows_are_there(reader: Store, mine: str, theirs: str) -> None:
    """The tests above could not fail otherwise."""
    found = await reader.rows(Statement(UNBUILT[7], {"mine": mine}))
    assert SECRET in str(list(found))
    sessions = next(text for text in UNBUILT if "sessions(" in text)
    assert list(await reader.rows(Statement(sessions, {"theirs": theirs})))


@pytest.mark.parametrize("view", sorted(VIEWS))
@pytest.mark.parametrize("dialect", ["clickhouse", "postgres"])
async def test_without_the_filter_the_builder_holds(
    reader: Store, mine: str, theirs: str, view: str, dialect: str
) -> None:
    statement = checked(f"SELECT * FROM {view}", "postgres" if dialect == "postgres" else "clickhouse")
    settings = statement.settings(mine) | {"additional_table_filters": "{}"}
    rows = await reader.rows(statement.statement(mine), settings)
    assert SECRET not in str(list(rows))
    assert SECRET in str(
        list(await reader.rows(statement.statement(theirs), settings | {"session_timezone": "UTC"}))
    ) or (
        view == "users"  # theirs has no user but the one who is the secret's
    )


async def test_a_project_of_any_name_stays_a_text_in_the_filter(reader: Store) -> None:
    for name in ("it's", "back\\slash", "'; 1 OR '", "\\'", "{project:String}", "a' OR project != '"):
        rows = await reader.rows(Statement("SELECT project FROM events"), limits.settings(name))
        assert list(rows) == []


async def test_extra_settings_never_take_the_place_of_a_belt(clickhouse_url: str, mine: str, theirs: str) -> None:
    shared = Store(clickhouse_url, 10)
    confined = Confined(Settings(clickhouse_url=clickhouse_url), shared)
    extra = {"additional_table_filters": "{}", "max_result_rows": 0}
    statement = checked("SELECT count() FROM events")
    assert confined.settings(statement, mine, extra)["additional_table_filters"] == limits.belt(mine)
    assert confined.settings(statement, mine, extra)["max_result_rows"] == limits.MAX_ROWS
    assert list(await confined.rows(statement, mine)) == [(10,)]
    assert list(await confined.rows(statement, theirs)) == [(4,)]
    await confined.close()
    await shared.close()


async def test_an_account_of_its_own_names_the_project_to_the_row_policy(clickhouse_url: str) -> None:
    shared = Store(clickhouse_url, 10)
    confined = Confined(Settings(clickhouse_url=clickhouse_url, sql_clickhouse_url=clickhouse_url), shared)
    found = confined.settings(checked("SELECT 1"), "mine")
    assert found["SQL_headrace_project"] == "mine"
    assert "SQL_headrace_project" not in Confined(Settings(), shared).settings(checked("SELECT 1"), "mine")
    await confined.close()
    await shared.close()
