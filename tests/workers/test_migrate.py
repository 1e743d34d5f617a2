"""Migrations on the real engine."""

import asyncio
import itertools
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator

import msgspec
import pytest
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.client import Client

from ingest_api.stream import WORKERS, Redis
from workers import migrate
from workers.heartbeat import Heartbeat, redis_ms
from workers.migrate import Migration, MigrationError

#: an upgrade, and the one after it
KNOWN = [
    Migration("0001_pre_a.sql", "CREATE TABLE IF NOT EXISTS a (x UInt8, old UInt8) ENGINE = Memory;"),
    Migration("0002_post_a.sql", "ALTER TABLE a DROP COLUMN IF EXISTS old;"),
    Migration("0003_pre_b.sql", "CREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = Memory;"),
]
#: what takes something away from a build that still runs
TAKES_AWAY = re.compile(
    r"\b(DROP|RENAME|EXCHANGE|DETACH|TRUNCATE|MODIFY\s+(COLUMN(?!\s+\w+\s+CODEC\()|TTL)|"
    r"DELETE\s+FROM|ALTER\s+TABLE\s+\w+\s+DELETE)\b",
    re.I,
)
#: the one change of a type that takes nothing away, as the last test here shows
ALIKE = "MODIFY COLUMN user_agent LowCardinality(String)"


def test_files_are_numbered_in_order_and_hold_statements() -> None:
    found = migrate.migrations()
    assert [one.name[:4] for one in found] == [f"{number:04d}" for number in range(1, len(found) + 1)]
    assert all(one.statements for one in found)


def test_a_changed_text_has_another_checksum() -> None:
    assert Migration("0001_pre_a.sql", "SELECT 1;").checksum != Migration("0001_pre_a.sql", "SELECT 2;").checksum


def test_statements_end_with_a_semicolon_at_the_end_of_a_line() -> None:
    text = "-- one; two\nSELECT ';' AS a;\nSELECT 2;\n"
    assert Migration("x", text).statements == ["-- one; two\nSELECT ';' AS a", "SELECT 2"]


def test_what_is_applied_before_an_upgrade_only_adds() -> None:
    before = [one for one in migrate.migrations() if one.belongs("pre")]
    code = {one.name: re.sub(r"--.*", "", one.text).replace(ALIKE, "") for one in before}
    assert {name: found[0] for name, text in code.items() if (found := TAKES_AWAY.search(text))} == {}
    assert TAKES_AWAY.search(KNOWN[1].text), "a post migration may"
    assert TAKES_AWAY.search("ALTER TABLE a MODIFY COLUMN x CODEC(ZSTD(1)), MODIFY COLUMN y String CODEC(ZSTD(1))")
    assert TAKES_AWAY.search("ALTER TABLE a MODIFY COLUMN x LowCardinality(FixedString(2)) CODEC(ZSTD(1))")


def test_every_migration_belongs_to_one_phase() -> None:
    for one in (*migrate.migrations(), *KNOWN):
        assert one.belongs("all")
        assert one.belongs("pre") != one.belongs("post")
    assert [one.number for one in KNOWN if one.belongs("post")] == [2]


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
def test_each_phase_applies_its_own_and_what_comes_late_holds_up_nothing(client: Client) -> None:
    assert migrate.apply(client, "pre", KNOWN) == [KNOWN[0], KNOWN[2]]
    assert migrate.pending(client, "pre", KNOWN) == []
    assert migrate.pending(client, "all", KNOWN) == migrate.pending(client, "post", KNOWN) == [KNOWN[1]]
    assert migrate.apply(client, "pre", KNOWN) == []
    assert migrate.apply(client, "post", KNOWN) == [KNOWN[1]]
    assert client.query("SELECT name FROM system.columns WHERE table = 'a' AND database = 'migrating'").result_rows == [
        ("x",)
    ]


@pytest.mark.stack
def test_at_once_what_adds_comes_before_what_takes_away(client: Client) -> None:
    assert migrate.apply(client, "all", KNOWN) == [KNOWN[0], KNOWN[2], KNOWN[1]]


@pytest.mark.stack
async def test_nothing_is_taken_away_while_an_older_worker_runs(client: Client, redis: Redis, redis_url: str) -> None:
    async def beats(name: str, schema: int) -> None:
        said = Heartbeat(name, 7, "host-a", 1, await redis_ms(redis), [], "draining", schema=schema)
        await redis.hset(WORKERS, name, msgspec.json.encode(said).decode())  # type: ignore[misc]  # redis-py 5

    async def upgraded(phase: migrate.Phase) -> tuple[list[Migration], str]:
        return await asyncio.to_thread(migrate.upgrade, client, redis_url, phase, KNOWN)

    await beats("new", 3)
    await beats("old", 1)
    done, waits = await upgraded("all")
    assert done == [KNOWN[0], KNOWN[2]]
    assert "0002_post_a.sql: not now" in waits
    assert "host-a pid 7" in waits
    assert await upgraded("post") == ([], waits)
    assert await upgraded("pre") == ([], "")
    await redis.hdel(WORKERS, "old")  # type: ignore[misc]  # redis-py 5
    assert await upgraded("post") == ([KNOWN[1]], "")
    await beats("old", 1)
    assert await upgraded("post") == ([], ""), "nothing is left that could wait"


@pytest.mark.stack
async def test_where_redis_cannot_be_asked_nothing_is_taken_away(client: Client) -> None:
    done, waits = await asyncio.to_thread(migrate.upgrade, client, "redis://127.0.0.1:1/0", "all", KNOWN)
    assert done == [KNOWN[0], KNOWN[2]]
    assert "does not answer" in waits


@pytest.mark.stack
def test_the_command_applies_a_phase_and_needs_redis_only_where_something_waits(
    client: Client, clickhouse_url: str
) -> None:
    url = clickhouse_url.replace("database=headrace", "database=migrating")
    env = {"HEADRACE_CLICKHOUSE_URL": url, "HEADRACE_REDIS_URL": "redis://127.0.0.1:1/0"}

    def run(*arguments: str) -> list[str]:
        command = [sys.executable, "-m", "workers.migrate", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.splitlines()

    def told(verb: str, phase: migrate.Phase) -> list[str]:
        return [f"{verb} {one.name}" for one in migrate.migrations() if one.belongs(phase)] or [done]

    done = "the schema is up to date"
    assert run("plan") == told("would apply", "all")
    assert run("apply", "--phase", "pre") == told("applied", "pre")
    assert run("apply", "--phase", "pre") == [done]
    assert run("plan", "--phase", "post") == told("would apply", "post")


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


@pytest.mark.stack
def test_user_agents_as_texts_are_read_alike_and_older_workers_go_on_writing_them(client: Client) -> None:
    older = itertools.takewhile(lambda one: not one.name.endswith("_agents.sql"), migrate.migrations())
    for statement in itertools.chain(*(one.statements for one in older)):
        client.command(statement)
    columns = ["event_id", "project", "user_agent", "properties"]
    types = [get_from_name(one) for one in ("UUID", "LowCardinality(String)", "String", "JSON")]

    def write(agent: str) -> None:
        client.insert("events", [[uuid.uuid4(), "shop", agent, "{}"]], column_names=columns, column_types=types)

    write("before")
    migrate.apply(client)
    write("after")
    found = client.query("SELECT user_agent, toTypeName(user_agent) FROM events ORDER BY user_agent").result_rows
    assert found == [("after", "LowCardinality(String)"), ("before", "LowCardinality(String)")]
    client.command("DELETE FROM schema_migrations WHERE name LIKE '%agents%'")  # a crash before the record
    assert [one.name for one in migrate.apply(client)] == ["0014_pre_agents.sql"]
