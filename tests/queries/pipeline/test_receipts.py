"""Receipts: what became of one event, wherever it is now, and nothing about anybody else's."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.rules.normalise import Stamped, normalise, unkeyed_id
from ingest_api.stream import Install, Redis, fcall, install
from queries.pipeline import receipts
from tests.appending import append
from tests.ingest_api.events import context, draft
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.stored import event, store
from tests.raised import raised

pytestmark = pytest.mark.stack

OWN_KEY = "0f3f6f9b-9f0b-4c8d-9f18-5b6a9d9d2d41"
OWN_KEY_7 = "019a0000-0000-7000-8000-0000000000aa"


@dataclass
class Post:
    """Somebody who sends, and asks what became of it."""

    service: Service
    redis_url: str
    installed: Install

    async def send(self, tenant: Tenant, *keys: str) -> list[str]:
        """Append events that arrive now. Returns their ids."""
        now = moment.now_ms()
        entries = []
        for number, key in enumerate(keys):
            made = normalise(draft(key=key, occurred_at=now), _now(tenant, now), number)
            assert isinstance(made, Stamped)
            entries.append(made)
        await append(self.redis_url, self.installed, entries)
        return [f"evt_{entry.event.event_id.hex()}" for entry in entries]

    async def ask(self, tenant: Tenant, event_id: str, kind: Kind = Kind.WRITE) -> Answer:
        return await self.service.ask(f"/v1/events/{event_id}", tenant.bearer(kind))

    async def told(self, tenant: Tenant, event_id: str) -> dict[str, Any]:
        answer = await self.ask(tenant, event_id)
        assert (answer.status, answer.body["success"]) == (200, True), answer.raw
        found: dict[str, Any] = answer.body["data"]
        return found


def _now(tenant: Tenant, now: int) -> Any:
    known = context(tenant.project)
    known.received_at, known.earliest, known.latest = now, 0, now + 60_000
    return known


@pytest.fixture
async def post(service: Service, redis_url: str, installed: Install) -> Post:
    """Nobody drains: what is sent stays queued."""
    return Post(service, redis_url, installed)


@pytest.mark.parametrize("key", ["", "order-1", OWN_KEY, OWN_KEY_7], ids=["unkeyed", "keyed", "UUID", "UUID 7"])
async def test_an_event_that_waits_is_queued_and_its_place_is_told(
    post: Post, tenant: Tenant, redis: Redis, key: str
) -> None:
    await post.send(tenant, "", "another")
    before, (event_id,) = moment.now_ms(), await post.send(tenant, key)
    found = await post.told(tenant, event_id)
    assert (found["event_id"], found["state"]) == (event_id, "queued")
    assert abs((moment.parse(found["appended_at"]) or 0) - before) < 60_000
    place = found["position"]
    shard = post.installed.shards[place["shard"]]
    ((_, fields),) = await redis.xrange(shard.frames, place["entry"], place["entry"])
    assert bytes.fromhex(event_id[4:]) in fields[b"f"]
    for kind in (Kind.WRITE, Kind.QUERY):
        assert (await post.ask(tenant, event_id, kind)).body["data"] == found


async def test_events_that_wait_in_the_shards_of_before_a_raise_are_found(
    post: Post, tenant: Tenant, redis: Redis
) -> None:
    before = await post.send(tenant, *(f"order-{number}" for number in range(8)))
    await raised(redis, 5)
    places = [(await post.told(tenant, event_id))["position"]["shard"] for event_id in before]
    assert set(places) == set(range(len(post.installed.shards)))


@pytest.mark.parametrize("key", ["", "order-1", OWN_KEY, OWN_KEY_7], ids=["unkeyed", "keyed", "UUID", "UUID 7"])
async def test_another_project_s_event_is_not_there(
    post: Post, tenant: Tenant, stranger: Tenant, warehouse: Client, key: str
) -> None:
    (event_id,) = await post.send(tenant, key)
    store(warehouse, event(tenant.id, event_id=uuid.UUID(OWN_KEY)))
    for other in (event_id, OWN_KEY):
        assert (await post.ask(stranger, other)).status == 404
    assert (await post.ask(tenant, event_id)).status == 200


async def test_one_uuid_that_two_projects_use_as_a_key_is_two_events(
    post: Post, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    await post.send(tenant, OWN_KEY)
    store(warehouse, event(stranger.id, event_id=uuid.UUID(OWN_KEY)))
    assert (await post.told(tenant, OWN_KEY))["state"] == "queued"
    assert (await post.told(stranger, OWN_KEY))["state"] == "stored"


async def test_a_stored_event_is_told_by_every_form_of_its_id(post: Post, tenant: Tenant, warehouse: Client) -> None:
    one = uuid.uuid4()
    row = event(tenant.id, event_id=one, _stream_ms=1_795_000_000_123, _stream_seq=4, _shard=1, _index=7)
    store(warehouse, row)
    wanted = {
        "event_id": f"evt_{one.hex}",
        "state": "stored",
        "appended_at": moment.text(1_795_000_000_123),
        "position": {"shard": 1, "entry": "1795000000123-4", "index": 7},
    }
    for form in (f"evt_{one.hex}", one.hex, str(one), str(one).upper(), f"EVT_{one.hex}"):
        assert await post.told(tenant, form) == wanted


def reject(warehouse: Client, tenant: Tenant, event_id: uuid.UUID, reason: str, **columns: int) -> None:
    ms = 1_795_000_000_000
    known = {"appended_at": ms, "_stream_ms": ms, "redriven_at": 0} | columns
    names = ["project", "event_id", "reason", "kind", *known]
    warehouse.insert("rejected_events", [[tenant.id, event_id, reason, "event", *known.values()]], names)


async def test_a_rejected_event_is_told_with_its_reason(post: Post, tenant: Tenant, warehouse: Client) -> None:
    one = uuid.uuid4()
    reject(warehouse, tenant, one, "why")
    found = await post.told(tenant, str(one))
    assert (found["state"], found["reason"]) == ("rejected", "why")
    assert found["position"] == {"shard": 0, "entry": "1795000000000-0", "index": 0}


async def test_a_redriven_event_is_queued_until_it_is_stored_or_rejected_again(
    post: Post, tenant: Tenant, warehouse: Client
) -> None:
    one = uuid.uuid4()
    reject(warehouse, tenant, one, "first", redriven_at=1_795_000_009_000)
    assert (await post.told(tenant, str(one)))["state"] == "queued"
    reject(warehouse, tenant, one, "second", _stream_ms=1_795_000_010_000)
    assert (await post.told(tenant, str(one)))["reason"] == "second"
    store(warehouse, event(tenant.id, event_id=one))
    assert (await post.told(tenant, str(one)))["state"] == "stored"


async def test_an_event_between_the_insert_and_the_commit_is_stored(
    post: Post, tenant: Tenant, warehouse: Client
) -> None:
    (event_id,) = await post.send(tenant, "k")
    store(warehouse, event(tenant.id, event_id=uuid.UUID(event_id[4:])))
    assert (await post.told(tenant, event_id))["state"] == "stored"


async def test_what_the_floor_has_passed_and_clickhouse_does_not_have_is_not_there(
    post: Post, tenant: Tenant, redis: Redis, installed: Install
) -> None:
    ids = [*await post.send(tenant, ""), *await post.send(tenant, "k")]
    for shard in installed.shards:
        await fcall(redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
        last = await redis.xrevrange(shard.frames, count=1)
        if last:
            await redis.set(shard.floor, last[0][0])
    assert [(await post.ask(tenant, one)).status for one in ids] == [404, 404]


@pytest.mark.parametrize(
    "unknown",
    [
        *("evt_1", "x", "evt_" + "g" * 32, "0" * 31, "0" * 33, "evt_" + "0" * 32, str(uuid.UUID(int=1))),
        *("5f1c2a52-6f0e-4c8d-9f18-5b6a9d9d2d41", "0f3f6f9b9f0b-4c8d-9f18-5b6a9d9d2d41", "of now"),
        uuid.UUID(int=(1 << 128) - 1 & ~(0xF << 76) | 7 << 76).hex,  # a time far ahead
        uuid.UUID(int=(1 << 128) - 1 & ~(0xF << 76) | 8 << 76).hex,
    ],
)
async def test_what_was_never_sent_is_not_there(post: Post, tenant: Tenant, unknown: str) -> None:
    unknown = unkeyed_id(moment.now_ms(), 99).hex() if unknown == "of now" else unknown
    await post.send(tenant, "", "k")
    answer = await post.ask(tenant, unknown)
    message = "There is no such event: it was never acknowledged, or is no longer kept."
    assert (answer.status, answer.body) == (404, {"success": False, "error": message, "status": 404})


async def test_a_frame_that_cannot_be_read_hides_none_of_its_neighbours(
    post: Post, tenant: Tenant, redis: Redis, installed: Install
) -> None:
    for shard in installed.shards:
        await redis.xadd(shard.frames, {"f": b"\x09zdamaged", "n": 1, "b": 1})
    for event_id in await post.send(tenant, "", "k", OWN_KEY):
        assert (await post.told(tenant, event_id))["state"] == "queued"


async def test_a_duplicate_in_a_skip_list_is_told_by_the_place_of_the_first(
    post: Post, tenant: Tenant, redis: Redis
) -> None:
    ids = await post.send(tenant, "k", "k", "other")
    assert ids[0] == ids[1]
    found = await post.told(tenant, ids[0])
    shard = post.installed.shards[found["position"]["shard"]]
    ((_, fields),) = await redis.xrange(shard.frames, found["position"]["entry"], found["position"]["entry"])
    skip = fields[b"s"]
    assert found["position"]["index"] not in [int.from_bytes(skip[i : i + 2], "big") for i in range(0, len(skip), 2)]


async def test_an_event_that_waits_for_longer_than_the_index_remembers_is_found(
    post: Post, tenant: Tenant, redis: Redis
) -> None:
    (event_id,) = await post.send(tenant, "k")
    place = (await post.told(tenant, event_id))["position"]
    shard = post.installed.shards[place["shard"]]
    ((_, fields),) = await redis.xrange(shard.frames)
    await redis.flushdb()
    again = await install(redis, post.installed.shard_count, post.installed.window_ms // 1000)
    assert again.shard_count == post.installed.shard_count
    await Projects(redis).create(tenant.id, ())
    _, token = await Projects(redis).create_key(tenant.id, Kind.WRITE)
    old = moment.now_ms() - 2 * post.installed.window_ms
    await redis.xadd(shard.frames, fields, id=f"{old}-0")
    answer = await post.service.ask(f"/v1/events/{event_id}", f"Bearer {token}")
    assert (answer.status, answer.body["data"]["position"]["entry"]) == (200, f"{old}-0")


async def test_too_much_that_waits_is_not_looked_through(post: Post, tenant: Tenant, redis: Redis) -> None:
    (event_id,) = await post.send(tenant, "k")
    place = (await post.told(tenant, event_id))["position"]
    shard = post.installed.shards[place["shard"]]
    await redis.delete(shard.frames)
    await redis.xgroup_create(shard.frames, "workers", id="0", mkstream=True)
    for _ in range(receipts.MAX_BYTES // 8_000_000 + 1):
        await redis.xadd(shard.frames, {"f": b"\x01r" + b"\0" * 8_000_000, "n": 1, "b": 1})
    answer = await post.ask(tenant, event_id)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    await redis.delete(shard.frames)
