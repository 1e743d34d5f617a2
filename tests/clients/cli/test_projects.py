"""`headrace project` and `headrace key`, on a real Valkey."""

import secrets

import pytest

from clients.cli.errors import WrongUsage
from clients.cli.projects import expiry
from ingest_api import keys
from ingest_api.access import Directory
from ingest_api.keys import Kind
from ingest_api.stream import connect
from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack


@pytest.fixture
def operator(headrace: Headrace, redis_url: str) -> Headrace:
    """The command, knowing Redis."""
    headrace.env = {"HEADRACE_REDIS_URL": redis_url}
    return headrace


@pytest.fixture
def shop() -> str:
    """A project id that nobody has."""
    return f"shop-{secrets.token_hex(4)}"


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


async def test_projects_are_listed(operator: Headrace, shop: str) -> None:
    await operator("project", "create", shop, "--site", f"{shop}-web")
    ended = await operator("project", "list")
    assert any(row.split()[:2] == [shop, f"{shop}-web"] for row in ended.out.splitlines())
    ended = await operator("project", "list", "--json")
    assert shop in [project["id"] for project in ended.document["projects"]]


async def test_what_redis_does_not_hold_ends_with_one(operator: Headrace, shop: str) -> None:
    for arguments in (("key", "create", shop, "--kind", "write"), ("key", "list", shop), ("key", "revoke", "nope")):
        ended = await operator(*arguments)
        assert (ended.code, ended.out) == (1, "")
        assert "There is no" in ended.err


async def test_redis_away_ends_with_three_and_hides_the_password(headrace: Headrace) -> None:
    ended = await headrace("project", "list", HEADRACE_REDIS_URL="redis://:secret@127.0.0.1:1/0")
    assert ended.code == 3
    assert "redis://127.0.0.1:1/0 does not answer" in ended.err
    assert "secret" not in ended.err


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "redis://host:port/0"])
async def test_an_address_that_cannot_be_used_is_wrong_usage(headrace: Headrace, url: str) -> None:
    ended = await headrace("project", "list", HEADRACE_REDIS_URL=url)
    assert ended.code == 2
    assert "HEADRACE_REDIS_URL" in ended.err


async def test_an_address_of_http_does_not_lead_to_redis(operator: Headrace) -> None:
    ended = await operator("project", "list", "--url", "https://prod")
    assert ended.code == 2
    assert "set HEADRACE_REDIS_URL" in ended.err


def test_lifetimes_are_hours_days_or_weeks() -> None:
    assert [expiry(text, 1000) for text in (None, "12h", "90d", "4w")] == [0, 43_201_000, 7_776_001_000, 2_419_201_000]


@pytest.mark.parametrize("lifetime", ["90", "0d", "-1d", "1y", "d", "1.5h"])
def test_other_lifetimes_are_refused(lifetime: str) -> None:
    with pytest.raises(WrongUsage, match="12h, 90d or 4w"):
        expiry(lifetime, 0)
