"""Who is who: claims, the rules against abuse, and what an operator undoes."""

import itertools
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import moment
from ingest_api.projects.keys import Kind
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.crowd import Row
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

NOON = 1_795_003_200_000
ANONYMOUS, CLAIMED = {"client_id": "c1"}, {"client_id": "c1", "user_id": "ada", "name": "identify", "kind": "identify"}
_minutes = itertools.count()


def put(warehouse: Client, tenant: Tenant, *facts: Row) -> list[Row]:
    """Events, each a minute after the one before."""
    events = [event(tenant.id, **{"occurred_at": NOON + next(_minutes) * 60_000, **one}) for one in facts]
    store(warehouse, *events)
    return events


async def links(service: Service, tenant: Tenant) -> dict[str, str]:
    """Anonymous id -> user."""
    answer = await service.ask("/api/v1/identities", tenant.bearer(Kind.QUERY))
    assert answer.status == 200, answer.raw
    return {one["client_id"]: one["user_id"] for one in answer.body["data"]["identities"]}


async def people(service: Service, tenant: Tenant) -> int:
    answer = await service.stats(tenant, {"metric": "unique_users", "from": str(NOON)})
    assert answer.status == 200, answer.raw
    return int(answer.value)


async def decide(service: Service, tenant: Tenant, client_id: str, user_id: str = "") -> Answer:
    """Link by hand, or unlink."""
    path, bearer = f"/api/v1/identities/{quote(client_id, safe='')}", tenant.bearer(Kind.DELETE)
    if not user_id:
        return await service.ask(path, bearer, method="DELETE")
    return await service.ask(path, bearer, method="PUT", data=b'{"user_id":"%s"}' % user_id.encode())


async def user(service: Service, tenant: Tenant, name: str) -> Any:
    answer = await service.ask(f"/api/v1/users/{quote(name, safe='')}", tenant.bearer(Kind.QUERY))
    assert answer.status == 200, answer.raw
    return answer.body["data"]


async def test_the_past_of_an_anonymous_id_counts_for_the_user_from_the_link_on(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, ANONYMOUS, {"user_id": "ada"})
    assert (await people(service, tenant), await links(service, tenant)) == (2, {})
    put(warehouse, tenant, CLAIMED)
    assert (await people(service, tenant), await links(service, tenant)) == (1, {"c1": "ada"})
    assert (await user(service, tenant, "ada"))["events"] == 3


async def test_an_event_that_merely_names_both_links_nobody(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, ANONYMOUS, {"client_id": "c1", "user_id": "ada"})
    assert (await people(service, tenant), await links(service, tenant)) == (2, {})


async def test_the_earliest_claim_wins_in_whatever_order_they_arrive(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, ANONYMOUS, {**CLAIMED, "user_id": "eve"})
    put(warehouse, tenant, {**CLAIMED, "occurred_at": NOON - 1})
    assert await links(service, tenant) == {"c1": "ada"}
    answer = await service.ask("/api/v1/identities", tenant.bearer(Kind.QUERY), {"client_id": "c1"})
    assert [one["user_id"] for one in answer.body["data"]["claims"]] == ["ada", "eve"]


async def test_on_a_shared_device_everybody_keeps_her_own_events(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    own = {"client_id": "c1", "user_id": "eve"}
    put(warehouse, tenant, ANONYMOUS, CLAIMED, {**CLAIMED, "user_id": "eve"}, own, own)
    assert await people(service, tenant) == 2
    assert [(await user(service, tenant, name))["events"] for name in ("ada", "eve")] == [2, 3]
    assert (await user(service, tenant, "eve"))["client_ids"] == []


async def test_two_known_users_are_never_joined(service: Service, tenant: Tenant, warehouse: Client) -> None:
    put(warehouse, tenant, {"user_id": "bob"}, {**CLAIMED, "client_id": "bob"}, {**CLAIMED, "client_id": "ada"})
    assert (await people(service, tenant), await links(service, tenant)) == (2, {})


async def test_an_id_that_becomes_a_user_later_is_linked_no_more(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, {**CLAIMED, "client_id": "bob"})
    assert await links(service, tenant) == {"bob": "ada"}
    put(warehouse, tenant, {"user_id": "bob"})
    assert (await people(service, tenant), await links(service, tenant)) == (2, {})


async def test_what_broken_clients_send_for_an_id_links_nobody(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, {**CLAIMED, "client_id": "undefined"}, {**CLAIMED, "user_id": "NULL"})
    assert await links(service, tenant) == {}
    assert (await decide(service, tenant, "Undefined", "ada")).status == 409


async def test_a_cookieless_visitor_is_never_linked(service: Service, tenant: Tenant, warehouse: Client) -> None:
    put(warehouse, tenant, {"visitor_id": "today"}, {**CLAIMED, "client_id": "", "visitor_id": "today"})
    assert (await people(service, tenant), await links(service, tenant)) == (2, {})


async def test_another_project_is_not_touched(
    service: Service, tenant: Tenant, stranger: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, CLAIMED)
    put(warehouse, stranger, ANONYMOUS, {"user_id": "c1"})
    assert (await links(service, tenant), await links(service, stranger)) == ({"c1": "ada"}, {})
    assert (await decide(service, stranger, "c1")).status == 200
    assert await links(service, tenant) == {"c1": "ada"}
    told = await service.ask("/api/v1/users/ada", stranger.bearer(Kind.QUERY))
    assert (told.status, told.body["error"]) == (404, "There is no such user.")


async def test_unlinking_gives_the_past_back_and_outlives_later_claims(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, ANONYMOUS, CLAIMED)
    before = moment.now_ms()
    answer = await decide(service, tenant, "c1")
    assert answer.status == 200
    assert (moment.parse(answer.body["data"]["decided_at"]) or 0) >= before
    put(warehouse, tenant, CLAIMED)
    assert (await people(service, tenant), await links(service, tenant)) == (2, {})
    assert (await user(service, tenant, "ada"))["events"] == 2
    shown = await service.ask("/api/v1/identities", tenant.bearer(Kind.QUERY), {"client_id": "c1"})
    assert (shown.body["data"]["decision"]["user_id"], len(shown.body["data"]["claims"])) == ("", 1)
    assert shown.body["data"]["decision"]["key_id"] == tenant.keys[Kind.DELETE].split("_")[2]


async def test_the_last_decision_holds(service: Service, tenant: Tenant, warehouse: Client) -> None:
    put(warehouse, tenant, ANONYMOUS, CLAIMED)
    for user_id, expected in [("", {}), ("eve", {"c1": "eve"}), ("", {}), ("", {}), ("ada", {"c1": "ada"})]:
        assert (await decide(service, tenant, "c1", user_id)).status == 200
        assert await links(service, tenant) == expected


async def test_linking_a_known_user_by_hand_is_refused_and_changes_nothing(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, {"user_id": "bob"}, {"user_id": "ada"})
    refused = await decide(service, tenant, "bob", "ada")
    message = "This id is itself a user of the project: two users are never joined."
    assert (refused.status, refused.body["error"]) == (409, message)
    assert (await people(service, tenant), await links(service, tenant)) == (2, {})


async def test_a_link_by_hand_ends_when_its_id_becomes_a_user(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    assert (await decide(service, tenant, "bob", "ada")).status == 200
    assert await links(service, tenant) == {"bob": "ada"}
    put(warehouse, tenant, {"user_id": "bob"})
    assert await links(service, tenant) == {}


async def test_links_do_not_chain(service: Service, tenant: Tenant, warehouse: Client) -> None:
    put(warehouse, tenant, {"client_id": "c1"}, {"client_id": "c2"}, {**CLAIMED, "client_id": "c2"})
    assert (await decide(service, tenant, "c1", "c2")).status == 200
    assert await people(service, tenant) == 2


async def test_of_a_user_the_latest_traits_are_told_and_when_she_was_seen(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    late = {**CLAIMED, "occurred_at": NOON + 9_000_000, "properties": '{"plan":"pro","tags":["a"],"user_id":"ada"}'}
    early = {**CLAIMED, "occurred_at": NOON + 8_000_000, "properties": '{"plan":"free","city":"İzmir"}'}
    put(warehouse, tenant, late, {**ANONYMOUS, "occurred_at": NOON}, early)
    assert await user(service, tenant, "ada") == {
        "user_id": "ada",
        "first_seen": "2026-11-18T12:00:00Z",
        "last_seen": "2026-11-18T14:30:00Z",
        "events": 3,
        "client_ids": ["c1"],
        "traits": {"plan": "pro", "tags": ["a"], "city": "İzmir"},
    }


@pytest.mark.parametrize("odd", ["ada@example.com", "a/b?c=d&e#f", "a b%20", "İ\\'\"{x:String}", "..", "日本"])
async def test_ids_may_be_any_text(service: Service, tenant: Tenant, warehouse: Client, odd: str) -> None:
    put(warehouse, tenant, {**CLAIMED, "client_id": f"c {odd}", "user_id": odd})
    assert await links(service, tenant) == {f"c {odd}": odd}
    if odd != "..":  # no client sends such a path as it stands
        assert (await user(service, tenant, odd))["client_ids"] == [f"c {odd}"]
    assert (await decide(service, tenant, f"c {odd}")).status == 200
    assert await links(service, tenant) == {}


async def test_the_latest_links_come_first_and_no_more_than_asked_for(
    service: Service, tenant: Tenant, warehouse: Client
) -> None:
    put(warehouse, tenant, *({**CLAIMED, "client_id": f"c{number}"} for number in range(5)))
    answer = await service.ask("/api/v1/identities", tenant.bearer(Kind.QUERY), {"limit": 2})
    assert [one["client_id"] for one in answer.body["data"]["identities"]] == ["c4", "c3"]


async def test_a_link_names_the_event_that_made_it(service: Service, tenant: Tenant, warehouse: Client) -> None:
    made = uuid.uuid4()
    put(warehouse, tenant, {**CLAIMED, "event_id": made})
    answer = await service.ask("/api/v1/identities", tenant.bearer(Kind.QUERY), {"client_id": "c1"})
    (link,) = answer.body["data"]["identities"]
    assert link["event_id"] == f"evt_{made.hex}"
    receipt = await service.ask(f"/v1/events/{link['event_id']}", tenant.bearer(Kind.QUERY))
    assert receipt.body["data"]["state"] == "stored"
