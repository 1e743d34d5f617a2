"""`headrace project`, on a real Valkey."""

import pytest

from ingest_api.access import Directory
from ingest_api.projects.keys import Kind
from ingest_api.stream import connect
from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack


async def test_a_project_and_its_key_open_the_front_door(operator: Headrace, redis_url: str, shop: str) -> None:
    made = await operator("project", "create", shop, "--site", f"{shop}-web", "--site", f"{shop}-app", "--json")
    assert made.document["site_ids"] == [f"{shop}-web", f"{shop}-app"]
    token = (await operator("key", "create", shop, "--kind", "write", "--label", "servers")).out.strip()
    redis = connect(redis_url)
    access = await Directory(redis).find(token)
    await redis.aclose()
    assert access is not None
    assert access.project is not None
    assert (access.project.id, access.kinds) == (shop, frozenset({Kind.WRITE}))


async def test_projects_are_listed(operator: Headrace, shop: str) -> None:
    await operator("project", "create", shop, "--site", f"{shop}-web")
    ended = await operator("project", "list")
    assert any(row.split()[:2] == [shop, f"{shop}-web"] for row in ended.out.splitlines())
    ended = await operator("project", "list", "--json")
    assert shop in [project["id"] for project in ended.document["projects"]]


async def test_a_setting_that_is_named_is_changed_and_the_others_stay(operator: Headrace, shop: str) -> None:
    await operator("project", "create", shop)
    origins = ("--origin", "https://Shop.example", "--origin", "https://*.shop.example")
    first = await operator("project", "set", shop, "--public-writes", "--public-rate", "600", *origins, "--json")
    assert first.document["public_writes"] is True
    assert first.document["origins"] == ["https://shop.example", "https://*.shop.example"]
    second = await operator(
        *("project", "set", shop, "--no-public-writes", "--past-days", "30", "--retention-days", "365"),
        *("--ip", "truncate", "--any-origin", "--json"),
    )
    assert (second.code, second.document["public_writes"], second.document["origins"]) == (0, False, [])
    assert [second.document[name] for name in ("public_rate", "past_days", "retention_days", "ip")] == [
        *(600, 30, 365, "truncate")
    ]


async def test_what_is_kept_of_visitors_is_a_setting(operator: Headrace, shop: str) -> None:
    await operator("project", "create", shop)
    lists = ("--hash-property", "email", "--hash-property", "customer.email", "--drop-property", "card")
    first = await operator("project", "set", shop, "--no-cookieless", "--do-not-track", *lists, "--json")
    names = ("cookieless", "do_not_track", "hash_properties", "drop_properties")
    assert [first.document[name] for name in names] == [False, True, ["email", "customer.email"], ["card"]]
    second = await operator("project", "set", shop, "--cookieless", "--hash-nothing", "--drop-nothing", "--json")
    assert [second.document[name] for name in names] == [True, True, [], []]
    assert (await operator("project", "set", shop, "--drop-property", "a..b")).code == 2


async def test_a_setting_that_cannot_be_is_wrong_usage_and_changes_nothing(operator: Headrace, shop: str) -> None:
    made = await operator("project", "create", shop, "--json")
    for wrong in (("--origin", "shop.example"), ("--public-rate", "-1"), ("--ip", "all"), ("--past-days", "x"), ()):
        ended = await operator("project", "set", shop, *wrong)
        assert (ended.code, ended.out) == (2, ""), wrong
    listed = await operator("project", "list", "--json")
    assert [one for one in listed.document["projects"] if one["id"] == shop] == [made.document]


async def test_settings_of_a_project_that_there_is_not_end_with_one(operator: Headrace, shop: str) -> None:
    ended = await operator("project", "set", shop, "--past-days", "1")
    assert ended.code == 1
    assert f"There is no project '{shop}'" in ended.err
