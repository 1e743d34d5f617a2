"""Erasures over HTTP: who may order what, and what the report tells."""

from typing import Any

import orjson
import pytest

from ingest_api.projects import erasures, tombstones
from ingest_api.projects.keys import Kind
from ingest_api.stream import Install, Redis
from queries.projects.erasures import MOST_EVENT_IDS
from tests.queries.conftest import Answer, Service, Tenant
from workers.forgotten import Forgotten

pytestmark = pytest.mark.stack

PATH = "/api/v1/erasures"
ID = "018f0c1e-6c1b-7cc2-9d52-0a6f1c2d3e4f"


async def order(service: Service, tenant: Tenant, kind: Kind = Kind.DELETE, **given: Any) -> Answer:
    return await service.ask(PATH, tenant.bearer(kind), method="POST", data=orjson.dumps(given))


async def test_an_order_stands_at_once_and_names_nobody(
    service: Service, redis: Redis, installed: Install, tenant: Tenant
) -> None:
    answer = await order(service, tenant, user_id="ada-lovelace")
    assert answer.status == 200
    data = answer.body["data"]
    assert (data["state"], data["what"], data["project"], data["counts"]) == ("running", "user", tenant.id, {})
    (stone,) = await tombstones.read(redis)
    assert (stone.id, stone.project, len(stone.users)) == (data["id"], tenant.id, tombstones.MARK_BYTES)
    assert b"ada-lovelace" not in answer.raw
    for key in await redis.keys():
        assert b"ada-lovelace" not in (await redis.dump(key) or b"")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"client_id": "c1"}, "client"),
        ({"event_ids": [f"evt_{'0' * 32}", ID]}, "events"),
        ({"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "event_type": "buy"}, "time"),
        ({"from": "1767225600000", "to": "2200-01-01"}, "time"),
        ({"user_id": "ada", "unreadable": True, "dry_run": True}, "user"),
    ],
)
async def test_each_way_to_say_what_is_meant(
    service: Service, redis: Redis, tenant: Tenant, given: dict[str, Any], what: str
) -> None:
    answer = await order(service, tenant, **given)
    assert (answer.status, answer.body["data"]["what"]) == (200, what)
    one = await erasures.get(redis, answer.body["data"]["id"])
    assert one is not None
    assert (one.dry_run, one.unreadable) == (given.get("dry_run", False), given.get("unreadable", False))
    assert one.tombstone.until_ms is None or one.tombstone.until_ms <= one.made_at
    assert Forgotten([one.tombstone], b"k").rules.keys() == {tenant.id}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "exactly one of"),
        ({"user_id": "a", "client_id": "b"}, "exactly one of"),
        ({"user_id": "a", "event_type": "buy"}, "event_type: belongs to"),
        ({"event_ids": ["nonsense"]}, "event_ids[0]: is no id"),
        ({"event_ids": [ID] * (MOST_EVENT_IDS + 1)}, "event_ids"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "must lie before to"),
        ({"from": "2200-01-01", "to": "2200-01-02"}, "before now"),
        ({"from": "2026-01-02"}, "to: must be a time"),
        ({"from": "yesterday", "to": "2026-01-02"}, "from: must be a time"),
        ({"user": "a"}, "is not known here"),
        ({"user_id": "a" * 1025}, "user_id"),
    ],
)
async def test_an_order_that_is_not_clear_is_refused_and_nothing_is_set_up(
    service: Service, redis: Redis, tenant: Tenant, given: dict[str, Any], said: str
) -> None:
    answer = await order(service, tenant, **given)
    assert answer.status == 400
    assert said in answer.raw.decode()
    assert (await tombstones.read(redis), await erasures.of(redis, tenant.id)) == ((), [])


async def test_only_a_delete_key_opens_and_only_its_own_project(
    service: Service, tenant: Tenant, stranger: Tenant
) -> None:
    for kind in (Kind.QUERY, Kind.WRITE):
        assert (await order(service, tenant, kind, user_id="ada")).status == 401
    assert (await order(service, tenant, user_id="ada", project=stranger.id)).status == 403
    made = (await order(service, tenant, user_id="ada", project=tenant.id)).body["data"]["id"]
    seen = await service.ask(f"{PATH}/{made}", tenant.bearer(Kind.DELETE))
    assert seen.body["data"]["id"] == made
    assert (await service.ask(f"{PATH}/{made}", stranger.bearer(Kind.DELETE))).status == 404
    assert [
        [one["id"] for one in (await service.ask(PATH, who.bearer(Kind.DELETE))).body["data"]["erasures"]]
        for who in (tenant, stranger)
    ] == [[made], []]


async def test_the_report_tells_how_far_it_is_and_what_came_back(
    service: Service, redis: Redis, tenant: Tenant
) -> None:
    made = (await order(service, tenant, user_id="ada")).body["data"]["id"]
    one = await erasures.get(redis, made)
    assert one is not None
    one.problem = "shard 3 has not stored everything yet"
    one.count("events", 7)
    await erasures.save(redis, one)
    report = (await service.ask(f"{PATH}/{made}", tenant.bearer(Kind.DELETE))).body["data"]
    assert (report["state"], report["waits_for"], report["counts"]) == ("waiting", one.problem, {"events": 7})
    assert (report["done_at"], report["next_check_at"]) == (None, None)
    one.step, one.done_at = "", one.made_at
    one.checks.append(erasures.Check(one.made_at + 600_000, {"events": 1}))
    await erasures.save(redis, one)
    report = (await service.ask(f"{PATH}/{made}", tenant.bearer(Kind.DELETE))).body["data"]
    assert (report["state"], report["checks"][0]["found"]) == ("done", {"events": 1})
    assert report["next_check_at"] > report["done_at"]
