"""Portals: rows in parts, set aside when a reader stops, never twice."""

from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.psql import answers, kinds
from queries.psql.answers import Answer, Column
from queries.psql.portals import Portal, Prepared
from queries.psql.sqlstate import Failure
from queries.psql.statements import split

_COLUMNS = (Column("n", kinds.INT8),)


async def counting(blocks: Sequence[int]) -> AsyncGenerator[Sequence[bytes], None]:
    """Blocks of so many rows: 0, 1, 2 …"""
    number = 0
    for size in blocks:
        yield [b"[%d]" % (number + at) for at in range(size)]
        number += size


def begun(blocks: Sequence[int]) -> Portal:
    portal = Portal(Prepared(split("SELECT 1")[0]))
    portal.begin(Answer(_COLUMNS, counting(blocks)))
    return portal


def number(row: bytes) -> int:
    return int(row[11:])


@given(st.lists(st.integers(1, 5), max_size=5), st.lists(st.integers(1, 4), min_size=20, max_size=20))
async def test_every_row_is_sent_once_in_order_however_they_are_asked_for(blocks: list[int], steps: list[int]) -> None:
    portal, found = begun(blocks), list[int]()
    for most in steps:
        left = most
        while left and (rows := await portal.rows(left)):
            assert len(rows) <= left
            left -= len(rows)
            found += map(number, rows)
        more = await portal.park()
        assert more == (len(found) < sum(blocks))
        if not more:
            break
    while rows := await portal.rows(0):
        found += map(number, rows)
    assert (found, portal.sent) == (list(range(sum(blocks))), sum(blocks))
    await portal.close()


async def test_what_is_set_aside_frees_what_made_it() -> None:
    portal = begun([3, 3])
    assert len(await portal.rows(2)) == 2
    assert await portal.park()
    assert portal.answer is not None
    with pytest.raises(StopAsyncIteration):
        await anext(portal.answer.lines)
    assert [number(row) for row in await portal.rows(9)] == [2]
    assert [number(row) for row in await portal.rows(9)] == [3, 4, 5]
    await portal.close()
    assert await portal.rows(0) == []


async def test_what_is_left_for_later_has_its_limit() -> None:
    async def long() -> AsyncGenerator[Sequence[bytes], None]:
        for _ in range(200):
            yield [b'["%b"]' % (b"x" * (1 << 20))]

    portal = Portal(Prepared(split("SELECT 1")[0]))
    portal.begin(Answer((Column("t", kinds.TEXT),), long()))
    assert len(await portal.rows(1)) == 1
    with pytest.raises(Failure, match="left for later"):
        await portal.park()
    await portal.close()
    again = begun([2, 2])
    await again.rows(1)
    assert await again.park()
    await again.close()


async def test_a_portal_that_never_began_has_no_rows() -> None:
    portal = Portal(Prepared(None))
    assert await portal.rows(0) == []
    await portal.close()


async def test_an_answer_that_is_not_read_to_its_end_is_closed() -> None:
    portal = begun([2, 2])
    await portal.rows(1)
    await portal.close()
    assert portal.answer is not None
    with pytest.raises(StopAsyncIteration):
        await anext(portal.answer.lines)


def test_parameters_are_as_many_as_the_statement_has() -> None:
    prepared = Prepared(split("SELECT $1::int, $2")[0], (kinds.INT4, kinds.TEXT))
    assert prepared.values((), (b"1", None)) == ("1", None)
    assert prepared.values((1,), (b"\0\0\0\1", b"x")) == ("1", "x")
    assert prepared.values((1, 0), (b"\0\0\0\1", b"x")) == ("1", "x")
    for formats, values in (((), (b"1",)), ((0, 0, 0), (b"1", b"x")), ((2,), (b"1", b"x"))):
        with pytest.raises(Failure) as failure:
            prepared.values(formats, values)
        assert failure.value.sqlstate == "08P01"


def test_formats_of_results_are_one_for_all_or_one_for_each() -> None:
    columns = (*_COLUMNS, *_COLUMNS)
    assert [len(answers.encoders(columns, formats)) for formats in ((), (1,), (0, 1))] == [2, 2, 2]
    for wrong in ((0, 0, 0), (2,)):
        with pytest.raises(Failure):
            answers.encoders(columns, wrong)
