"""What ClickHouse is asked, on the real engine."""

import pytest

from tests.workers.entries import batch, event
from tests.workers.history import MINUTE, History
from tests.workers.putting import BAD_FRAME, NOT_JSON
from workers.batch import Position, Rejected
from workers.errors import NotNow
from workers.inventory import Inventory

pytestmark = pytest.mark.stack

#: long ago for a stream, and a whole minute
THEN = 1_795_000_020_000
HOUR = 3_600_000
ODD = {"name": "it's \\ \"odd\" \n\t\0 \\N ['x'] %(x)s {y:String} ü", "project": "other"}


@pytest.fixture
async def inventory(history: History, clickhouse_url: str) -> Inventory:
    """Two stored events, one rejected, and a rejected frame."""
    await history.append(2, f"{THEN}-0", [event(1), event(2, **ODD), NOT_JSON])
    await history.append_frame(2, f"{THEN + MINUTE}-4", BAD_FRAME, 3)
    await history.drain()
    return Inventory(clickhouse_url, 10)


async def test_events_are_told_from_those_that_have_no_row(inventory: Inventory) -> None:
    asked = [event(1), event(2), event(2, **ODD), event(3), event(1, name="another")]
    assert await inventory.lacks(asked) == [False, True, False, True, True]
    assert await inventory.lacks([]) == []
    await inventory.close()


async def test_rows_of_one_hour_are_one_and_rows_of_two_are_two(inventory: Inventory) -> None:
    at = event(1).occurred_at
    first = at // HOUR * HOUR
    moved = [event(1, occurred_at=ms) for ms in (first, first + HOUR - 1, first - 1, first + HOUR)]
    assert await inventory.lacks(moved) == [False, False, True, True]
    await inventory.close()


async def test_many_events_are_asked_for(inventory: Inventory) -> None:
    many = [event(i, name=f"name {i % 3000} {'x' * 200}") for i in range(10, 25_000)]
    lacks = await inventory.lacks([event(1), *many, event(1)])
    assert (lacks[0], lacks[-1], sum(lacks)) == (False, False, len(many))
    await inventory.close()


async def test_what_was_set_aside_is_named_by_its_place(inventory: Inventory) -> None:
    aside = await inventory.set_aside(2, THEN, THEN + MINUTE)
    assert set(aside) == {f"{THEN}-0:2", f"{THEN + MINUTE}-4"}
    assert all(aside.values())
    assert await inventory.set_aside(2, THEN + 1, THEN + MINUTE - 1) == {}
    assert await inventory.set_aside(1, THEN, THEN + MINUTE) == {}
    await inventory.close()


async def test_only_what_is_missing_stays_in_a_batch(inventory: Inventory) -> None:
    one = batch([event(1), event(4), event(5), event(6, occurred_at=9)])
    one.rejected += [
        Rejected(Position(1000, 0, 7), "known", b""),
        Rejected(Position(1000, 0, 8), "new", b""),
        Rejected(Position(8, 0, 8), "old", b"", project="demo"),
    ]
    aside = {"1000-0:2": "why", "1000-0:7": "why"}
    assert await inventory.keep_missing(one, aside, {"demo": 500, "other": 10**15}) == 1
    assert [found.event_id[-1] for found in one.events] == [4]
    assert [position.index for position in one.positions] == [1]
    assert [found.reason for found in one.rejected] == ["new"]
    whole = batch([event(4), event(5)])
    await inventory.keep_missing(whole, {"1000-0": "the whole frame"}, {})
    assert whole.events == []
    await inventory.close()


async def test_rows_are_counted_by_shard_and_minute(inventory: Inventory) -> None:
    minute = THEN // MINUTE
    assert await inventory.counts(minute, minute + 2) == {(2, minute): 3, (2, minute + 1): 3}
    assert await inventory.counts(minute + 1, minute + 2) == {(2, minute + 1): 3}
    await inventory.close()


async def test_a_clickhouse_that_is_away_is_asked_again_later() -> None:
    with pytest.raises(NotNow):
        await Inventory("http://u:p@127.0.0.1:1/", 5).counts(0, 1)
