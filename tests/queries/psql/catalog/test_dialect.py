"""How statements are read: functions by name, commands as words, never for ever."""

import pytest
from sqlglot import exp
from sqlglot.errors import ParseError

from queries.psql.catalog.dialect import Catalog, CatalogParser


def test_functions_keep_their_names_and_arguments() -> None:
    dialect, text = Catalog(), "SELECT string_agg(a, ','), to_char(b, 'x'), array_length(c, 1)"
    parser = CatalogParser(dialect=dialect)
    parser.patience = 1000
    (tree,) = parser.parse(dialect.tokenize(text), text)
    assert tree is not None
    assert [(one.name, len(one.expressions)) for one in tree.find_all(exp.Anonymous)] == [
        ("string_agg", 2),
        ("to_char", 2),
        ("array_length", 2),
    ]


def test_a_text_that_is_read_for_ever_is_given_up() -> None:
    dialect, text = Catalog(), "SELECT 1 + 2"
    parser = CatalogParser(dialect=dialect)
    with pytest.raises(ParseError, match="too intricate"):
        parser.parse(dialect.tokenize(text), text)


def test_commands_are_cut_into_words() -> None:
    assert [one.text for one in Catalog().tokenize("show a b")] == ["show", "a", "b"]
