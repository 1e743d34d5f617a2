"""A shard at one moment, read and put back: entries with their ids, counters, books, keys that are remembered."""

from typing import Any, cast

import pytest

from ingest_api.ledger import Book
from ingest_api.moment import now_ms
from ingest_api.stream import GROUP, Install, Redis, fcall
from tests.appending import append
from tests.workers.desk import stamped
from tests.workers.entries import event
from tests.workers.history import History
from workers import kept
from workers.backups import cut
from workers.errors import NotNow
from workers.source import trim

pytestmark = pytest.mark.stack


async def dumped(redis: Redis, made: Install) -> dict[bytes, object]:
    """What the shard holds: entries, counters, floor, books, index."""
    shard, client = made.shards[0], cast("Any", redis)  # redis-py 5 types each answer as awaitable or not
    plain = {key: await redis.type(key) async for key in redis.scan_iter(match="{s00}:*")}
    found: dict[bytes, object] = {key: await client.hgetall(key) for key, kind in plain.items() if kind == b"hash"}
    found |= {key: await redis.get(key) for key, kind in plain.items() if kind == b"string" and b"copied" in key}
    found[b"frames"] = await redis.xrange(shard.frames)
    found[b"floor"] = await redis.get(shard.floor)
    info = await redis.xinfo_stream(shard.frames)
    found[b"info"] = [info[name] for name in ("length", "last-generated-id", "entries-added", "max-deleted-entry-id")]
    return found


async def test_a_shard_is_put_back_as_it_stood(history: History, redis_url: str) -> None:
    redis, made = history.redis, history.made
    shard = made.shards[0]
    now = now_ms()
    await history.append(0, f"{now - 9_000_001}-0", [event(1)])
    await history.append(0, f"{now - 9_000_000}-0", [event(2)])
    await history.drain()
    assert await trim(redis, shard, 60) == 1
    keyed = [stamped(i, "demo", f"key {i}", occurred_at=now) for i in range(40)]
    await append(redis_url, made, keyed)
    await history.drain()
    await history.append(0, f"{now + 60_000}-0", [event(3), event(4), event(5)])
    one = await cut.take(redis, made, shard)
    entries = [some async for some in cut.behind(redis, shard, one)]
    entries += [some async for some in cut.waiting(redis, shard, one)]
    index = [bucket async for bucket in cut.index(redis, made, shard, now_ms())]
    assert cut.events_of(entries[-1]) == 3
    before = await dumped(redis, made)
    assert any(b"index" in key for key in before)
    assert any(b"ledger" in key for key in before)
    await cut.clear(redis, shard)
    assert [key async for key in redis.scan_iter(match="{s00}:*")] == []
    for some in entries:
        await cut.write_entries(redis, shard, some)
    for bucket in index:
        await cut.write_index(redis, bucket)
    await cut.write(redis, shard, one)
    assert await dumped(redis, made) == before
    there = await kept.look(redis, shard)
    assert not there.whole, "something was trimmed, which must not be forgotten"
    (group,) = await redis.xinfo_groups(shard.frames)
    assert (group["name"], group["last-delivered-id"].decode(), group["pending"]) == (GROUP.encode(), one.floor, 0)
    epoch = await fcall(redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
    taken, _ = await fcall(redis, "take", [shard.frames, shard.epoch], epoch, 1000, 1 << 20, 0)
    assert [entry_id for entry_id, _ in taken] == [entries[-1][-1][0]]


async def test_what_was_trimmed_before_it_was_read_is_told(history: History) -> None:
    shard = history.made.shards[0]
    await history.append(0, "1795000000000-0", [event(1)])
    await history.append(0, "1795000000001-0", [event(2)])
    one = await cut.take(history.redis, history.made, shard)
    await history.redis.xdel(shard.frames, "1795000000000-0")
    with pytest.raises(NotNow, match="short of memory"):
        _ = [some async for some in cut.waiting(history.redis, shard, one)]
    await history.redis.xtrim(shard.frames, maxlen=0, approximate=False)
    with pytest.raises(NotNow, match="short of memory"):
        _ = [some async for some in cut.waiting(history.redis, shard, one)]


async def test_a_book_is_put_back(redis: Redis) -> None:
    book, minute = Book("headrace:refused"), now_ms() // 60_000
    assert await cut.pages_of(redis, book) == cut.Pages(None, {})
    await redis.set(book.cursor, minute - 3)
    await cast("Any", redis).hset(book.minute(minute - 2), "demo:refused:invalid", 7)
    pages = await cut.pages_of(redis, book)
    assert pages == cut.Pages(minute - 3, {minute - 2: {b"demo:refused:invalid": b"7"}})
    await redis.flushall()
    await cut.write_pages(redis, book, pages)
    assert await cut.pages_of(redis, book) == pages
