"""The gate: a project takes half of the places, others get in, and nobody waits for ever."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from queries.errors import Refused
from queries.gate import Gate


async def test_a_project_takes_half_of_the_places_and_another_still_gets_in() -> None:
    full = Gate(4, patience=0.05)
    async with AsyncExitStack() as inside:
        for _ in range(2):
            await inside.enter_async_context(full.enter("greedy"))
        with pytest.raises(Refused, match="in a moment"):
            await inside.enter_async_context(full.enter("greedy"))
        for _ in range(2):
            await inside.enter_async_context(full.enter("modest"))
        with pytest.raises(Refused):
            await inside.enter_async_context(full.enter("third"))
    async with full.enter("third"):
        pass


async def test_who_waits_gets_the_place_that_becomes_free() -> None:
    narrow = Gate(1)
    order: list[str] = []

    async def ask(name: str) -> None:
        async with narrow.enter(name):
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(ask(name))
    assert order == ["a", "b", "c"]


async def test_a_question_that_is_given_up_leaves_its_place() -> None:
    narrow = Gate(1)

    async def ask() -> None:
        async with narrow.enter("shop"):
            pass

    async with narrow.enter("shop"):
        waiting = asyncio.ensure_future(ask())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with narrow.enter("shop"):
        pass
