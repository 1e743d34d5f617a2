"""A reading: once for all who ask, kept while a new one fails, and never all the time."""

import asyncio

import pytest

from queries.reading import Reading
from tests.waiting import until


class Source:
    """Says its number, once it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.may = asyncio.Event()
        self.may.set()
        self.fails = ""

    async def read(self) -> int:
        self.asked += 1
        await self.may.wait()
        if self.fails:
            raise OSError(self.fails)
        return self.asked


@pytest.fixture
def source() -> Source:
    """It answers."""
    return Source()


async def test_all_who_ask_at_the_same_time_get_one_reading(source: Source) -> None:
    source.may.clear()
    reading = Reading(source.read, 60)
    asking = [asyncio.ensure_future(reading.value()) for _ in range(5)]

    async def begun() -> bool:
        return reading.busy and source.asked == 1

    await until(begun)
    source.may.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await reading.value() == 1
    assert source.asked == 1


async def test_it_is_read_again_when_its_time_has_come_and_the_old_one_given_meanwhile(source: Source) -> None:
    reading = Reading(source.read, 0.05)
    assert await reading.value() == 1

    async def newer() -> bool:
        return (await reading.value() or 0) > 1

    await until(newer)


async def test_one_that_takes_long_comes_less_often(source: Source) -> None:
    source.may.clear()
    reading = Reading(source.read, 0.0)
    asking = asyncio.ensure_future(reading.value())
    await asyncio.sleep(0.2)
    source.may.set()
    await asking
    assert [await reading.value() for _ in range(100)] == [1] * 100


async def test_a_failure_is_told_and_the_last_value_kept_for_as_long_as_one_wants_it(source: Source) -> None:
    reading = Reading(source.read, 0.05)
    assert await reading.value() == 1
    source.fails = "gone\nfar away"

    async def failed() -> bool:
        await reading.value()
        return reading.problem == "gone"

    await until(failed)
    assert await reading.value() == 1
    assert await reading.value(within=0.0) is None
    source.fails = ""

    async def mended() -> bool:
        return await reading.value() != 1 and reading.problem == ""

    await until(mended)


async def test_closing_ends_what_runs(source: Source) -> None:
    source.may.clear()
    reading = Reading(source.read, 60)
    asking = asyncio.ensure_future(reading.value())

    async def begun() -> bool:
        return source.asked == 1

    await until(begun)
    await reading.close()
    assert await asking is None
    assert not reading.busy
