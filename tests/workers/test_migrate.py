"""Migrations on the real engine."""

import itertools
import uuid
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from workers import migrate
from workers.migrate import Migration, MigrationError


def test_files_are_numbered_in_order_and_hold_statements() -> None:
    found = migrate.migrations()
    assert [one.name[:4] for one in found] == [f"{number:04d}" for number in range(1, len(found) + 1)]
    assert all(one.statements for one in found)


def test_a_changed_text_has_another_checksum() -> None:
    assert Migration("0001_pre_a.sql", "SELECT 1;").checksum != Migration("0001_pre_a.sql", "SELECT 2;").checksum


def test_statements_end_with_a_semicolon_at_the_end_of_a_line() -> None:
    text = "-- one; two\nSELECT ';' AS a;\nSELECT 2;\n"
    assert Migration("x", text).statements == ["-- one; two\nSELECT ';' AS a", "SELECT 2"]


@pytest.fixture
def client(clickhouse_url: str) -> Iterator[Client]:
    """A client on a database that does not exist yet."""
    url = clickhouse_url.replace("database=headrace", "database=migrating")
    client = migrate.connect(url)
    yield client
    client.command("DROP DATABASE migrating")
    client.close()


@pytest.mark.stack
def test_applying_twice_applies_once(client: Client) -> None:
    names = [one.name for one in migrate.migrations()]
    assert [one.name for one in migrate.pending(client)] == names
    assert [one.name for one in migrate.apply(client)] == names
    assert migrate.apply(client) == []
    assert migrate.pending(client) == []


@pytest.mark.stack
def test_who_is_who_is_told_of_events_from_before_it_was_asked(client: Client) -> None:
    older = itertools.takewhile(lambda one: not one.name.endswith("_identity.sql"), migrate.migrations())
    for statement in itertools.chain(*(one.statements for one in older)):
        client.command(statement)
    columns = ["event_id", "project", "kind", "client_id", "user_id", "properties"]
    client.insert("events", [[uuid.uuid4(), "shop", "identify", "c1", "ada", '{"plan":"pro"}']], column_names=columns)
    for _ in range(2):  # a crash in between makes it run again
        migrate.apply(client)
        client.command("DELETE FROM schema_migrations WHERE name LIKE '%identity%'")
    asked = (
        "SELECT client_id, user_id FROM identities(project='shop')",
        "SELECT trait, max(latest).3 FROM user_traits GROUP BY trait",
        "SELECT user_id, client_id FROM sightings GROUP BY ALL",
    )
    found = [client.query(one).result_rows for one in asked]
    assert found == [[("c1", "ada")], [("plan", '"pro"')], [("ada", "")]]


@pytest.mark.stack
def test_hours_from_before_rollups_have_marks_and_every_event_changes_one(client: Client) -> None:
    older = itertools.takewhile(lambda one: not one.name.endswith("_rollups.sql"), migrate.migrations())
    for statement in itertools.chain(*(one.statements for one in older)):
        client.command(statement)

    def happens(*times: int) -> None:
        columns = ["event_id", "project", "occurred_at", "properties"]
        client.insert("events", [[uuid.uuid4(), "shop", time, "{}"] for time in times], column_names=columns)

    marks = "SELECT toUnixTimestamp(hour), sum(rows) FROM hour_marks GROUP BY hour ORDER BY hour"
    happens(0, 1, 3_600_000)
    migrate.apply(client)
    assert client.query(marks).result_rows == [(0, 2), (3600, 1)]
    happens(5, 3_600_001)
    happens(7_200_000)
    assert client.query(marks).result_rows == [(0, 3), (3600, 2), (7200, 1)]
    client.command("DELETE FROM schema_migrations WHERE name LIKE '%rollups%'")  # a crash before the record
    migrate.apply(client)
    again = client.query(marks).result_rows
    assert [(hour, rows > before) for (hour, rows), before in zip(again, (3, 2, 1), strict=True)] == [
        (0, True),
        (3600, True),
        (7200, True),
    ], "marks only ever grow"


@pytest.mark.stack
def test_a_file_changed_after_it_was_applied_is_an_error(client: Client) -> None:
    migrate.apply(client)
    first = migrate.migrations()[0].name
    client.insert("schema_migrations", [[first, "another"]], ["name", "checksum"])
    with pytest.raises(MigrationError, match="was changed after it was applied"):
        migrate.pending(client)


@pytest.mark.stack
def test_a_lock_of_a_living_migration_holds_and_one_of_a_dead_process_does_not(client: Client) -> None:
    client.command("CREATE TABLE schema_lock (x UInt8) ENGINE = Memory COMMENT 'elsewhere 1 99999999999'")
    with pytest.raises(MigrationError, match="Another migration runs"):
        migrate.apply(client)
    client.command("DROP TABLE schema_lock")
    client.command("CREATE TABLE schema_lock (x UInt8) ENGINE = Memory COMMENT 'elsewhere 1 1000'")
    assert migrate.apply(client)
    assert client.command("EXISTS TABLE schema_lock") == 0
