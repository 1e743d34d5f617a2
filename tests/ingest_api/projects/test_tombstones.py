"""Tombstones: marks that tell nothing, and what is kept of them in Redis."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.projects import tombstones
from ingest_api.stream import Redis

SECRET = b"s" * 32


@given(st.lists(st.binary(max_size=20)))
def test_marks_are_each_once_and_can_be_told_apart(values: list[bytes]) -> None:
    key = tombstones.key(SECRET, "shop", "user")
    found = tombstones.split(tombstones.marks(key, values))
    assert set(found) == {tombstones.mark(key, value) for value in values}
    assert len(found) == len(set(values))


def test_a_mark_is_what_clickhouse_computes_too_and_differs_by_secret_project_and_kind() -> None:
    key = tombstones.key(SECRET, "shop", "user")
    assert tombstones.mark(key, b"ada") == hashlib.sha256(key + b"ada").digest()[:16]
    others = [(b"t", "shop", "user"), (SECRET, "shop2", "user"), (SECRET, "shop", "client")]
    assert len({key, *(tombstones.key(*one) for one in others)}) == 4


@pytest.mark.stack
async def test_a_tombstone_is_kept_without_whom_it_is_about(redis: Redis) -> None:
    assert (await tombstones.read(redis), await tombstones.get(redis, "none")) == ((), None)
    first = tombstones.stone(SECRET, "shop", 5, users=["ada-lovelace"], clients=["client-1815"], events=[b"e" * 16])
    second = tombstones.stone(SECRET, "shop", 4, time=(1, 2, "buy"))
    for stone in (first, second):
        await tombstones.put(redis, stone)
    assert await tombstones.read(redis) == (second, first)
    assert await tombstones.get(redis, first.id) == first
    kept = b"".join(await redis.hvals(tombstones.TOMBSTONES))  # type: ignore[misc]  # redis-py 5: awaitable or not
    assert not any(trace in kept for trace in (b"ada-lovelace", b"client-1815", b"e" * 16))


@pytest.mark.stack
async def test_what_was_found_is_remembered_for_a_while_and_every_change_counts(redis: Redis) -> None:
    stone = tombstones.stone(SECRET, "shop", 5, users=["ada"])
    await tombstones.put(redis, stone)
    grown = msgspec.structs.replace(stone, found=b"x" * 32)
    await tombstones.put(redis, grown)
    assert await tombstones.read(redis) == (grown,)
    assert await redis.get(tombstones.VERSION) == b"2"
    key = f"{tombstones.TOMBSTONES}:{stone.id}:found"
    assert 0 < await redis.ttl(key) <= tombstones.REMEMBERED_SECONDS
    await redis.delete(key)
    assert await tombstones.read(redis) == (stone,)
