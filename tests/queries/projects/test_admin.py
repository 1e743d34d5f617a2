"""Projects and keys over HTTP: what is made, changed and refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest_api.access import Directory
from ingest_api.projects import keys
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from tests.queries.conftest import Console, Tenant

pytestmark = pytest.mark.stack

SETTINGS = {
    "public_writes": True,
    "public_rate": 600,
    "origins": ["https://shop.example"],
    "past_days": 30,
    "retention_days": 365,
    "ip": "truncate",
    "cookieless": False,
    "hash_properties": ["email", "customer.email"],
    "drop_properties": ["card"],
    "do_not_track": True,
}


def fields(body: dict[str, Any]) -> list[str]:
    """What an error says is wrong."""
    return [detail["field"] for detail in body["details"]]


async def test_a_project_is_made_listed_shown_and_changed(console: Console) -> None:
    made = await console.done("POST", "", {"id": "shop", "site_ids": ["web"], **SETTINGS})
    assert {name: made[name] for name in SETTINGS} == SETTINGS
    assert abs(datetime.now(UTC) - datetime.fromisoformat(made["created_at"])) < timedelta(minutes=1)
    assert await console.done("GET", "") == {"projects": [made]}
    assert await console.done("GET", "/shop") == made
    changed = await console.done("PATCH", "/shop", {"origins": [], "ip": "drop"})
    assert changed == {**made, "origins": [], "ip": "drop"}
    assert await console.done("PATCH", "/shop", {}) == changed
    assert (await console("POST", "", {"id": "blog"})).status == 201


async def test_sites_come_and_go(console: Console) -> None:
    await console.done("POST", "", {"id": "shop"})
    await console.done("POST", "", {"id": "blog", "site_ids": ["news"]})
    assert (await console.done("POST", "/shop/sites", {"site_id": "web.app"}))["site_ids"] == ["web.app"]
    assert (await console("POST", "/shop/sites", {"site_id": "news"})).status == 409
    assert (await console.done("DELETE", "/shop/sites/web.app"))["site_ids"] == []
    assert (await console("DELETE", "/shop/sites/web.app")).status == 404
    assert (await console("DELETE", "/shop/sites/news")).status == 404


async def test_a_token_is_told_once_and_the_digest_never(console: Console, redis: Redis) -> None:
    await console.done("POST", "", {"id": "shop"})
    made = await console("POST", "/shop/keys", {"kind": "write", "label": "servers", "rate": 60})
    key = made.body["data"]
    token = key.pop("token")
    assert (made.status, key["state"], key["rate"], key["expires_at"]) == (201, "active", 60, None)
    access = await Directory(redis).find(token)
    assert access is not None
    assert (access.kinds, access.rate, access.key_id) == (frozenset({Kind.WRITE}), 60, key["id"])
    listed = await console("GET", "/shop/keys")
    assert listed.body["data"] == {"keys": [key]}
    for answer in (made, listed):
        assert b"digest" not in answer.raw
        assert keys.digest(token).encode() not in answer.raw
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_key_is_changed_and_revoked_for_good(console: Console) -> None:
    await console.done("POST", "", {"id": "shop"})
    key = await console.done("POST", "/shop/keys", {"kind": "query", "expires_at": "2099-01-01T00:00:00+02:00"})
    assert key["expires_at"] == "2098-12-31T22:00:00Z"
    path = f"/shop/keys/{key['id']}"
    changed = await console.done("PATCH", path, {"label": "pages", "rate": 5})
    assert (changed["label"], changed["rate"], changed["expires_at"]) == ("pages", 5, "2098-12-31T22:00:00Z")
    assert (await console.done("PATCH", path, {"expires_at": None}))["expires_at"] is None
    revoked = await console.done("DELETE", path)
    assert (revoked["state"], await console.done("DELETE", path)) == ("revoked", revoked)
    for method, place in (("PATCH", path), ("POST", f"{path}/rotate")):
        answer = await console(method, place, {})
        assert (answer.status, answer.body["success"]) == (409, False)
    assert (await console.done("GET", "/shop/keys"))["keys"] == [revoked]


async def test_a_key_is_rotated_with_an_overlap_of_a_day_unless_another_is_named(
    console: Console, redis: Redis
) -> None:
    await console.done("POST", "", {"id": "shop"})
    first = await console.done("POST", "/shop/keys", {"kind": "query", "label": "pages", "rate": 9})
    answer = await console("POST", f"/shop/keys/{first['id']}/rotate")
    second = answer.body["data"]
    assert (answer.status, second["kind"], second["label"], second["rate"]) == (201, "query", "pages", 9)
    listed = {key["id"]: key for key in (await console.done("GET", "/shop/keys"))["keys"]}
    left = datetime.fromisoformat(listed[first["id"]]["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(days=1)
    await console.done("POST", f"/shop/keys/{second['id']}/rotate", {"overlap_seconds": 0})
    opened = [await Directory(redis).find(key["token"]) is not None for key in (first, second)]
    assert opened == [True, False]


async def test_what_does_not_exist_is_not_found(
    console: Console, tenant: Tenant, stranger: Tenant, redis: Redis
) -> None:
    projects = Projects(redis)
    (theirs, *_) = await projects.list_keys(stranger.id)
    (admin,) = await projects.list_keys("")
    for method, path, order in [
        ("GET", "/nowhere", None),
        ("PATCH", "/nowhere", {"past_days": 1}),
        ("POST", "/nowhere/sites", {"site_id": "x"}),
        ("GET", "/nowhere/keys", None),
        ("POST", "/nowhere/keys", {"kind": "write"}),
        *(
            (method, f"/{tenant.id}/keys/{key}{end}", order)
            for key in (theirs.id, admin.id, "nothing", "a%00b", "%F0%9F%8C%8A", "x" * 200)
            for method, end, order in (("PATCH", "", {"rate": 1}), ("DELETE", "", None), ("POST", "/rotate", {}))
        ),
    ]:
        answer = await console(method, path, order)
        assert (answer.status, answer.body["status"], answer.body["success"]) == (404, 404, False), (method, path)
    assert await projects.key(theirs.id) == theirs


async def test_what_is_taken_is_a_conflict(console: Console, tenant: Tenant) -> None:
    for order in ({"id": tenant.id}, {"id": "second", "site_ids": ["free", tenant.site]}):
        answer = await console("POST", "", order)
        assert (answer.status, answer.body["success"]) == (409, False)
    assert (await console("GET", "/second")).status == 404
    assert (await console.done("POST", "", {"id": "third", "site_ids": ["free"]}))["site_ids"] == ["free"]


async def test_an_admin_key_is_not_made_over_http(console: Console, tenant: Tenant, redis: Redis) -> None:
    answer = await console("POST", f"/{tenant.id}/keys", {"kind": "admin"})
    assert (answer.status, fields(answer.body)) == (400, ["kind"])
    assert len(await Projects(redis).list_keys("")) == 1


@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        ({}, ["id"]),
        ({"id": "No"}, ["id"]),
        ({"id": "a", "site_ids": ["a b"]}, ["site_id"]),
        ({"id": 1, "past_days": "x", "what": 1}, ["what", "past_days", "id"]),
        (
            {"id": "a", "public_rate": -1, "ip": "all", "retention_days": 36_501},
            ["public_rate", "retention_days", "ip"],
        ),
        ({"id": "a", "origins": ["https://a", "https://b/c", "x"]}, ["origins[1]", "origins[2]"]),
        ({"id": "a", "origins": ["https://a", 1]}, ["origins[1]"]),
    ],
)
async def test_every_field_that_is_wrong_is_named(console: Console, order: object, wrong: list[str]) -> None:
    answer = await console("POST", "", order)
    assert (answer.status, answer.body["status"], answer.body["success"]) == (400, 400, False)
    assert fields(answer.body) == wrong
    assert all(detail["message"] for detail in answer.body["details"])
    assert (await console.done("GET", ""))["projects"] == []


@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        ({"kind": "write", "label": "a\nb"}, ["label"]),
        ({"kind": "write", "rate": 10**10, "expires_at": "2030-01-01T00:00:00"}, ["rate", "expires_at"]),
        ({"kind": "write", "expires_at": "0001-01-01T00:00:00Z"}, ["expires_at"]),
    ],
)
async def test_a_key_that_cannot_be_names_its_fields(
    console: Console, tenant: Tenant, order: object, wrong: list[str]
) -> None:
    answer = await console("POST", f"/{tenant.id}/keys", order)
    assert (answer.status, fields(answer.body)) == (400, wrong)
