"""Answers: columns and rows as messages."""

from collections.abc import AsyncGenerator

import pytest
from pygwire import messages

from queries.psql import answers, kinds
from queries.psql.answers import Column
from queries.psql.catalog.answer import Found
from queries.psql.sqlstate import Failure

_COLUMNS = (Column("n", kinds.INT8), Column("name", kinds.TEXT), Column("at", kinds.TIMESTAMPTZ))


def row(data: bytes) -> list[bytes | None]:
    message = messages.DataRow.decode(memoryview(data)[5:])
    assert message.to_wire() == data
    return list(message.columns)


def test_a_line_is_a_row_in_either_format() -> None:
    line = b'[12, "a\\"b", null]'
    assert row(answers.data_row(line, answers.encoders(_COLUMNS, ()))) == [b"12", b'a"b', None]
    assert row(answers.data_row(line, answers.encoders(_COLUMNS, (1,)))) == [b"\0" * 7 + b"\x0c", b'a"b', None]
    assert row(answers.data_row(line, answers.encoders(_COLUMNS, (1, 0, 0)))) == [b"\0" * 7 + b"\x0c", b'a"b', None]


async def test_what_the_catalog_found_is_an_answer() -> None:
    found = Found(("n", "name"), (kinds.INT8, kinds.TEXT), [[b"1", b'"x"'], [b"null", b'""']])
    answer = answers.of_catalog(found)
    assert [one.name for one in answer.columns] == ["n", "name"]
    assert [list(lines) async for lines in answer.lines] == [[b'[1,"x"]', b'[null,""]']]


async def test_lines_are_put_together_wherever_they_are_cut() -> None:
    text = b'["a"]\n["b"]\n\n["c"]\n'
    for size in range(1, len(text) + 1):
        chunks = [text[at : at + size] for at in range(0, len(text), size)]
        found = [line async for lines in answers.whole_lines(_each(chunks)) for line in lines]
        assert found == [b'["a"]', b'["b"]', b"", b'["c"]']


async def test_a_row_that_is_too_large_or_breaks_off_is_an_error() -> None:
    for chunks, state in (([b"x" * (1 << 20)] * 20, "54000"), ([b'["a"]\n["b'], "XX000")):
        with pytest.raises(Failure) as failure:
            _ = [lines async for lines in answers.whole_lines(_each(chunks))]
        assert failure.value.sqlstate == state


async def _each(chunks: list[bytes]) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


async def test_one_value_is_an_answer() -> None:
    answer = answers.text("TimeZone", kinds.TEXT, 'a"b', "SHOW")
    assert (answer.tag, [list(lines) async for lines in answer.lines]) == ("SHOW", [[b'["a\\"b"]']])
