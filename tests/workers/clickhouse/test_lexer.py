"""Words and their places."""

import pytest
from sqlglot.dialects.clickhouse import ClickHouse

from workers import migrate
from workers.clickhouse.lexer import words


def test_words_stand_where_they_stand() -> None:
    text = "SELECT `a b`, 'it''s \\' (', x::UInt8 -- not (this)\nFROM t /* nor\n this */ WHERE a->b"
    found = words(text)
    assert [one.text for one in found] == (
        ["SELECT", "`a b`", ",", "'it''s \\' ('", ",", "x", "::", "UInt8", "FROM", "t", "WHERE", "a", "->", "b"]
    )
    assert [text[one.start : one.end] for one in found] == [one.text for one in found]


def test_depth_is_how_many_brackets_are_around() -> None:
    assert [(one.text, one.depth) for one in words("f(a, [b]) c")] == [
        *(("f", 0), ("(", 0), ("a", 1), (",", 1), ("[", 1), ("b", 2), ("]", 1), (")", 0), ("c", 0)),
    ]


def test_key_words_are_the_same_in_small_letters() -> None:
    assert words("create")[0].says("CREATE")
    assert not words("created")[0].says("CREATE")


@pytest.mark.parametrize("strange", ["SELECT 'open", "SELECT £1", "SELECT `open", "SELECT \\"])
def test_what_is_no_word_is_told(strange: str) -> None:
    with pytest.raises(ValueError, match="What is this"):
        words(strange)


@pytest.mark.parametrize("one", migrate.migrations(), ids=lambda one: one.name)
def test_another_reader_of_clickhouse_s_language_finds_the_same_words(one: migrate.Migration) -> None:
    theirs = ClickHouse().tokenize(one.text)
    ours = {(word.start, word.end) for word in words(one.text)}
    names = {(token.start, token.end + 1) for token in theirs if token.text.isidentifier()}
    assert names - ours == set()
