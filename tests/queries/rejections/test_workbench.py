"""Rejected events: seen by their cause, put back once, and told of halted shards."""

import asyncio
import secrets
import uuid
from typing import Any

import msgspec
import orjson
import pytest
from clickhouse_connect.driver.client import Client

from ingest_api import frame, halt, redrive
from ingest_api.event import Event
from ingest_api.halt import Halt
from ingest_api.progress import read_progress
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Install, Redis, Shard, fcall
from tests.queries.conftest import Answer, Service, Tenant
from tests.waiting import until
from workers import verdict
from workers.batch import span
from workers.drain import Drain
from workers.reference import References
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source
from workers.verdict import Verdict

pytestmark = pytest.mark.stack


class Bench:
    """A tenant's events on their way, and an operator."""

    def __init__(self, redis: Redis, made: Install, tenant: Tenant, service: Service, warehouse: Client) -> None:
        self.redis, self.made, self.tenant, self.service, self.warehouse = redis, made, tenant, service, warehouse
        self.admin = ""

    def event(self, **fields: Any) -> Event:
        known = {"event_id": uuid.uuid4().bytes, "project": self.tenant.id, "name": "signup"}
        return Event(**{**known, "occurred_at": 1_795_000_000_000, "received_at": 1_795_000_000_000, **fields})

    async def put(self, events: list[Event], packed: bytes = b"", older: str = "") -> list[str]:
        """One frame into shard 0. With `older`, a build that could read none of it has judged it."""
        shard: Shard = self.made.shards[0]
        packed = packed or frame.encode(events)[0]
        fields: Any = {"f": packed, "n": len(events), "b": len(packed), "p": f"{self.tenant.id}\0{len(events)}"}
        entry_id = (await self.redis.xadd(shard.frames, fields)).decode()
        await self.redis.hincrby(shard.counters, "appended", len(events))  # type: ignore[misc]  # redis-py 5
        if older:
            places = [entry_id] if older.startswith("frame") else [f"{entry_id}:{i}" for i in range(len(events))]
            aside = Verdict(span([entry_id]), 0, dict.fromkeys(places, older))
            await self.redis.set(shard.verdict, verdict.encode(aside))
        return [f"evt_{one.event_id.hex()}" for one in events]

    async def drain(self, settings: Settings) -> None:
        """Until everything has an end."""
        sink = Sink(settings.clickhouse_url, self.made.id, 10)
        drains = []
        for shard in self.made.shards:
            await self.redis.delete(shard.lease)
            epoch = await fcall(self.redis, "lease", [shard.lease, shard.epoch], secrets.token_hex(4), 60_000)
            drains.append(Drain(Source(self.redis, shard, epoch), sink, settings, References(self.redis)))
        running = [asyncio.ensure_future(drain.run()) for drain in drains]

        async def settled() -> bool:
            return all(shard.waiting == 0 for shard in await read_progress(self.redis, self.made))

        await until(settled)
        for drain in drains:
            drain.stop()
        await asyncio.gather(*running)
        await sink.close()

    async def order(self, path: str, **order: Any) -> Answer:
        return await self.service.ask(f"/api/v1{path}", self.admin, method="POST", data=orjson.dumps(order))

    async def redrive(self, **order: Any) -> Any:
        """What is left of the answer besides the moment."""
        answer = await self.order("/redrive", **{"project": self.tenant.id, **order})
        assert answer.status == 200, answer.raw
        assert answer.body["data"].pop("before") > 0
        return answer.body["data"] | {"before": None}

    async def groups(self, **params: Any) -> list[dict[str, Any]]:
        answer = await self.service.ask("/api/v1/rejected", self.tenant.bearer(Kind.QUERY), params)
        assert answer.status == 200, answer.raw
        found: list[dict[str, Any]] = answer.body["data"]["groups"]
        return found

    def stored(self) -> list[str]:
        """The ids of every physical row."""
        query = "SELECT concat('evt_', lower(hex(event_id))) FROM events WHERE project = {project:String}"
        rows = self.warehouse.query(query, parameters={"project": self.tenant.id}).result_rows
        return sorted(row[0] for row in rows)


def did(redriven: int, already: int = 0, events: int = 0, left: int = 0) -> dict[str, Any]:
    """The answer of a redrive."""
    counts = {"redriven": redriven, "already": already, "events": events or redriven + already, "left": left}
    return counts | {"before": None}


@pytest.fixture
async def bench(redis: Redis, installed: Install, tenant: Tenant, service: Service, warehouse: Client) -> Bench:
    """Nothing is on its way yet."""
    one = Bench(redis, installed, tenant, service, warehouse)
    _, token = await Projects(redis).create_key("", Kind.ADMIN)
    one.admin = f"Bearer {token}"
    return one


@pytest.fixture
def settings(redis_url: str, clickhouse_url: str) -> Settings:
    """A worker that does not linger and never halts."""
    return Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, linger_ms=0, breaker_events=100_000,
                    breaker_run=100_000)  # fmt: skip


async def test_rejected_events_are_grouped_by_their_cause(bench: Bench, settings: Settings) -> None:
    bad = [bench.event(properties=b"no json %d" % number) for number in range(3)]
    await bench.put([*bad, bench.event(name="login", occurred_at=10**15), bench.event()])
    await bench.drain(settings)
    groups = {one["name"]: one for one in await bench.groups()}
    assert groups.keys() == {"signup", "login"}
    signup = groups["signup"]
    assert (signup["rows"], signup["events"], signup["redriven"], signup["kind"]) == (3, 3, 0, "event")
    assert signup["reason"].startswith("ClickHouse INCORRECT_DATA: Cannot parse JSON")
    assert signup["project"] == bench.tenant.id
    assert signup["first_seen"] <= signup["last_seen"]
    assert groups["login"]["reason"].startswith("impossible: ")


async def test_samples_can_be_read_and_their_bytes_seen(bench: Bench, settings: Settings) -> None:
    one = bench.event(properties=b"no json")
    await bench.put([one])
    await bench.drain(settings)
    (group,) = await bench.groups()
    answer = await bench.service.ask(f"/api/v1/rejected/{group['fingerprint']}", bench.tenant.bearer(Kind.QUERY))
    (sample,) = answer.body["data"]["samples"]
    assert (sample["event_id"], sample["redriven_at"]) == (f"evt_{one.event_id.hex()}", None)
    assert sample["readable"]["properties"] == "no json"
    assert bytes.fromhex(sample["hex"]) == msgspec.msgpack.encode(one)
    assert sample["size"] == len(msgspec.msgpack.encode(one))


async def test_a_stranger_s_key_sees_nothing_of_it_and_an_admin_s_sees_all(
    bench: Bench, stranger: Tenant, settings: Settings
) -> None:
    await bench.put([bench.event(properties=b"no json")])
    await bench.drain(settings)
    (group,) = await bench.groups()
    path = f"/api/v1/rejected/{group['fingerprint']}"
    theirs = stranger.bearer(Kind.QUERY)
    assert (await bench.service.ask("/api/v1/rejected", theirs)).body["data"] == {"groups": [], "halted": []}
    assert (await bench.service.ask(path, theirs)).status == 404
    assert (await bench.service.ask("/api/v1/rejected", theirs, {"project": bench.tenant.id})).status == 403
    assert (await bench.service.ask(path, bench.admin)).status == 200
    every = await bench.service.ask("/api/v1/rejected", bench.admin, {"limit": 1000})
    assert group in every.body["data"]["groups"]


@pytest.mark.parametrize("older", ["event: an older build", "frame: an older build"])
async def test_what_can_be_stored_now_is_stored_once_under_its_id_however_often_it_is_redriven(
    bench: Bench, settings: Settings, older: str
) -> None:
    ids = await bench.put([bench.event() for _ in range(7)], older=older)
    await bench.drain(settings)
    assert bench.stored() == []
    rows = 1 if older.startswith("frame") else 7
    assert await bench.redrive() == did(rows, events=7)
    assert await bench.redrive() == did(0)
    await bench.drain(settings)
    assert await bench.redrive() == did(0)
    await bench.drain(settings)
    assert bench.stored() == sorted(ids)
    assert await bench.groups() == []
    (group,) = await bench.groups(redriven="yes")
    assert (group["rows"], group["redriven"]) == (rows, rows)


async def test_in_the_ledger_what_was_redriven_counts_as_accepted_and_has_an_end(
    bench: Bench, settings: Settings
) -> None:
    for count, older in ((4, "event: an older build"), (2, "frame: an older build")):
        await bench.put([bench.event() for _ in range(count)], older=older)
        await bench.drain(settings)
    assert await bench.redrive() == did(5, events=6)
    await bench.drain(settings)
    answer = await bench.service.ask("/api/v1/ledger", bench.tenant.bearer(Kind.QUERY))
    ledger = answer.body["data"]
    # what was put into the stream by hand was never counted as accepted
    assert (ledger["total"]["accepted"], ledger["total"]["in_flight"], ledger["balanced"]) == (6, 0, True)


async def test_a_redrive_that_was_interrupted_is_finished_and_doubles_nothing(bench: Bench, settings: Settings) -> None:
    ids = await bench.put([bench.event() for _ in range(5)], older="event: an older build")
    await bench.drain(settings)
    query = "SELECT _shard, _stream_ms, _stream_seq, _index, hex(raw), toString(event_id) FROM rejected_events "
    query += "WHERE project = {project:String}"
    rows = bench.warehouse.query(query, parameters={"project": bench.tenant.id}).result_rows
    lying = [
        redrive.Rejected(tuple(row[:4]), bench.tenant.id, uuid.UUID(row[5]).bytes, bytes.fromhex(row[4]))
        for row in rows
    ]
    assert await redrive.put_back(bench.redis, bench.made, lying[:3]) == 3  # and then it was killed
    assert await bench.redrive() == did(2, already=3)
    await bench.drain(settings)
    assert bench.stored() == sorted(ids)


async def test_two_redrives_at_once_put_back_once(bench: Bench, settings: Settings) -> None:
    ids = await bench.put([bench.event() for _ in range(50)], older="event: an older build")
    await bench.drain(settings)
    both = await asyncio.gather(bench.redrive(), bench.redrive())
    assert sum(one["redriven"] for one in both) == 50
    assert [one["left"] for one in both] == [0, 0]
    await bench.drain(settings)
    assert bench.stored() == sorted(ids)


async def test_what_is_still_bad_is_rejected_once_more_and_a_redrive_ends_all_the_same(
    bench: Bench, settings: Settings
) -> None:
    await bench.put([bench.event(properties=b"no json") for _ in range(3)])
    await bench.drain(settings)
    (group,) = await bench.groups()
    answer = await bench.order("/redrive", fingerprint=group["fingerprint"])
    assert answer.body["data"]["redriven"] == 3
    await bench.drain(settings)
    before = answer.body["data"]["before"]
    again = await bench.order("/redrive", fingerprint=group["fingerprint"], before=before)
    assert again.body["data"] == did(0) | {"before": before}
    (once_more,) = await bench.groups()
    assert (once_more["fingerprint"], once_more["rows"]) == (group["fingerprint"], 3)
    (both,) = await bench.groups(redriven="yes")
    assert (both["rows"], both["redriven"]) == (6, 3)
    assert await bench.redrive() == did(3)


async def test_a_large_redrive_goes_by_pages(bench: Bench, settings: Settings) -> None:
    ids = await bench.put([bench.event() for _ in range(10)], older="event: an older build")
    await bench.drain(settings)
    assert [(await bench.redrive(limit=4))["left"] for _ in range(3)] == [6, 2, 0]
    await bench.drain(settings)
    assert bench.stored() == sorted(ids)


async def test_an_order_must_say_what_it_means(bench: Bench) -> None:
    assert (await bench.order("/redrive")).status == 400
    assert (await bench.order("/redrive", everything=True)).status == 400
    assert (await bench.order("/redrive", all=True)).status == 200


async def test_a_halted_shard_is_told_to_admins_and_goes_on_when_one_says_so(bench: Bench) -> None:
    told = Halt(1, 1_795_000_000_000, "1-0:2-0:2", "half of it would be rejected")
    await halt.announce(bench.redis, bench.made.shards[1], told)
    (shown,) = (await bench.service.ask("/api/v1/rejected", bench.admin)).body["data"]["halted"]
    assert (shown["shard"], shown["reason"]) == (1, told.reason)
    assert (await bench.order("/shards/0/allow")).status == 404
    assert (await bench.order("/shards/1/allow", for_seconds=0)).status == 200
    assert await halt.allowed(bench.redis, bench.made.shards[1], told.span)
    assert not await halt.allowed(bench.redis, bench.made.shards[1], "another")
    assert (await bench.order("/shards/1/allow", for_seconds=60)).status == 200
    assert await halt.allowed(bench.redis, bench.made.shards[1], "another")
