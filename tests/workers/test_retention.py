"""Old events go, on the real engine: of the project that asked for it, and of no other."""

import uuid
from pathlib import Path

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.moment import now_ms
from ingest_api.projects.projects import Projects, Settings
from ingest_api.stream import Redis
from tests.workers.entries import entry, event
from workers import pipeline, retention
from workers.archives.archive import Archive
from workers.batch import decode
from workers.reference import Reference

pytestmark = pytest.mark.stack

DAY = 86_400_000


async def store(warehouse: AsyncClient, project: str, *ages_in_days: float) -> None:
    """An event and a rejected one of each age."""
    times = [now_ms() - int(age * DAY) for age in ages_in_days]
    events = [[uuid.uuid4(), project, "e", time, "{}"] for time in times]
    await warehouse.insert("events", events, column_names=["event_id", "project", "name", "occurred_at", "properties"])
    rejected = [[project, time, number] for number, time in enumerate(times)]
    await warehouse.insert("rejected_events", rejected, column_names=["project", "appended_at", "_index"])


async def left(warehouse: AsyncClient, table: str = "events") -> dict[str, int]:
    """Project -> rows."""
    found = await warehouse.query(f"SELECT project, count() FROM {table} GROUP BY project")
    return {str(project): int(count) for project, count in found.result_rows}


async def test_what_is_older_than_its_project_keeps_is_deleted_and_nothing_else(
    redis: Redis, warehouse: AsyncClient, clickhouse_url: str
) -> None:
    projects = Projects(redis)
    for name, days in (("short", 1), ("its-long", 30), ("young", 1), ("forever", 0)):
        await projects.create(name, (), Settings(retention_days=days))
    await store(warehouse, "short", 0, 0.9, 1.1, 400)
    await store(warehouse, "its-long", 0, 2, 29, 31)
    await store(warehouse, "young", 0)
    await store(warehouse, "forever", 0, 5000)
    assert await retention.clean(redis, clickhouse_url, now_ms()) == 2
    for table in ("events", "rejected_events"):
        assert await left(warehouse, table) == {"short": 2, "its-long": 3, "young": 1, "forever": 2}
    assert await retention.clean(redis, clickhouse_url, now_ms()) == 0


async def test_who_was_not_seen_since_is_forgotten_and_who_was_keeps_traits_and_links(
    redis: Redis, warehouse: AsyncClient, clickhouse_url: str
) -> None:
    await Projects(redis).create("short", (), Settings(retention_days=1))
    columns = ["event_id", "project", "name", "kind", "occurred_at", "user_id", "client_id", "properties"]
    told = [("gone", "c_1", 3), ("stays", "c_2", 3), ("stays", "", 0)]
    rows = [
        [uuid.uuid4(), "short", "identify", "identify", now_ms() - age * DAY, user, client, '{"plan":"pro"}']
        for user, client, age in told
    ]
    for row in rows:
        await warehouse.insert("events", [row], column_names=columns)
    assert await retention.clean(redis, clickhouse_url, now_ms()) == 1
    for table, column in (("sightings", "user_id"), ("user_traits", "user_id"), ("identity_claims", "client_id")):
        found = (await warehouse.query(f"SELECT DISTINCT {column} FROM {table} WHERE project = 'short'")).result_rows
        assert found == [("c_2" if column == "client_id" else "stays",)], table


async def test_without_a_retention_nothing_is_asked_of_clickhouse(redis: Redis) -> None:
    await Projects(redis).create("forever")
    assert await retention.clean(redis, "http://default@127.0.0.1:1/", now_ms()) == 0


async def archived(archive: Archive) -> list[tuple[str, int]]:
    """Project and day, counted back from now, of every line."""
    found = []
    async for one in archive.objects(0, now_ms() + DAY):
        events = (await archive.read(one)).events
        found += [(event.project, round((now_ms() - one.first_ms) / DAY)) for event in events]
    return sorted(found)


async def test_the_archive_keeps_no_longer_what_a_project_does_not_keep(redis: Redis, tmp_path: Path) -> None:
    await Projects(redis).create("short", (), Settings(retention_days=2))
    await Projects(redis).create("forever")
    archive, where = Archive(str(tmp_path), "one", 10), str(tmp_path)
    for days in (1, 2, 4, 9):
        ms = now_ms() - days * DAY
        events = [event(number, project=project) for number, project in enumerate(("short", "forever"))]
        await archive.put(pipeline.run(decode(0, [entry(f"{ms}-0", events)]), Reference()))
    assert await retention.clean_archive(redis, "", now_ms()) == 0
    assert await retention.clean_archive(redis, where, now_ms()) == 2
    kept = [("forever", days) for days in (1, 2, 4, 9)]
    assert await archived(archive) == [*kept, ("short", 1), ("short", 2)]
    assert await retention.clean_archive(redis, where, now_ms()) == 0
    assert await retention.clean_archive(redis, where, now_ms() + DAY) == 1
    assert await archived(archive) == [*kept, ("short", 1)]


async def test_a_damaged_object_keeps_retention_from_nothing(redis: Redis, tmp_path: Path) -> None:
    await Projects(redis).create("short", (), Settings(retention_days=1))
    archive = Archive(str(tmp_path), "one", 10)
    for ms in (now_ms() - 9 * DAY, now_ms() - 8 * DAY):
        await archive.put(pipeline.run(decode(0, [entry(f"{ms}-0", [event(1, project="short")])]), Reference()))
    first, _ = [one async for one in archive.objects(0, now_ms())]
    (tmp_path / first.path).write_bytes(b"cut")
    assert await retention.clean_archive(redis, str(tmp_path), now_ms()) == 1
    assert [one async for one in archive.objects(0, now_ms())] == [first]
