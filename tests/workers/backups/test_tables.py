"""Every table of the schema is kept, made again or empty by decision; frozen ones stay as they were."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import DatabaseError

from ingest_api.stream import Redis
from tests.workers.entries import event
from tests.workers.history import History
from tests.workers.second import Second, second
from workers.backups.backup import Backup
from workers.backups.restore import Restore
from workers.backups.tables import EMPTY, FIRST, MADE, THEN, Tables
from workers.backups.vault import Damaged, Vault, pack
from workers.erasing.erase import Places

pytestmark = pytest.mark.stack

ODD = b'{"price":1.0,"day":"2026-01-01","list":[1,"a",null],"deep":{"er":{"x":18446744073709551615}},"no":null}'


@pytest.fixture
async def there(redis_url: str, clickhouse_url: str) -> AsyncIterator[Second]:
    """A second installation, empty."""
    async with second(redis_url, clickhouse_url) as one:
        yield one


async def test_each_table_of_the_schema_is_of_one_sort(warehouse: AsyncClient) -> None:
    asked = "SELECT name FROM system.tables WHERE database = currentDatabase() AND NOT engine LIKE '%View'"
    found = [name for (name,) in (await warehouse.query(asked)).result_rows if "_again_" not in name]
    assert sorted(found) == sorted(name for name in (*FIRST, *THEN, *MADE, *EMPTY) if name != "schema_lock")
    assert len({*FIRST, *THEN, *MADE, *EMPTY}) == len((*FIRST, *THEN, *MADE, *EMPTY))


async def test_a_cluster_is_not_frozen_and_told_who_can(redis: Redis, tmp_path: Path) -> None:
    url = "http://default@127.0.0.1:1/?database=events&cluster=main"
    vault = Vault(str(tmp_path))
    for run in (Backup(redis, url, vault, print), Restore(redis, Places(url, ""), vault, print)):
        with pytest.raises(ValueError, match="BACKUP DATABASE events ON CLUSTER main"):
            await run.run()


async def test_what_is_frozen_stays_as_it_was_and_is_loaded_to_the_digit(history: History, there: Second) -> None:
    await history.append(0, "1795000000000-0", [event(i, properties=ODD, user_id=f"u{i}") for i in range(30)])
    await history.drain()
    rows, tables = await history.rows(), Tables(history.warehouse)
    assert await tables.freeze(["events", "sightings", "no_such_table"]) == {
        "events": 30,
        "sightings": await tables.count("sightings"),
    }
    await history.warehouse.command("TRUNCATE TABLE events")
    files = [data async for _, data in tables.export("events")]
    await tables.thaw()
    assert [name for name in await tables.there() if name.endswith("_frozen")] == []
    loading = Tables(there.warehouse)
    (record,) = (await history.warehouse.query("SHOW CREATE TABLE events")).result_rows
    await there.warehouse.command(str(record[0]).replace("headrace.events", "second.events"))

    async def packed() -> AsyncIterator[bytes]:
        for data in files:
            yield pack(data)

    with pytest.raises(Damaged, match="events would have 30 rows, and had 31"):
        await loading.load("events", packed(), 31)
    assert await loading.count("events") == 0
    for _ in range(2):
        await loading.load("events", packed(), 30)
    asked = "SELECT formatRowNoNewline('JSONEachRow', *) FROM events ORDER BY event_id, _shard, _stream_ms"
    assert [row[0] for row in (await there.warehouse.query(asked)).result_rows] == rows


async def test_rows_that_are_counted_are_not_merged_meanwhile(there: Second) -> None:
    tables = Tables(there.warehouse)
    await there.warehouse.command("CREATE TABLE mine (x UInt8) ENGINE = ReplacingMergeTree ORDER BY x")
    async with tables.unmerged(["mine"]):
        for _ in range(2):
            await there.warehouse.command("INSERT INTO mine VALUES (1)")
        with pytest.raises(DatabaseError, match="ABORTED"):
            await there.warehouse.command("OPTIMIZE TABLE mine FINAL")
        assert await tables.count("mine") == 2
    await there.warehouse.command("OPTIMIZE TABLE mine FINAL")
    assert await tables.count("mine") == 1


async def test_the_schema_is_taken_away_whole_and_nothing_else(clickhouse_url: str, there: Second) -> None:
    tables = Tables(there.warehouse)
    record = "CREATE TABLE schema_migrations (name String, checksum String) ENGINE = ReplacingMergeTree ORDER BY name"
    await tables.make(record, [])
    await there.warehouse.command("CREATE TABLE mine (x UInt8) ENGINE = MergeTree ORDER BY x")
    await tables.drop()
    assert await tables.there() == ["mine"]
