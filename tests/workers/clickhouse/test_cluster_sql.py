"""Statements for a cluster: the schema's files and what jobs order."""

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from clickhouse_connect.driver.asyncclient import AsyncClient
from sqlglot import exp

from workers import migrate
from workers.clickhouse import cluster
from workers.clickhouse.cluster import Cluster, Unknown
from workers.clickhouse.cluster_sql import rendered

MAIN = Cluster("main", "headrace")
ON = " ON CLUSTER `main`"
SCHEMA = [statement for one in migrate.migrations() for statement in one.statements]
#: what jobs order, besides
ORDERS = [
    "CREATE TABLE events_again_3 AS events",
    "ALTER TABLE events_again_3 MOVE PARTITION ID '202611' TO TABLE events",
    "DROP TABLE IF EXISTS events_again_3 SYNC",
    "CREATE TABLE erasing_ab (kind LowCardinality(String), value String) ENGINE = Memory",
    "DROP TABLE IF EXISTS erasing_ab",
    "ALTER TABLE events DELETE WHERE project = 'a, b' AND event_id IN (SELECT value FROM erasing_ab)",
    "ALTER TABLE events APPLY DELETED MASK",
    "DELETE FROM sightings WHERE project = {project:String} AND user_id NOT IN (SELECT user_id FROM sightings)",
    "SYSTEM SYNC REPLICA events",
    "SYSTEM SYNC REPLICA erasing_ab",
    "CREATE TABLE schema_lock (x UInt8) ENGINE = Memory COMMENT 'host 1 2'",
    "CREATE DATABASE IF NOT EXISTS `headrace`",
    "DROP VIEW IF EXISTS identities",
]
EVERY = [one for statement in (*SCHEMA, *ORDERS) for one in rendered(statement, MAIN)]


def render(statement: str) -> list[str]:
    return rendered(statement, MAIN)


@pytest.mark.parametrize("one", migrate.migrations(), ids=lambda one: one.name)
def test_without_a_cluster_statements_are_those_of_the_files(one: migrate.Migration) -> None:
    assert [rendered(statement, None) for statement in one.statements] == [[each] for each in one.statements]
    assert all(statement in one.text for statement in one.statements)


def test_a_table_becomes_a_replicated_one_and_a_distributed_one_under_its_name() -> None:
    made = "CREATE TABLE IF NOT EXISTS closed_hours\n(engine Array(UInt8))\nENGINE = ReplacingMergeTree(v)\nORDER BY a"
    assert render(made) == [
        f"CREATE TABLE IF NOT EXISTS `headrace`.closed_hours_local{ON}\n(engine Array(UInt8))\n"
        "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', v) ORDER BY a "
        "SETTINGS replicated_deduplication_window = 0",
        f"CREATE TABLE IF NOT EXISTS `headrace`.closed_hours{ON} AS `headrace`.closed_hours_local "
        "ENGINE = Distributed(`main`, `headrace`, `closed_hours_local`, cityHash64(project, hour))",
    ]  # fmt: skip


def test_a_window_of_tokens_becomes_a_replicated_one_and_is_off_where_it_was() -> None:
    (events, _), (ledger, _) = (
        render(next(one for one in SCHEMA if f"CREATE TABLE IF NOT EXISTS {name}\n" in one))
        for name in ("events", "ledger")
    )
    assert re.findall(r"\w*replicated\w* = \d+", events) == [
        "replicated_deduplication_window_seconds = 604800",
        "replicated_deduplication_window = 10000",
    ]
    assert re.findall(r"\w*replicated\w* = \d+", ledger) == ["replicated_deduplication_window = 0"]
    assert all("fsync_after_insert = 1" in one for one in (events, ledger))


def test_a_materialized_view_reads_and_writes_what_its_node_has() -> None:
    select = "SELECT count() AS events FROM (SELECT 1 FROM events) WHERE name IN ('a', 'b') GROUP BY events"
    view = f"CREATE MATERIALIZED VIEW a TO hour_marks AS {select}"
    assert render(view) == [
        f"CREATE MATERIALIZED VIEW `headrace`.a{ON} TO `headrace`.hour_marks_local AS "
        "SELECT count() AS events FROM (SELECT 1 FROM `headrace`.events_local) WHERE name IN ('a', 'b') GROUP BY events"
    ]


def test_a_view_reads_all_nodes_and_names_the_database() -> None:
    view = "CREATE OR REPLACE VIEW sessions AS SELECT count() AS events FROM events FINAL JOIN made USING (events)"
    assert render(view) == [
        f"CREATE OR REPLACE VIEW `headrace`.sessions{ON} AS "
        "SELECT count() AS events FROM `headrace`.events FINAL JOIN made USING (events)"
    ]


def test_columns_are_changed_in_both_tables_and_indexes_where_the_rows_are() -> None:
    assert render("ALTER TABLE ledger ADD COLUMN a UInt8 DEFAULT if(1, 2, 3), DROP COLUMN b") == [
        f"ALTER TABLE `headrace`.ledger_local{ON} ADD COLUMN a UInt8 DEFAULT if(1, 2, 3), DROP COLUMN b",
        f"ALTER TABLE `headrace`.ledger{ON} ADD COLUMN a UInt8 DEFAULT if(1, 2, 3), DROP COLUMN b",
    ]
    assert render("ALTER TABLE events ADD INDEX by_id event_id TYPE bloom_filter") == [
        f"ALTER TABLE `headrace`.events_local{ON} ADD INDEX by_id event_id TYPE bloom_filter"
    ]
    assert render("ALTER TABLE events MODIFY SETTING merge_selector_base = 30") == [
        f"ALTER TABLE `headrace`.events_local{ON} MODIFY SETTING merge_selector_base = 30"
    ]
    assert render("ALTER TABLE events_probe ADD COLUMN a UInt8") == [
        f"ALTER TABLE `headrace`.events_probe{ON} ADD COLUMN a UInt8"
    ]


def test_the_table_beside_moves_into_the_rows_of_its_node() -> None:
    assert [one for order in ORDERS[:3] for one in render(order)] == [
        f"CREATE TABLE `headrace`.events_again_3_local{ON} AS `headrace`.events_local",
        f"CREATE TABLE `headrace`.events_again_3{ON} AS `headrace`.events_again_3_local ENGINE = Distributed("
        "`main`, `headrace`, `events_again_3_local`, cityHash64(project, event_id))",
        f"ALTER TABLE `headrace`.events_again_3_local{ON} MOVE PARTITION ID '202611' TO TABLE `headrace`.events_local",
        f"DROP TABLE IF EXISTS `headrace`.events_again_3{ON} SYNC",
        f"DROP TABLE IF EXISTS `headrace`.events_again_3_local{ON} SYNC",
    ]


def test_what_is_looked_up_by_rewrites_is_whole_on_every_node() -> None:
    assert render(ORDERS[3]) == [
        f"CREATE TABLE `headrace`.erasing_ab{ON} (kind LowCardinality(String), value String) "
        "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{uuid}', '{shard}_{replica}') ORDER BY tuple()"
    ]
    assert render(ORDERS[4]) == [f"DROP TABLE IF EXISTS `headrace`.erasing_ab{ON} SYNC"]


def test_rows_are_deleted_where_they_are() -> None:
    assert [one for order in ORDERS[5:8] for one in render(order)] == [
        f"ALTER TABLE `headrace`.events_local{ON} DELETE WHERE project = 'a, b' "
        "AND event_id IN (SELECT value FROM erasing_ab)",
        f"ALTER TABLE `headrace`.events_local{ON} APPLY DELETED MASK",
        f"DELETE FROM `headrace`.sightings_local{ON} WHERE project = {{project:String}} "
        "AND user_id NOT IN (SELECT user_id FROM sightings)",
    ]


@pytest.mark.parametrize(
    "same", ["SELECT 1 FROM events", "INSERT INTO events SELECT 1", "EXISTS TABLE events", "SHOW TABLES"]
)
def test_what_reads_or_inserts_stays_as_it_is(same: str) -> None:
    assert render(same) == [same]


@pytest.mark.parametrize(
    "strange",
    [
        *(
            "OPTIMIZE TABLE events FINAL",
            "TRUNCATE TABLE events",
            "RENAME TABLE events TO other",
            "GRANT ALL ON *.* TO a",
        ),
        *("CREATE TABLE visits (a UInt8) ENGINE = MergeTree ORDER BY a", "ALTER TABLE visits ADD COLUMN a UInt8"),
        *("CREATE TABLE ledger (a UInt8) ENGINE = SummingMergeTree ORDER BY a", "DELETE FROM events_probe WHERE 1"),
        *(
            "CREATE TABLE ledger (a UInt8) ENGINE = Log",
            "CREATE TABLE ledger (a UInt8)",
            "DROP DICTIONARY a",
            "SET a = 1",
        ),
        "CREATE TABLE ledger (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 1",
        "CREATE TABLE erasing_a (a UInt8) ENGINE = Memory SETTINGS max_rows_to_keep = 1",
        *(
            "ALTER TABLE events MODIFY SETTING merge_with_ttl_timeout = 1",
            "ALTER TABLE other.events ADD COLUMN a UInt8",
        ),
        *("ALTER TABLE events ADD COLUMN a UInt8, ADD INDEX b a TYPE minmax", "ALTER TABLE events FREEZE"),
        *("CREATE MATERIALIZED VIEW a TO ledger AS SELECT 1 FROM events JOIN ledger USING (a)", "CREATE WINDOW VIEW a"),
        "CREATE MATERIALIZED VIEW a TO ledger AS SELECT 1 FROM events WHERE a IN (SELECT a FROM ledger)",
        *("CREATE MATERIALIZED VIEW a TO elsewhere AS SELECT 1 FROM events", "CREATE TABLE ledger ' (a UInt8)"),
        "CREATE MATERIALIZED VIEW a ENGINE = Memory AS SELECT 1 FROM events",
    ],
)
def test_what_nobody_has_decided_about_is_refused(strange: str) -> None:
    with pytest.raises(Unknown):
        render(strange)


def test_every_statement_reaches_all_nodes_or_reads_or_inserts() -> None:
    assert [one for one in EVERY if ON not in one and not re.match(r"(--.*\n)*INSERT INTO \w+ ", one)] == []


def test_a_maintained_parser_reads_what_it_understands_as_it_is_meant() -> None:
    """Indexes and settings it does not know, and leaves whole: those are the engine's, below."""
    made = {}
    for text in (one for one in EVERY if one.startswith("CREATE TABLE")):
        tree = sqlglot.parse_one(text.partition("SETTINGS")[0], dialect="clickhouse")
        name = tree.find(exp.Table)
        assert isinstance(tree, exp.Create)
        assert name is not None
        made[name.name] = tree.find(exp.OnCluster) is not None
    assert made.keys() >= {*cluster.SHARDED.keys() - {"schema_migrations"}, *map(cluster.local, ("events", "ledger"))}
    assert set(made.values()) == {True}


@pytest.mark.stack
async def test_the_engine_s_own_parser_takes_every_statement(warehouse: AsyncClient) -> None:
    plain = [re.sub(r"\{\w+:[^}]+\}", "''", one) for one in EVERY]
    for one in plain:
        text = await warehouse.command("SELECT formatQuery({text:String})", parameters={"text": one})
        assert str(text).replace("\\'", "'")


@pytest.mark.stack
def test_the_engine_makes_every_table_each_with_a_place_of_its_own_in_keeper(tmp_path: Path) -> None:
    """With a Keeper in memory. The queue of ON CLUSTER gives every node the same UUID, as here."""
    made = [one for one in EVERY if one.startswith(("CREATE", "ALTER TABLE `headrace`.events_probe"))]
    asked = "SELECT table, zookeeper_path FROM system.replicas ORDER BY table"
    engines = "SELECT name, engine FROM system.tables WHERE database = 'headrace' AND engine LIKE '%MergeTree'"
    *answers, replicas, tables = ask(tmp_path, [*map(as_the_queue_does, made), asked, engines])
    assert {made[at]: one for at, one in enumerate(answers) if "error" in one} == {}
    assert len({path for _, path in replicas}) == len(replicas) == len(cluster.SHARDED) - 1 + len(["again", "erasing"])
    assert {engine.startswith("Replicated") for _, engine in tables} == {True}
    assert {table: path.rpartition("/")[2] for table, path in replicas if table.startswith("events_")} == {
        "events_local": "01",
        "events_again_3_local": "01",
    }


def as_the_queue_does(statement: str) -> str:
    """A statement as one node carries it out."""
    there = f" UUID '{uuid.uuid4()}'" if statement.startswith("CREATE TABLE") else ""
    text = statement.replace(ON, there)
    return "SELECT 1" if statement.startswith("CREATE DATABASE") else text


def ask(folder: Path, statements: Sequence[str]) -> Any:
    command = (sys.executable, "-m", "tests.workers.keeper_process", str(folder))
    done = subprocess.run(
        command, input=json.dumps(statements), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
