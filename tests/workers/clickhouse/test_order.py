"""Orders on a cluster of one node: the jobs as they are, on Distributed tables of the real engine."""

import secrets
from collections.abc import AsyncIterator, Iterator

import clickhouse_connect
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.moment import now_ms
from ingest_api.projects import tombstones
from ingest_api.projects.projects import Projects, Settings
from ingest_api.stream import Redis
from queries.sandbox import limits
from queries.sql import Statement
from queries.store import Store
from tests import clustered
from tests.workers.entries import entry, event
from workers import migrate, pipeline, proof, retention, row
from workers.attach import attach
from workers.batch import Batch, decode
from workers.clickhouse.address import address
from workers.clickhouse.cluster import Cluster, Unknown, local
from workers.clickhouse.order import cluster, level, order
from workers.erasing.erase_rows import Rows
from workers.reference import Reference
from workers.rollups import numbers, upkeep
from workers.rollups.rollup import Building
from workers.sink import Sink

pytestmark = pytest.mark.stack

SECRET = b"s" * 32
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node of a cluster with the schema applied."""
    with clustered.local_cluster(tmp_path_factory.mktemp("cluster")) as found:
        client = migrate.connect(found)
        assert migrate.apply(client)
        client.close()
        yield found


@pytest.fixture
async def node(url: str) -> AsyncIterator[AsyncClient]:
    """A client on empty tables."""
    client = await clickhouse_connect.get_async_client(**address(url), autogenerate_session_id=False)
    for table in ("events", "rejected_events", "hour_marks", "sightings", "identity_claims", "rollup_hours"):
        await client.command(f"TRUNCATE TABLE {local(table)}")
    yield client
    await client.close()


@pytest.fixture
async def sink(url: str, node: AsyncClient) -> AsyncIterator[Sink]:
    made = Sink(url, secrets.token_hex(8), 60)
    yield made
    await made.close()


async def alive() -> None:
    """Nobody else works here."""


async def one(node: AsyncClient, asked: str) -> int:
    return int((await node.query(asked)).result_rows[0][0])


def batch(*numbers: int, at: int = 1_795_000_000_000, **fields: object) -> Batch:
    events = [event(number, occurred_at=at + number, user_id=f"u{number}", **fields) for number in numbers]
    return pipeline.run(decode(3, [entry("1000-0", events)]), Reference())


async def test_a_client_knows_its_cluster_and_one_server_has_none(
    node: AsyncClient, clickhouse_url: str, url: str
) -> None:
    assert cluster(node) == Cluster("main", "headrace")
    alone = await clickhouse_connect.get_async_client(**address(clickhouse_url), autogenerate_session_id=False)
    assert cluster(alone) is None
    await level(alone, "there is no such table")
    await order(alone, "CREATE TABLE plain (a UInt8) ENGINE = Memory")
    await order(alone, "DROP TABLE plain")
    await alone.close()
    with pytest.raises(Unknown):
        await order(node, "OPTIMIZE TABLE events")


def test_a_schema_that_is_there_is_not_made_again_and_one_of_one_server_is_no_cluster_s(url: str) -> None:
    client = migrate.connect(url)
    assert (migrate.apply(client), migrate.pending(client)) == ([], [])
    client.close()
    alone = url.replace("database=headrace", "database=alone").removesuffix("&cluster=main")
    client = migrate.connect(alone)
    migrate.apply(client)
    client.close()
    client = migrate.connect(f"{alone}&cluster=main")
    with pytest.raises(migrate.MigrationError, match="was made for one server, not for the cluster main"):
        migrate.apply(client)
    client.close()


async def test_a_batch_that_comes_again_with_its_token_changes_nothing_also_not_in_views(
    sink: Sink, node: AsyncClient
) -> None:
    for _ in range(3):
        await sink.insert(batch(*range(100)), "a")
    asked = (
        "SELECT (SELECT count() FROM events), (SELECT sum(rows) FROM hour_marks), (SELECT uniq(user_id) FROM sightings)"
    )
    assert (await node.query(asked)).result_rows == [(100, 100, 100)]
    await sink.insert(batch(*range(50, 150)), "b")
    assert [await one(node, f"SELECT count() FROM events {how}") for how in ("", "FINAL")] == [200, 150]


async def test_rows_come_past_the_views(sink: Sink, node: AsyncClient, url: str) -> None:
    for month in range(2):  # two partitions
        rows = row.columns(batch(1, 2, at=1_795_000_000_000 - month * 40 * 24 * HOUR_MS))
        await attach(sink, "events", row.COLUMNS, rows, shard=3, url=url, timeout=60)
    assert await one(node, "SELECT count() FROM events") == 4
    assert await one(node, "SELECT count() FROM hour_marks") == 0
    assert await one(node, "SELECT count() FROM system.tables WHERE name LIKE '%_again_%'") == 0


async def test_what_is_not_there_is_brought_and_seen_by_views_that_may_see_it_again(
    sink: Sink, node: AsyncClient, url: str
) -> None:
    some = batch(*range(10))
    await sink.insert(some, "a")
    for table in ("events", "sightings"):
        await order(node, f"ALTER TABLE {table} DELETE WHERE 1")
    await proof.see(sink, some, row.columns(some), url=url, timeout=60)
    assert await one(node, "SELECT count() FROM events") == 10
    assert await one(node, "SELECT uniq(user_id) FROM sightings") == 10


async def test_what_is_too_old_is_deleted(redis: Redis, sink: Sink, node: AsyncClient, url: str) -> None:
    await Projects(redis).create("demo", (), Settings(retention_days=1))
    now = now_ms()
    await sink.insert(batch(1, 2, at=now - 72 * HOUR_MS), "a")
    await sink.insert(batch(3, at=now - HOUR_MS), "b")
    assert await retention.clean(redis, url, now) == 1
    assert await one(node, "SELECT count() FROM events") == 1
    assert (await node.query("SELECT DISTINCT user_id FROM sightings")).result_rows == [("u3",)]
    assert await retention.clean(redis, url, now) == 0


async def test_who_is_erased_is_gone_from_every_table_and_its_parts(sink: Sink, node: AsyncClient) -> None:
    await sink.insert(batch(1, 2, 3, kind="identify", client_id="c"), "a")
    await node.command("DELETE FROM events_local WHERE user_id = 'u3'")  # hidden, and on the disk
    rows = Rows(node, tombstones.stone(SECRET, "demo", now_ms(), users=["u1"]), SECRET, alive, unreadable=False)
    await rows.find()
    assert (await rows.count())["events"] == 1
    assert await rows.delete()
    assert set((await rows.count()).values()) == {0}
    assert await rows.old_parts(int(now_ms() / 1000) + 3600) > 0, "parts of the nodes' own tables"
    await rows.let_go()
    users = [await node.query(f"SELECT DISTINCT user_id FROM {table} ORDER BY 1") for table in ("events", "sightings")]
    assert [found.result_rows for found in users] == [[("u2",)], [("u2",), ("u3",)]]
    asked = "SELECT user_id FROM events_local SETTINGS apply_deleted_mask = 0"
    assert (await node.query(asked)).result_rows == [("u2",)]
    assert await one(node, "SELECT count() FROM system.tables WHERE name LIKE 'erasing%'") == 0


async def test_hours_are_rolled_up_and_go_again(redis: Redis, sink: Sink, node: AsyncClient) -> None:
    at = now_ms() - 48 * HOUR_MS
    await sink.insert(batch(*range(20), at=at), "a")
    building = Building(node, redis, 0, settle=0)
    assert await building.run(20) >= 1
    asked = "SELECT sum(events), groupBitmapMerge(visitors) FROM rollup_hours WHERE dimension = ''"
    assert (await node.query(asked)).result_rows == [(20, 20)]
    assert await numbers.give(node, {"hours": [], "first": 0, "last": 0, "projects": ["demo"]}) == 0
    assert await upkeep.forget(node, "demo", now_ms())
    assert await one(node, "SELECT count() FROM rollup_hours") == 0


async def test_the_belt_of_analysts_sql_holds_on_distributed_tables(sink: Sink, url: str) -> None:
    await sink.insert(batch(1, 2), "a")
    await sink.insert(batch(3, project="other"), "b")
    store = Store(url, 10)
    found = {}
    for project in ("demo", "other"):
        known = "countIf(user_id IN (SELECT user_id FROM sightings))"
        asked = f"SELECT count(), {known} FROM events AS a JOIN events AS b USING (event_id)"
        found[project] = [tuple(one) for one in await store.rows(Statement(asked, {}), limits.settings(project))]
    await store.close()
    assert found == {"demo": [(2, 2)], "other": [(1, 1)]}
