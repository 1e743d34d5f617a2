"""The pipeline over the API: what a project's key sees, what an operator does, and where ClickHouse is away."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import halt, ledger, moment
from ingest_api.halt import Halt
from ingest_api.ledger import REFUSALS
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import WORKERS, Install, Redis
from queries.settings import Settings
from tests.queries.conftest import Service, Tenant, serve
from tests.queries.pipeline.test_ledger import NOW, Office

pytestmark = pytest.mark.stack


class Desk(Office):
    """The books, and whoever asks for the pipeline."""

    admin = ""

    async def pipeline(self, authorization: str, **params: str) -> Any:
        answer = await self.service.ask("/api/v1/pipeline", authorization, params)
        assert answer.status == 200, answer.raw
        return answer.body["data"]

    async def of(self, tenant: Tenant, **params: str) -> Any:
        return await self.pipeline(tenant.bearer(Kind.QUERY), **params)

    async def of_all(self, **params: str) -> Any:
        return await self.pipeline(self.admin, **params)


@pytest.fixture
async def desk(service: Service, redis: Redis, installed: Install, warehouse: Client) -> Desk:
    """Empty books, and nobody drains."""
    one = Desk(service, redis, warehouse, ledger.books(installed.shards))
    one.admin = f"Bearer {(await Projects(redis).create_key('', Kind.ADMIN))[1]}"
    warehouse.command("TRUNCATE TABLE ledger")
    return one


@pytest.fixture
async def unstored(place: dict[str, str], desk: Desk) -> AsyncIterator[Desk]:
    """ClickHouse is away."""
    async with serve(Settings(**{**place, "clickhouse_url": "http://127.0.0.1:1/"})) as service:  # type: ignore[arg-type]  # all are texts
        desk.service = service
        yield desk


async def test_a_query_key_sees_its_own_minutes_from_both_stores(desk: Desk, tenant: Tenant, stranger: Tenant) -> None:
    one, two = desk.books
    await desk.count(one, NOW - 4, tenant, accepted=6, stored=5, rejected=1, duplicate=2)
    await desk.count(two, NOW - 4, tenant, accepted=1, stored=1)
    await desk.count(REFUSALS, NOW - 4, tenant, refused__rate_limited=7, refused__invalid_field=1)
    desk.copied(0, NOW - 30, tenant, accepted=40, stored=40)
    desk.copied(0, NOW - 4, tenant, accepted=6, stored=6)  # in both: Redis has it still
    await desk.count(one, NOW - 4, stranger, accepted=1000, stored=1000)
    desk.copied(0, NOW - 30, stranger, accepted=1000)
    found = await desk.of(tenant)
    assert (found["project"], found["durability"], found["rejected_waiting"]) == (tenant.id, "disk", 0)
    minutes = found["rates"]["minutes"]
    assert [row["minute"] for row in minutes][0::59] == [
        moment.text((int(moment.parse(found["now"]) or 0) // 60_000 - ago) * 60_000) for ago in (59, 0)
    ]
    told = {row["minute"]: row for row in minutes if row["accepted"]}
    assert list(told) == [moment.text((NOW - ago) * 60_000) for ago in (30, 4)]
    assert told[moment.text((NOW - 4) * 60_000)] == {
        "minute": moment.text((NOW - 4) * 60_000),
        "accepted": 7,
        "duplicate": 2,
        "stored": 6,
        "rejected": 1,
        "refused": 8,
    }
    totals = found["rates"]["totals"]
    assert totals.pop("since").endswith(":00:00Z")
    assert totals == {"accepted": 47, "duplicate": 2, "stored": 46, "rejected": 1}


async def test_totals_run_on_from_answer_to_answer(desk: Desk, tenant: Tenant) -> None:
    await desk.count(desk.books[0], NOW, tenant, accepted=5)
    first = (await desk.of(tenant))["rates"]["totals"]
    await desk.count(desk.books[0], NOW, tenant, accepted=3, stored=8)
    second = (await desk.of(tenant))["rates"]["totals"]
    assert second == {**first, "accepted": first["accepted"] + 3, "stored": first["stored"] + 8}


async def test_an_operator_sees_the_sums_of_all_or_the_rates_of_one(
    desk: Desk, tenant: Tenant, stranger: Tenant, installed: Install
) -> None:
    for whose, accepted in ((tenant, 5), (stranger, 7)):
        await desk.count(desk.books[0], NOW - 2, whose, accepted=accepted, stored=accepted, refused__internal=0)
        desk.copied(0, NOW - 20, whose, accepted=accepted * 10, stored=accepted * 10)
    await desk.redis.hset(installed.shards[1].counters, "appended", "99")  # type: ignore[misc]  # redis-py 5: awaitable or not
    found = await desk.of_all()
    assert found["project"] is None
    assert [row["accepted"] for row in found["rates"]["minutes"] if row["accepted"]] == [120, 12]
    assert found["rates"]["totals"] == {"since": None, "accepted": 99, "duplicate": 0, "stored": 0, "rejected": 0}
    of_one = await desk.of_all(project=stranger.id)
    assert of_one["project"] == stranger.id
    assert [row["accepted"] for row in of_one["rates"]["minutes"] if row["accepted"]] == [70, 7]
    assert "workers" in of_one


async def test_a_shard_that_nobody_holds_is_an_alarm_for_both(desk: Desk, tenant: Tenant, installed: Install) -> None:
    await desk.redis.set(installed.shards[0].lease, "host-of-ours:42:abc")
    for found, remedy in ((await desk.of(tenant), "Tell whoever"), (await desk.of_all(), "A dead worker's shards")):
        (alarm,) = [one for one in found["alarms"] if one["name"] == "shard_without_worker"]
        assert (alarm["state"], alarm["message"]) == ("fail", "No worker holds shard 1: 0 events wait there.")
        assert alarm["remedy"].startswith(remedy)
        assert abs((moment.parse(alarm["since"]) or 0) - moment.now_ms()) < 60_000
        assert [one["held"] for one in found["shards"]] == [True, False]


async def test_hosts_workers_and_reasons_are_for_operators_alone(
    desk: Desk, tenant: Tenant, installed: Install
) -> None:
    now = moment.now_ms()
    await desk.redis.set(installed.shards[0].lease, "host-of-ours:42:abc")
    beat = {"id": "host-of-ours:42:abc", "pid": 42, "host": "host-of-ours", "started_at": now, "seen_at": now}
    said = {**beat, "shards": [0], "state": "halted", "problem": "of someone's event", "moved_at": now}
    await desk.redis.hset(WORKERS, beat["id"], orjson.dumps(said))  # type: ignore[misc, arg-type]  # redis-py 5
    await halt.announce(desk.redis, installed.shards[0], Halt(0, now, "1-0", "of someone's event"))
    found = await desk.of_all()
    assert found["shards"][0]["owner"] == "host-of-ours:42:abc"
    assert found["shards"][1]["owner"] is None
    (worker,) = found["workers"]
    assert (worker["host"], worker["shards"], worker["healthy"], worker["state"]) == (
        "host-of-ours",
        [0],
        True,
        "halted",
    )
    assert found["halted"] == [
        {"shard": 0, "since": found["halted"][0]["since"], "reason": "of someone's event"},
    ]
    assert found["redis"]["policy"] == "noeviction"
    assert found["redis"]["used_bytes"] > 0
    assert found["clickhouse"]["reachable"] is True
    own = await desk.service.ask("/api/v1/pipeline", tenant.bearer(Kind.QUERY))
    assert b"host-of-ours" not in own.raw
    assert b"someone" not in own.raw
    assert not {"workers", "redis", "clickhouse", "halted"} & own.body["data"].keys()


async def test_a_ledger_that_does_not_balance_is_told_to_its_project_and_to_operators(
    desk: Desk, tenant: Tenant, stranger: Tenant
) -> None:
    await desk.count(desk.books[0], NOW - 5, tenant, accepted=5, stored=4)
    assert [one["name"] for one in (await desk.of(tenant))["alarms"] if one["name"] == "ledger"] == ["ledger"]
    assert [one["name"] for one in (await desk.of(stranger))["alarms"] if one["name"] == "ledger"] == []
    (alarm,) = [one for one in (await desk.of_all())["alarms"] if one["name"] == "ledger"]
    assert alarm["message"].startswith(f"The ledger of project {tenant.id} does not balance")
    assert alarm["since"] == moment.text((NOW - 5) * 60_000)


async def test_while_clickhouse_is_away_what_redis_has_is_shown(unstored: Desk, tenant: Tenant) -> None:
    await unstored.count(unstored.books[0], NOW - 2, tenant, accepted=5)
    await unstored.count(unstored.books[1], NOW - 2, tenant, accepted=5)
    await unstored.count(REFUSALS, NOW - 9, tenant, refused__internal=1)
    for found in (await unstored.of(tenant), await unstored.of_all()):
        assert found["rejected_waiting"] is None
        assert [row["accepted"] for row in found["rates"]["minutes"]][:2] == [10, 0]
    assert found["clickhouse"]["reachable"] is False
    (alarm,) = [one for one in found["alarms"] if one["name"] == "clickhouse_away"]
    assert "Events are still taken" in alarm["message"]


async def test_another_s_project_and_an_unknown_parameter_are_refused(
    desk: Desk, tenant: Tenant, stranger: Tenant
) -> None:
    for params, status in (({"project": stranger.id}, 403), ({"period": "1h"}, 400)):
        assert (await desk.service.ask("/api/v1/pipeline", tenant.bearer(Kind.QUERY), params)).status == status
    assert (await desk.of(tenant, project=tenant.id))["project"] == tenant.id
