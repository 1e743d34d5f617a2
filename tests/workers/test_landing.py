"""Entries -> rows, with all that is rejected on the way, on real stores."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import halt
from ingest_api.halt import Halt
from ingest_api.projects import tombstones
from ingest_api.projects.secret import secret
from ingest_api.stream import Install, Redis, Shard, fcall
from tests.workers.entries import event
from tests.workers.putting import BAD_FRAME, IMPOSSIBLE, NOT_JSON, UNREADABLE, put, put_frame
from tests.workers.test_isolate import MEMORY, killer
from workers import verdict
from workers.batch import Batch, span
from workers.errors import Fenced, Halted
from workers.landing import Landing
from workers.reference import References
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source
from workers.verdict import Verdict

pytestmark = pytest.mark.stack

MANY = (1_000_000, 1_000_000_000, 0)


async def once(_part: str, call: Callable[[], Awaitable[Any]]) -> Any:
    """Nothing is away here."""
    return await call()


class Bench:
    """Shard 0 and whoever owns it."""

    def __init__(self, redis: Redis, shard: Shard, sink: Sink, settings: Settings) -> None:
        self.redis, self.shard, self.sink, self.settings = redis, shard, sink, settings
        self.source = Source(redis, shard, 0)

    async def own(self) -> Source:
        """A worker that starts anew, as after a crash."""
        await self.redis.delete(self.shard.lease)
        epoch = await fcall(self.redis, "lease", [self.shard.lease, self.shard.epoch], "me", 60_000)
        self.source = Source(self.redis, self.shard, epoch)
        return self.source

    async def store(self, **settings: int) -> Batch:
        """Take what is there and store it, as a worker that starts anew; nothing is committed."""
        source = await self.own()
        entries, _ = await source.take(*MANY)
        landing = Landing(source, self.sink, self.settings.model_copy(update=settings), References(self.redis), once)
        return await landing.store(entries, span([entry_id.decode() for entry_id, _ in entries]))


@pytest.fixture
async def bench(redis: Redis, made: Install, settings: Settings, warehouse: AsyncClient) -> AsyncIterator[Bench]:
    """A bench on empty stores."""
    sink = Sink(settings.clickhouse_url, made.id, 10)
    yield Bench(redis, made.shards[0], sink, settings)
    await sink.close()


async def rows(warehouse: AsyncClient) -> dict[str, list[int]]:
    """The numbers of the events of every physical row, by table."""
    found = {}
    for table in ("events", "rejected_events"):
        ids = (await warehouse.query(f"SELECT toString(event_id) FROM {table}")).result_rows
        found[table] = sorted(int(one[0][-4:], 16) for one in ids)
    return found


async def test_each_cause_is_rejected_under_its_name_and_the_neighbours_are_stored(
    bench: Bench, warehouse: AsyncClient
) -> None:
    await put(bench.redis, bench.shard, [event(1), NOT_JSON, IMPOSSIBLE, UNREADABLE, event(2)])
    await put_frame(bench.redis, bench.shard, BAD_FRAME, 7)
    await put(bench.redis, bench.shard, [event(3)])
    batch = await bench.store()
    assert [one.event_id[-1] for one in batch.events] == [1, 2, 3]
    found = await warehouse.query("SELECT splitByChar(':', reason)[1], kind, project, events FROM rejected_events")
    assert sorted(map(tuple, found.result_rows)) == [
        ("ClickHouse INCORRECT_DATA", "event", "demo", 1),
        ("event", "event", "demo", 1),
        ("frame", "frame", "demo", 7),
        ("impossible", "event", "demo", 1),
    ]


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_batch_that_comes_again_is_stored_as_it_was_however_often(
    bench: Bench, warehouse: AsyncClient, times: int
) -> None:
    await put(bench.redis, bench.shard, [event(1), NOT_JSON, event(2), UNREADABLE])
    for _ in range(times):
        await bench.store(isolate_after=100)
    assert await rows(warehouse) == {"events": [1, 2], "rejected_events": [901, 903]}


async def test_what_one_build_set_aside_stays_so_for_the_next_that_could_read_it(
    bench: Bench, warehouse: AsyncClient
) -> None:
    entry_id = await put(bench.redis, bench.shard, [event(1), event(2)])
    source = await bench.own()
    await source.take(*MANY)
    older = Verdict(span([entry_id]), 0, {f"{entry_id}:1": "event: an older build cannot read it"})
    await source.judge(b"", verdict.encode(older))
    for _ in range(2):
        batch = await bench.store(isolate_after=100)
        assert [one.reason for one in batch.rejected] == ["event: an older build cannot read it"]
    assert await rows(warehouse) == {"events": [1], "rejected_events": [2]}


async def test_more_that_proves_to_be_bad_is_added_to_a_verdict_and_no_row_is_dropped_for_it(
    bench: Bench, warehouse: AsyncClient
) -> None:
    entry_id = await put(bench.redis, bench.shard, [event(1), event(2), NOT_JSON, event(3)])
    source = await bench.own()
    await source.take(*MANY)
    await source.judge(b"", verdict.encode(Verdict(span([entry_id]), 0, {f"{entry_id}:0": "earlier"})))
    await bench.store()
    stored = await rows(warehouse)
    assert stored == {"events": [2, 3], "rejected_events": [1, 901]}
    raw, _ = await bench.source.standing()
    assert verdict.standing(raw, span([entry_id])) is not None
    assert list(verdict.standing(raw, span([entry_id])).aside) == [f"{entry_id}:0", f"{entry_id}:2"]  # type: ignore[union-attr]  # asserted above


async def test_the_verdict_of_an_earlier_batch_says_nothing(bench: Bench, warehouse: AsyncClient) -> None:
    await bench.redis.set(bench.shard.verdict, verdict.encode(Verdict("1-0:1-0:1", 3, {"1-0": "gone"})))
    await put(bench.redis, bench.shard, [event(1), UNREADABLE])
    await bench.store()
    assert await rows(warehouse) == {"events": [1], "rejected_events": [903]}


async def test_an_owner_that_lost_the_shard_judges_nothing(bench: Bench) -> None:
    old = await bench.own()
    await bench.own()
    for call in (old.standing(), old.judge(b"", b"{}")):
        with pytest.raises(Fenced):
            await call
    assert not await bench.redis.exists(bench.shard.verdict)


async def test_a_batch_that_the_breaker_stops_leaves_nothing_behind_until_it_is_allowed(
    bench: Bench, warehouse: AsyncClient
) -> None:
    bad = [event(number, properties=b"not json") for number in range(10)]
    entry_id = await put(bench.redis, bench.shard, [*bad, event(20)])
    for _ in range(2):
        with pytest.raises(Halted, match="more than 5 of 11 events would be rejected, such as: ClickHouse"):
            await bench.store(breaker_events=5)
    assert await rows(warehouse) == {"events": [], "rejected_events": []}
    assert not await bench.redis.exists(bench.shard.verdict)
    assert (await bench.redis.xpending(bench.shard.frames, "workers"))["pending"] == 1
    await halt.allow(bench.redis, bench.shard, Halt(0, 1, span([entry_id]), ""))
    await bench.store(breaker_events=5)
    assert await rows(warehouse) == {"events": [20], "rejected_events": list(range(10))}


async def test_an_entry_that_kills_is_set_aside_at_the_third_hand_out_and_its_neighbours_are_stored(
    bench: Bench, warehouse: AsyncClient
) -> None:
    await put(bench.redis, bench.shard, [event(1)])
    _, fields = killer("0-0")
    assert fields is not None
    await put_frame(bench.redis, bench.shard, fields[1], 1)
    await put(bench.redis, bench.shard, [event(2)])
    for _ in range(2):  # two workers died of it
        await (await bench.own()).take(*MANY)
    batch = await bench.store(isolate_bytes=MEMORY)
    assert [one.kind for one in batch.rejected] == ["frame"]
    assert batch.rejected[0].raw == fields[1]
    assert await rows(warehouse) == {"events": [1, 2], "rejected_events": [0]}
    again = await bench.store(isolate_bytes=MEMORY)
    assert (again.span, len(again.events)) == (batch.span, 2)
    assert await rows(warehouse) == {"events": [1, 2], "rejected_events": [0]}


async def test_a_batch_handed_out_often_without_a_killer_is_the_same_batch_with_the_same_token(
    bench: Bench, warehouse: AsyncClient
) -> None:
    await put(bench.redis, bench.shard, [event(1), event(2)])
    for _ in range(5):
        await bench.store()
    assert await rows(warehouse) == {"events": [1, 2], "rejected_events": []}


async def test_what_was_put_back_by_hand_and_is_still_bad_passes_the_breaker(
    bench: Bench, warehouse: AsyncClient
) -> None:
    bad = [event(number, properties=b"not json") for number in range(10)]
    await put(bench.redis, bench.shard, bad, redriven=True)
    await bench.store(breaker_events=5, breaker_run=5)
    assert await rows(warehouse) == {"events": [], "rejected_events": list(range(10))}


async def test_what_is_rejected_after_it_may_have_been_stored_is_in_both_tables_and_doubled_in_none(
    bench: Bench, warehouse: AsyncClient
) -> None:
    # The bound: a build that reads less comes after one that stored the whole batch and died before the commit.
    entry_id = await put(bench.redis, bench.shard, [event(1), event(2)])
    await bench.store()
    less = Verdict(span([entry_id]), 0, {f"{entry_id}:1": "event: an older build cannot read it"})
    await bench.source.judge(b"", verdict.encode(less))
    await bench.store()
    assert await rows(warehouse) == {"events": [1, 2], "rejected_events": [2]}


async def test_a_clean_batch_needs_no_verdict(bench: Bench) -> None:
    await put(bench.redis, bench.shard, [event(1)])
    await bench.store()
    assert not await bench.redis.exists(bench.shard.verdict)


async def test_what_was_set_aside_and_is_erased_since_leaves_the_rest_under_its_token(
    bench: Bench, warehouse: AsyncClient
) -> None:
    await put(bench.redis, bench.shard, [event(1), event(901, properties=b"not json", user_id="ada"), NOT_JSON])
    await bench.store(isolate_after=100)  # and ended before the commit
    await warehouse.command("SYSTEM STOP MERGES events")
    stone = tombstones.stone(await secret(bench.redis), "demo", event(901).received_at, users=["ada"])
    await tombstones.put(bench.redis, stone)
    for _ in range(2):
        batch = await bench.store(isolate_after=100)
        assert [position.index for position in batch.erased] == [1]
    found = await rows(warehouse)
    await warehouse.command("SYSTEM START MERGES events")
    assert found["events"] == [1]
