"""Alerts over HTTP. What workers find out is put into Redis by hand; tests/workers/alerts/test_watch.py has more."""

from typing import Any, cast

import msgspec
import pytest

from ingest_api.alerts import alert, outbox
from ingest_api.alerts.alert import STATES, Firing, Kept, State
from ingest_api.alerts.notice import Notice, messages
from ingest_api.projects.keys import Kind
from ingest_api.projects.saved import ALERTS
from ingest_api.projects.secret import secret
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Redis
from tests.queries.conftest import Console, Service, Tenant

pytestmark = pytest.mark.stack

HOOK = "https://hooks.shop.example/services/T0/secret-of-the-receiver?x=1"
ORDER: dict[str, Any] = {
    "question": {"metrics": ["event_count"], "date_range": "15m"},
    "condition": "below",
    "value": 10,
    "webhooks": [HOOK],
    "emails": ["ops@shop.example"],
}


async def test_an_alert_is_set_shown_listed_changed_and_removed(console: Console, tenant: Tenant) -> None:
    path = f"/{tenant.id}/alerts"
    made = await console.done("PUT", f"{path}/quiet", ORDER)
    signing = made.pop("secret")
    assert (made["name"], made["version"], made["outcome"], made["checked_at"]) == ("quiet", 1, "new", None)
    assert ORDER.items() <= made["alert"].items()
    assert (made["alert"]["every"], made["alert"]["for"]) == (5, 1)
    assert await console.done("GET", f"{path}/quiet") == made
    assert await console.done("GET", path) == {"alerts": [made]}
    changed = await console.done("PUT", f"{path}/quiet", {**ORDER, "value": 5})
    assert (changed["version"], "secret" in changed) == (2, False), "it is shown once"
    renewed = await console.done("PUT", f"{path}/quiet", {**ORDER, "value": 5, "new_secret": True})
    assert renewed["secret"].startswith("hrs_")
    assert renewed["secret"] != signing
    assert await console.done("DELETE", f"{path}/quiet") == {"name": "quiet"}
    for method in ("GET", "DELETE"):
        assert (await console(method, f"{path}/quiet")).status == 404
    assert (await console("PUT", "/nowhere/alerts/quiet", ORDER)).status == 404


async def test_the_secret_is_the_one_that_workers_sign_with(console: Console, tenant: Tenant, redis: Redis) -> None:
    made = await console.done("PUT", f"/{tenant.id}/alerts/quiet", ORDER)
    stored = (await Shelf(redis, ALERTS).get(tenant.id, "quiet")).text
    kept = msgspec.json.decode(stored, type=Kept)
    assert made["secret"] == alert.secret_of(await secret(redis), tenant.id, "quiet", kept.nonce)
    assert made["secret"] not in stored


async def test_a_query_key_sees_its_own_projects_alerts_and_where_they_go_but_not_what_opens_it(
    console: Console, service: Service, tenant: Tenant, stranger: Tenant
) -> None:
    await console.done("PUT", f"/{tenant.id}/alerts/quiet", ORDER)
    seen = await service.ask("/api/v1/alerts/quiet", tenant.bearer(Kind.QUERY))
    assert seen.body["data"]["alert"]["webhooks"] == ["https://hooks.shop.example/..."]
    assert b"secret" not in seen.raw
    listed = await service.ask("/api/v1/alerts", tenant.bearer(Kind.QUERY))
    assert listed.body["data"] == {"alerts": [seen.body["data"]]}
    assert (await service.ask("/api/v1/alerts/quiet", stranger.bearer(Kind.QUERY))).status == 404
    assert (await service.ask("/api/v1/alerts", stranger.bearer(Kind.QUERY))).body["data"] == {"alerts": []}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"question": {"metrics": ["visits"]}}, "metrics[0]"),
        ({"question": {"metrics": ["visitors", "event_count"]}}, "one metric and no dimensions"),
        ({"question": {"metrics": ["visitors"], "dimensions": ["country"]}}, "one metric and no dimensions"),
        ({"question": {}}, "metrics"),
        ({"webhooks": ["ftp://x.example/"]}, "webhooks[0]"),
        ({"webhooks": [], "emails": []}, "webhooks"),
        ({"condition": "outside"}, "low"),
        ({"every": 0}, "every"),
        ({"for": 101}, "for"),
        ({"mail": 1}, "mail"),
    ],
)
async def test_what_is_wrong_is_told(console: Console, tenant: Tenant, fields: dict[str, Any], told: str) -> None:
    answer = await console("PUT", f"/{tenant.id}/alerts/quiet", {**ORDER, **fields})
    assert (answer.status, told in answer.body["error"]) == (400, True), answer.raw


async def test_what_workers_found_out_is_shown(console: Console, tenant: Tenant, redis: Redis) -> None:
    made = await console.done("PUT", f"/{tenant.id}/alerts/quiet", ORDER)
    document = await Shelf(redis, ALERTS).get(tenant.id, "quiet")
    state = State(
        changed_at=document.changed_at, outcome="firing", checked_at=1_795_000_000_000, due_at=1_795_000_060_000,
        value=3.0, before=4.0, history=[Firing(1_795_000_000_000, 3.0), Firing(1, 2.0, 2)],
    )  # fmt: skip
    await cast("Any", redis).hset(STATES, f"{tenant.id}\0quiet", msgspec.json.encode(state))
    kept = msgspec.json.decode(document.text, type=Kept).alert
    one, _ = messages(tenant.id, "quiet", kept, Notice("alert.firing", 3.0), 1)
    async with redis.pipeline(transaction=True) as pipe:
        outbox.settle(pipe, one, outbox.attempt(one, 1_795_000_000_000, "the answer was 500"))
        await pipe.execute()
    shown = await console.done("GET", f"/{tenant.id}/alerts/quiet")
    assert (shown["outcome"], shown["value"], shown["before"]) == ("firing", 3, 4)
    assert shown["checked_at"] == "2026-11-18T11:06:40Z"
    assert [bool(firing["ended_at"]) for firing in shown["history"]] == [False, True]
    (sent,) = shown["deliveries"]
    assert (sent["message"], sent["to"], sent["problem"], sent["attempt"]) == (one.id, HOOK, "the answer was 500", 1)
    await console.done("PUT", f"/{tenant.id}/alerts/quiet", {**ORDER, "value": 11})
    anew = await console.done("GET", f"/{tenant.id}/alerts/quiet")
    assert (anew["outcome"], anew["value"], len(anew["history"])) == ("new", None, 2)
    assert anew["changed_at"] > made["changed_at"]


async def test_a_test_waits_in_the_outbox_for_each_receiver(console: Console, tenant: Tenant, redis: Redis) -> None:
    await console.done("PUT", f"/{tenant.id}/alerts/quiet", ORDER)
    told = await console.done("POST", f"/{tenant.id}/alerts/quiet/test")
    found = await outbox.due(redis, 10**15)
    assert sorted(one.id for one in found) == sorted(told["messages"])
    assert {(one.type, one.to) for one in found} == {("alert.test", HOOK), ("alert.test", "ops@shop.example")}
    assert (await console("POST", f"/{tenant.id}/alerts/loud/test")).status == 404


async def test_one_that_is_not_understood_any_more_can_be_removed(
    console: Console, tenant: Tenant, redis: Redis
) -> None:
    await console.done("PUT", f"/{tenant.id}/alerts/quiet", ORDER)
    await Shelf(redis, ALERTS).put(tenant.id, "old", '{"alert":{"gone":1},"nonce":"n"}')
    assert [one["name"] for one in (await console.done("GET", f"/{tenant.id}/alerts"))["alerts"]] == ["quiet"]
    told = await console("GET", f"/{tenant.id}/alerts/old")
    assert (told.status, "set it again" in told.body["error"]) == (404, True)
    assert await console.done("DELETE", f"/{tenant.id}/alerts/old") == {"name": "old"}
