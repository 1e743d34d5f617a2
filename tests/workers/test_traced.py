"""What an entry says of traces: found by the batch, harmless to everything else, kept wherever entries are copied."""

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry, Counter

from ingest_api import frame
from ingest_api.projects import tombstones
from ingest_api.stream import Install, Redis
from ingest_api.traces import tracing
from ingest_api.traces.tracing import Context
from tests.collector import collecting
from tests.workers.entries import entry, event
from workers import kept, traced
from workers.backups import cut
from workers.batch import Entry, decode
from workers.erasing.mend import Mending
from workers.forgotten import Forgotten

ABOVE = Context(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)
FIELD = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7")
SECRET = b"s" * 32


def told(one: Entry, field: bytes = FIELD) -> Entry:
    """An entry that says so."""
    entry_id, flat = one
    return entry_id, [*(flat or ()), b"t", field]


def test_the_contexts_of_a_batch_are_those_of_its_entries() -> None:
    entries = [told(entry("1-0", [event(1)])), entry("2-0", [event(2)]), (b"3-0", None), told(entry("4-0", [event(3)]))]
    assert traced.contexts(entries) == [ABOVE, ABOVE]
    assert traced.contexts([told(entry("1-0", [event(1)]), b"rubbish")]) == []
    many = [told(entry(f"{number}-0", [event(number)]), FIELD * tracing.MOST) for number in range(1, 100)]
    assert len(traced.contexts(many)) == traced.MAX_LINKS


def test_a_batch_is_the_same_with_and_without_them() -> None:
    plain: Sequence[Entry] = [entry("1-0", [event(1), event(2), event(3)], skip=b"\x00\x01")]
    assert decode(0, [told(one) for one in plain]) == decode(0, plain)


@pytest.mark.stack
async def test_a_batch_without_them_has_no_span(made: Install) -> None:
    spans = Counter("spans_total", "Spans", ["outcome"], registry=CollectorRegistry())
    async with collecting() as collector:
        tracing.set_up(collector.url, "tests", spans)
        shard = made.shards[0]
        with traced.batch(shard, [entry("1-0", [event(1)])]):
            assert tracing.trace_id() == ""
        with traced.batch(shard, [entry("1-0", [event(1)]), told(entry("2-0", [event(2)]))]):
            assert tracing.trace_id() != ""
        await asyncio.to_thread(tracing.close)
        (batch,) = collector.spans
        assert batch.links == [(FIELD[:16].hex(), FIELD[16:].hex())]
        assert (batch.attributes["headrace.batch"], batch.attributes["headrace.shard"]) == ("1-0:2-0:2", 0)


@pytest.mark.stack
async def test_they_are_kept_where_an_entry_is_mended_or_put_back(redis: Redis, made: Install) -> None:
    shard = made.shards[0]
    for number, user in enumerate(("ada", "bob"), start=1):
        packed, size = frame.encode([event(number, user_id=user), event(number + 10, user_id="bob")])
        fields: dict[str, str | int | bytes] = {"f": packed, "n": 2, "b": size, "p": "demo\0002", "t": FIELD}
        await redis.xadd(shard.frames, fields, id=f"{number}-0")  # type: ignore[arg-type]  # redis-py 5: invariant
    await redis.set(shard.floor, "2-0")
    stone = tombstones.stone(SECRET, "demo", 1_795_000_900_000, users=["ada"])
    assert sum([count async for count in Mending(Forgotten([stone], SECRET)).mend(redis, shard)]) == 1
    entries, _ = await kept.page(redis, shard, "-", "+", 10)
    assert traced.contexts(entries) == [ABOVE, ABOVE]
    await redis.xtrim(shard.frames, maxlen=0, approximate=False)
    await redis.delete(shard.mended)
    await cut.write_entries(redis, shard, entries)
    assert (await kept.page(redis, shard, "-", "+", 10))[0] == entries
