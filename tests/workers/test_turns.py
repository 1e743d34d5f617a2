"""Drains take turns at what only one of them can do at a time."""

import asyncio
import threading

import pytest

from workers.turns import Turns


async def test_the_next_one_begins_when_the_one_before_has_ended() -> None:
    turns, inside, most = Turns(), threading.Semaphore(1), []

    def work(number: int) -> int:
        assert inside.acquire(blocking=False), "two at once"
        most.append(number)
        inside.release()
        return number

    assert await asyncio.gather(*(turns.take(work, number) for number in range(20))) == list(range(20))
    assert most == list(range(20))


async def test_a_turn_that_fails_holds_up_nobody() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        await turns.take(lambda: 1 // 0)
    assert await turns.take(lambda: 7) == 7
