"""Who passes when, in turns of a real event loop."""

import asyncio

import pytest

from ingest_api.turnstile import LARGE, LARGE_PER_TURN, SMALL_PER_TURN, Entrance, Turnstile
from tests.ingest_api.conftest import Door

PER_TURN = 100


class Watch:
    """Counts turns of the loop, and notes in which of them somebody passed."""

    def __init__(self) -> None:
        self.turnstile = Turnstile(PER_TURN)
        self.turn = 0
        self.passed: list[tuple[str, int]] = []

    async def send(self, name: str, size: int) -> None:
        """Pass with a body of this size."""
        if (turn := self.turnstile.enter(size)) is not None:
            await turn
        self.passed.append((name, self.turn))

    async def turns(self, count: int) -> None:
        """Let the loop turn so many times."""
        for _ in range(count):
            self.turn += 1
            await asyncio.sleep(0)


async def test_whoever_comes_to_an_open_turnstile_passes_at_once() -> None:
    assert Turnstile(PER_TURN).enter(100 * PER_TURN) is None


async def test_of_many_who_are_here_some_pass_in_each_turn_in_the_order_of_coming() -> None:
    watch = Watch()
    tasks = [asyncio.ensure_future(watch.send(str(number), PER_TURN // 4)) for number in range(20)]
    await watch.turns(20)
    assert all(task.done() for task in tasks)
    assert [name for name, _ in watch.passed] == [str(number) for number in range(20)]
    turns = [turn for _, turn in watch.passed]
    assert all(turns.count(turn) <= 4 for turn in turns)
    assert len(set(turns)) == 5


async def test_a_body_larger_than_a_turn_has_a_turn_of_its_own() -> None:
    watch = Watch()
    tasks = [asyncio.ensure_future(watch.send(str(number), 3 * PER_TURN)) for number in range(4)]
    await watch.turns(10)
    assert all(task.done() for task in tasks)
    assert len({turn for _, turn in watch.passed}) == 4


async def test_who_comes_while_others_wait_passes_after_them() -> None:
    watch = Watch()
    tasks = [asyncio.ensure_future(watch.send(f"early {number}", PER_TURN)) for number in range(4)]
    await watch.turns(2)
    tasks.append(asyncio.ensure_future(watch.send("late", 1)))
    await asyncio.gather(*tasks)
    assert watch.passed[-1][0] == "late"


async def test_one_who_gives_up_holds_up_nobody() -> None:
    watch = Watch()
    tasks = [asyncio.ensure_future(watch.send(str(number), PER_TURN)) for number in range(4)]
    await watch.turns(1)
    for task in tasks[1:3]:
        task.cancel()
    await watch.turns(5)
    assert [name for name, _ in watch.passed] == ["0", "3"]
    await asyncio.wait_for(watch.send("after", PER_TURN), 1)


async def test_small_bodies_wait_for_no_large_ones() -> None:
    entrance = Entrance()
    assert entrance.enter(LARGE_PER_TURN) is None
    assert entrance.enter(LARGE) is not None
    assert [entrance.enter(LARGE - 1) for _ in range(SMALL_PER_TURN)] == [None] * SMALL_PER_TURN
    assert entrance.enter(1) is not None


@pytest.mark.stack
async def test_every_body_passes_once_and_all_are_answered(door: Door) -> None:
    sizes: list[int] = []

    class Counted(Entrance):
        def enter(self, size: int) -> asyncio.Future[None] | None:
            sizes.append(size)
            return super().enter(size)

    door.front_door.entrance = Counted()
    small = b'{"event_type":"a","occurred_at":"2025-12-22T10:30:00Z","data":{}}'
    large = b'[{"event_type":"a","occurred_at":"2025-12-22T10:30:00Z","data":{"text":"%s"}}]' % (b"x" * LARGE)

    async def send(body: bytes) -> int:
        async with door.post(body) as answer:
            return answer.status

    assert await asyncio.gather(*map(send, [large, small] * 50)) == [200] * 100
    assert sorted(sizes) == [len(small)] * 50 + [len(large)] * 50
