"""`headrace key`, on a real Valkey."""

import pytest

from ingest_api.access import Directory
from ingest_api.projects import keys
from ingest_api.stream import Redis
from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack


async def test_a_token_is_shown_once_and_its_digest_never(operator: Headrace, shop: str) -> None:
    await operator("project", "create", shop)
    made = await operator("key", "create", shop, "--kind", "query", "--expires", "90d", "--json")
    token = made.document["token"]
    listed = await operator("key", "list", shop, "--json")
    assert keys.key_id(token) == made.document["id"]
    assert [key["id"] for key in listed.document["keys"]] == [made.document["id"]]
    assert listed.document["keys"][0]["state"].startswith("active until ")
    assert token not in listed.out
    assert "digest" not in made.out + listed.out


async def test_a_revoked_key_is_shown_as_such(operator: Headrace, shop: str) -> None:
    await operator("project", "create", shop)
    made = await operator("key", "create", shop, "--kind", "write", "--json")
    ended = await operator("key", "revoke", made.document["id"])
    assert (ended.code, ended.out) == (0, f"Key {made.document['id']} is revoked.\n")
    listed = await operator("key", "list")
    assert any(made.document["id"] in row and "revoked" in row for row in listed.out.splitlines())


async def test_an_admin_key_belongs_to_no_project(operator: Headrace, shop: str) -> None:
    refused = await operator("key", "create", shop, "--kind", "admin")
    made = await operator("key", "create", "--kind", "admin", "--json")
    assert (refused.code, made.code, made.document["project"]) == (2, 0, "")


async def test_a_key_has_the_rate_that_it_was_given(operator: Headrace, redis: Redis, shop: str) -> None:
    await operator("project", "create", shop)
    made = await operator("key", "create", shop, "--kind", "write", "--rate", "600", "--json")
    access = await Directory(redis).find(made.document["token"])
    assert access is not None
    assert access.rate == made.document["rate"] == 600
    refused = await operator("key", "create", shop, "--kind", "write", "--rate", "-1")
    assert (refused.code, refused.out) == (2, "")
    assert "rate: " in refused.err


async def test_a_rotated_key_leaves_the_old_one_open_for_a_day(operator: Headrace, redis: Redis, shop: str) -> None:
    await operator("project", "create", shop)
    old = (await operator("key", "create", shop, "--kind", "query", "--label", "pages", "--json")).document
    new = (await operator("key", "rotate", old["id"], "--json")).document
    assert (new["kind"], new["label"], new["project"], new["state"]) == ("query", "pages", shop, "active")
    listed = {key["id"]: key for key in (await operator("key", "list", shop, "--json")).document["keys"]}
    assert abs(listed[old["id"]]["expires_at"] - new["created_at"] - 86_400_000) < 1000
    directory = Directory(redis)
    assert await directory.find(old["token"]) is not None
    assert await directory.find(new["token"]) is not None


async def test_a_key_that_is_rotated_without_overlap_is_closed_at_once(
    operator: Headrace, redis: Redis, shop: str
) -> None:
    await operator("project", "create", shop)
    old = (await operator("key", "create", shop, "--kind", "write", "--json")).document
    ended = await operator("key", "rotate", old["id"], "--overlap", "0", "--expires", "90d")
    assert ended.code == 0
    assert f"The old key {old['id']} is closed." in ended.err
    directory = Directory(redis)
    assert await directory.find(old["token"]) is None
    assert await directory.find(ended.out.strip()) is not None
    again = await operator("key", "rotate", old["id"])
    assert (again.code, again.out) == (1, "")
    assert "expired and stays so" in again.err
