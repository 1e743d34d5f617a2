"""Texts that a spreadsheet would take for formulas, in CSV as ClickHouse writes it, cut anywhere."""

import csv
import io
from collections.abc import AsyncGenerator

from hypothesis import given
from hypothesis import strategies as st

from queries.exports.formulas import disarmed

_CELLS = st.one_of(st.text(alphabet='=+-@\t\r\n",a', max_size=6), st.integers(-5, 5))


async def _cut(text: bytes, size: int) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


async def _whole(text: bytes, size: int = 1000) -> bytes:
    return b"".join([chunk async for chunk in disarmed(_cut(text, size))])


def _written(rows: list[list[str | int]]) -> bytes:
    """Texts in quotes, numbers bare."""
    quoted = (
        '"' + cell.replace('"', '""') + '"' if isinstance(cell, str) else str(cell) for row in rows for cell in row
    )
    width = len(rows[0])
    cells = list(quoted)
    return "".join(",".join(cells[at : at + width]) + "\n" for at in range(0, len(cells), width)).encode()


async def test_a_text_that_begins_like_a_formula_gets_an_apostrophe() -> None:
    assert await _whole(b'"=1+1",-5,"-5","@x","a=b",""\n') == b'"\'=1+1",-5,"\'-5","\'@x","a=b",""\n'


async def test_what_stands_in_the_middle_of_a_text_is_left_alone() -> None:
    text = b'"a,""=1","x\n""-y"\n"""=z"\n'
    assert await _whole(text) == text


@given(rows=st.lists(st.lists(_CELLS, min_size=3, max_size=3), min_size=1, max_size=4), size=st.integers(1, 7))
async def test_every_table_reads_back_with_apostrophes_alone_added(rows: list[list[str | int]], size: int) -> None:
    read = list(csv.reader(io.StringIO((await _whole(_written(rows), size)).decode(), newline="")))
    expected = [
        [f"'{cell}" if isinstance(cell, str) and cell[:1] in set("=+-@\t\r") and cell else str(cell) for cell in row]
        for row in rows
    ]
    assert read == expected


async def test_the_source_is_closed_with_it() -> None:
    ended = False

    async def source() -> AsyncGenerator[bytes, None]:
        nonlocal ended
        try:
            yield b"1\n"
            yield b"2\n"
        finally:
            ended = True

    chunks = disarmed(source())
    assert await anext(chunks) == b"1\n"
    await chunks.aclose()
    assert ended
