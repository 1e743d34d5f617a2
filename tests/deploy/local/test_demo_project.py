"""The demo project, in a real Redis."""

import pytest

from deploy.local import demo_project, stack
from deploy.local.home import Home
from ingest_api.access import Directory
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack


async def test_each_key_opens_the_demo_project_for_its_kind(redis: Redis) -> None:
    keys = await demo_project.ensure(redis, {})
    directory = Directory(redis)
    for kind in (Kind.WRITE, Kind.QUERY, Kind.DELETE):
        access = await directory.find(keys[demo_project.variable(kind)])
        assert access
        assert access.project
        assert (access.project.id, access.kinds) == ("demo", frozenset({kind}))
    admin = await directory.find(keys["HEADRACE_ADMIN_KEY"])
    assert admin
    assert (admin.project, admin.kinds) == (None, frozenset({Kind.ADMIN}))


async def test_both_site_ids_belong_to_it_and_are_open_to_all(redis: Redis) -> None:
    await demo_project.ensure(redis, {})
    for site_id in ("demo", "site_abc123"):
        project = await Projects(redis).site_project(site_id)
        assert project
        assert project.id == "demo"
        assert project.public_writes


async def test_the_documents_tokens_write_and_ask_where_demo_keys_are_accepted(redis: Redis) -> None:
    await demo_project.ensure(redis, {})
    for token in ("test_123", "YOUR_API_KEY"):
        access = await Directory(redis, demo_keys=True).find(token)
        assert access
        assert access.kinds == {Kind.WRITE, Kind.QUERY}
        assert await Directory(redis).find(token) is None


async def test_keys_that_still_open_the_project_are_kept_and_others_replaced(redis: Redis) -> None:
    first = await demo_project.ensure(redis, {})
    assert await demo_project.ensure(redis, first) == first
    access = await Directory(redis).find(first["HEADRACE_QUERY_KEY"])
    assert access
    await Projects(redis).revoke_key(access.key_id)
    second = await demo_project.ensure(redis, first)
    changed = [name for name in first if second[name] != first[name]]
    assert changed == ["HEADRACE_QUERY_KEY"]


async def test_a_key_in_the_place_of_another_kind_is_replaced(redis: Redis) -> None:
    first = await demo_project.ensure(redis, {})
    swapped = {**first, "HEADRACE_WRITE_KEY": first["HEADRACE_ADMIN_KEY"]}
    assert (await demo_project.ensure(redis, swapped))["HEADRACE_WRITE_KEY"].startswith("hr_write_")


async def test_the_environment_has_every_promised_variable(home: Home) -> None:
    ports = {"redis": 1, "clickhouse": 2, "ingest_api": 3, "queries": 4, "origin": 5, "psql": 6}
    at = stack.urls(ports, home.secrets())
    keys = {demo_project.variable(kind): f"{kind}-key" for kind in demo_project.KINDS}
    made = demo_project.environment(at, keys)
    assert made["HEADRACE_PSQL_URL"] == "postgresql://demo:query-key@127.0.0.1:6/events"
    assert set(made) == {
        "HEADRACE_URL",
        "HEADRACE_INGEST_URL",
        "HEADRACE_QUERY_URL",
        "HEADRACE_PSQL_URL",
        "HEADRACE_WRITE_KEY",
        "HEADRACE_QUERY_KEY",
        "HEADRACE_DELETE_KEY",
        "HEADRACE_ADMIN_KEY",
        "HEADRACE_SITE_ID",
        "HEADRACE_CLICKHOUSE_URL",
        "HEADRACE_REDIS_URL",
    }
