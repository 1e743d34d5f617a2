"""Export and import of projects and keys."""

import asyncio
from typing import Any

import msgspec
import pytest

from ingest_api.access import Directory
from ingest_api.projects import backup, tombstones
from ingest_api.projects.backup import Backup, Change
from ingest_api.projects.keys import KeyChange, Kind
from ingest_api.projects.project import Conflict, Invalid
from ingest_api.projects.projects import Projects, Settings
from ingest_api.projects.saved import ALERTS, QUERIES
from ingest_api.projects.schemas import Schemas
from ingest_api.projects.secret import secret
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack


async def filled(redis: Redis) -> dict[str, str]:
    """Two projects, a key of each sort, a demo token. Returns tokens by what they are."""
    projects = Projects(redis)
    await projects.create("shop", ("web", "app"), Settings(origins=("https://shop.example",), retention_days=30))
    await projects.create("blog")
    _, write = await projects.create_key("shop", Kind.WRITE, label="servers", rate=60)
    gone, revoked = await projects.create_key("blog", Kind.QUERY)
    await projects.revoke_key(gone.id)
    _, admin = await projects.create_key("", Kind.ADMIN)
    await projects.allow_demo_token("test_123", (Kind.WRITE,), "shop")
    return {"write": write, "revoked": revoked, "admin": admin}


def document(found: Backup, **changes: Any) -> bytes:
    """As it is written, with fields of the first project replaced."""
    told = msgspec.json.decode(msgspec.json.encode(found))
    told["projects"][0] |= changes
    return msgspec.json.encode(told)


async def test_what_was_exported_is_the_same_after_it_was_imported_elsewhere(redis: Redis) -> None:
    tokens = await filled(redis)
    found = await backup.export(redis)
    await redis.flushall()
    changes = await backup.restore(redis, backup.read(msgspec.json.encode(found)))
    assert len(changes) == 5
    assert await backup.export(redis) == found
    directory = Directory(redis, demo_keys=True)
    opened = {name: await directory.find(token) is not None for name, token in tokens.items()}
    assert opened == {"write": True, "revoked": False, "admin": True}
    assert await Projects(redis).site_project("web") == await Projects(redis).get("shop")
    assert await directory.find("test_123") is None, "demo tokens are no part of it"


async def test_no_token_is_in_the_document(redis: Redis) -> None:
    tokens = await filled(redis)
    written = msgspec.json.encode(await backup.export(redis)).decode()
    assert not [token for token in tokens.values() if token.rsplit("_", 1)[1] in written]


async def test_an_import_that_is_repeated_changes_nothing(redis: Redis) -> None:
    await filled(redis)
    version = await Projects(redis).version()
    assert await backup.restore(redis, await backup.export(redis)) == []
    assert await Projects(redis).version() == version


async def test_a_dry_run_says_the_same_and_changes_nothing(redis: Redis) -> None:
    await filled(redis)
    found = await backup.export(redis)
    await redis.flushall()
    planned = await backup.restore(redis, found, dry_run=True)
    assert await redis.dbsize() == 0
    assert await backup.restore(redis, found) == planned


async def test_a_key_that_was_revoked_after_the_export_stays_revoked(redis: Redis) -> None:
    await filled(redis)
    found = await backup.export(redis)
    projects = Projects(redis)
    (key,) = await projects.list_keys("shop")
    revoked = await projects.revoke_key(key.id)
    assert await backup.restore(redis, found) == []
    assert await projects.key(key.id) == revoked


async def test_a_revocation_is_imported_too(redis: Redis) -> None:
    await filled(redis)
    (key,) = await Projects(redis).list_keys("shop")
    found = await backup.export(redis)
    revoked = msgspec.structs.replace(key, revoked_at=5)
    newer = Backup(1, found.projects, tuple(revoked if one.id == key.id else one for one in found.keys))
    assert await backup.restore(redis, newer) == [Change("revoke", "key", key.id)]
    assert await Projects(redis).key(key.id) == revoked


@pytest.mark.parametrize("attempt", range(5))
async def test_an_import_while_a_key_is_revoked_does_not_bring_it_back(redis: Redis, attempt: int) -> None:
    await filled(redis)
    found = await backup.export(redis)
    (key,) = await Projects(redis).list_keys("shop")
    await redis.hdel("headrace:projects", "blog")  # type: ignore[misc]  # redis-py 5: awaitable or not
    acts = [backup.restore(redis, found), Projects(redis).revoke_key(key.id), backup.restore(redis, found)]
    await asyncio.gather(*(acts if attempt % 2 else reversed(acts)))
    stored = await Projects(redis).key(key.id)
    assert stored is not None
    assert stored.revoked_at > 0


async def test_what_stands_in_the_way_is_named_and_nothing_is_changed(redis: Redis) -> None:
    await filled(redis)
    found = await backup.export(redis)
    projects = Projects(redis)
    (key,) = await projects.list_keys("shop")
    await redis.flushall()
    await projects.create("thief", ("web",))
    await backup.restore(redis, Backup(1, (found.projects[0],), ()))
    await projects.update("blog", Settings(past_days=3))
    before = await backup.export(redis)
    with pytest.raises(Conflict) as refused:
        await backup.restore(redis, found)
    assert "project blog has other past_days" in str(refused.value)
    assert "site id web of project shop belongs to project thief" in str(refused.value)
    assert await backup.export(redis) == before
    assert key.digest not in str(refused.value)


async def test_a_key_that_was_changed_since_is_a_conflict_by_field(redis: Redis) -> None:
    await filled(redis)
    found = await backup.export(redis)
    (key,) = await Projects(redis).list_keys("shop")
    await Projects(redis).update_key(key.id, KeyChange(label="other", rate=1))
    with pytest.raises(Conflict, match=f"key {key.id} has other label, rate"):
        await backup.restore(redis, found)


async def test_a_restored_installation_hashes_alike(redis: Redis) -> None:
    await filled(redis)
    await Projects(redis).update("shop", Settings(hash_properties=("email",)))
    known = await secret(redis)
    found = await backup.export(redis)
    await redis.flushall()
    assert await secret(redis) != known, "a new installation has made its own"
    version = await Projects(redis).version()
    assert Change("make", "secret", "of the installation") in await backup.restore(redis, found)
    assert (await secret(redis), await Projects(redis).version()) == (known, version + 1)
    assert await backup.restore(redis, found) == []


async def test_a_secret_that_is_in_use_is_not_replaced(redis: Redis) -> None:
    await filled(redis)
    await secret(redis)
    found = await backup.export(redis)
    await redis.flushall()
    known = await secret(redis)
    await Projects(redis).create("other", (), Settings(hash_properties=("email",)))
    with pytest.raises(Conflict, match="another secret, and project other hashes") as refused:
        await backup.restore(redis, found)
    assert found.secret not in str(refused.value)
    assert await secret(redis) == known


async def test_a_secret_by_which_erasures_are_remembered_is_not_replaced(redis: Redis) -> None:
    await secret(redis)
    found = await backup.export(redis)
    await redis.flushall()
    known = await secret(redis)
    await tombstones.put(redis, tombstones.stone(known, "shop", 5, users=["u"]))
    with pytest.raises(Conflict, match="another secret, and its erasures are remembered by it"):
        await backup.restore(redis, found)
    assert await secret(redis) == known


async def test_an_export_of_an_older_build_has_no_secret(redis: Redis) -> None:
    await filled(redis)
    told = msgspec.json.decode(document(await backup.export(redis)))
    del told["secret"]
    known = await secret(redis)
    assert await backup.restore(redis, backup.read(msgspec.json.encode(told))) == []
    assert await secret(redis) == known


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b'{"version":2,"projects":[],"keys":[]}', b"[" * 100_000])
def test_what_is_no_export_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match="no export"):
        backup.read(text)


@pytest.mark.parametrize(
    "changes",
    [
        *({"id": "No"}, {"site_ids": ["a b"]}, {"origins": ["HTTPS://A"]}, {"origins": ["a"]}, {"past_days": -1}),
        *({"id": "shop"}, {"site_ids": ["web"]}, {"id": "other"}),
    ],
)
async def test_an_export_that_was_changed_by_hand_into_something_wrong_is_refused(
    redis: Redis, changes: dict[str, Any]
) -> None:
    await filled(redis)
    with pytest.raises(Invalid):
        backup.read(document(await backup.export(redis), **changes))


@pytest.mark.parametrize("text", ["ab", "A" * 64, "a" * 65])
def test_a_secret_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="64 hexadecimal digits"):
        backup.read(msgspec.json.encode(Backup(1, (), (), text)))


async def test_schemas_travel_with_their_projects(redis: Redis) -> None:
    await filled(redis)
    made = await Schemas(redis).put("shop", "Product Viewed", {"required": ["plan"]}, "reject")
    found = await backup.export(redis)
    await redis.flushall()
    changes = await backup.restore(redis, backup.read(msgspec.json.encode(found)))
    assert Change("make", "schema", "shop Product Viewed") in changes
    assert await Schemas(redis).all() == {"shop": {"Product Viewed": made}}
    assert await Schemas(redis).version() == 1
    assert await backup.restore(redis, found) == []


async def test_another_schema_is_a_conflict_and_a_wrong_one_no_export(redis: Redis) -> None:
    await filled(redis)
    await Schemas(redis).put("shop", "signup", {"required": ["plan"]}, "warn")
    found = await backup.export(redis)
    await Schemas(redis).put("shop", "signup", {"required": ["plan"]}, "reject")
    with pytest.raises(Conflict, match="the schema of 'signup' in project shop has other mode"):
        await backup.restore(redis, found)
    told = msgspec.json.decode(msgspec.json.encode(found))
    for text in ('{"type":"objekt"}', "[]", "{"):
        told["schemas"]["shop"]["signup"]["text"] = text
        with pytest.raises(Invalid, match="schema of 'signup' in project 'shop' cannot be used"):
            backup.read(msgspec.json.encode(told))
    told["schemas"] = {"nowhere": {}}
    with pytest.raises(Invalid, match="not in the document"):
        backup.read(msgspec.json.encode(told))


async def test_saved_queries_and_alerts_come_along(redis: Redis) -> None:
    await filled(redis)
    for shelf, text in ((QUERIES, '{"question":{}}'), (ALERTS, '{"alert":{},"nonce":"n"}')):
        await Shelf(redis, shelf).put("shop", "daily", text)
    found = await backup.export(redis)
    await redis.flushall()
    changes = await backup.restore(redis, backup.read(msgspec.json.encode(found)))
    assert changes[-2:] == [Change("make", "query", "shop daily"), Change("make", "alert", "shop daily")]
    assert await backup.export(redis) == found
    assert await backup.restore(redis, found) == []
    await Shelf(redis, QUERIES).put("shop", "daily", '{"question":{"metrics":[]}}')
    with pytest.raises(Conflict, match="the query 'daily' of project shop is another"):
        await backup.restore(redis, found)


@pytest.mark.parametrize(
    "queries",
    [
        {"nowhere": {"a": {"text": "{}", "version": 1, "changed_at": 1}}},
        {"shop": {"../a": {"text": "{}", "version": 1, "changed_at": 1}}},
        {"shop": {"a": {"text": "[]", "version": 1, "changed_at": 1}}},
        {"shop": {"a": {"text": "{", "version": 1, "changed_at": 1}}},
        {"shop": {"a": {"text": " " * 40_000, "version": 1, "changed_at": 1}}},
    ],
)
@pytest.mark.parametrize("field", ["queries", "alerts"])
async def test_what_cannot_have_been_saved_is_refused(redis: Redis, field: str, queries: dict[str, Any]) -> None:
    await filled(redis)
    told = msgspec.json.decode(msgspec.json.encode(await backup.export(redis)))
    with pytest.raises(Invalid):
        backup.read(msgspec.json.encode({**told, field: queries}))
