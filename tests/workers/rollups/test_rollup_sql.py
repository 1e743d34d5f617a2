"""The words of rollups: bounded, of the hours that are meant, and nothing in them but names of our own."""

import pytest

from workers.rollups import rollup_sql as sql
from workers.rollups.rolled import DIMENSIONS


def test_an_hours_rows_are_those_of_all_dimensions_of_deduplicated_events() -> None:
    said = sql.rows()
    assert "FROM events FINAL" in said
    for name, column in DIMENSIONS.items():
        assert f"grouping({column}) = 0, '{name}'" in said
        assert f"(project, hour, site_id, is_bot, {column})" in said


@pytest.mark.parametrize("text", [sql.rows(), sql.NEW])
def test_no_more_is_read_than_the_hours_and_their_visitors(text: str) -> None:
    assert text.count("FROM events") == text.count("{hours:Array(Tuple(String, UInt32))}")
    assert text.count("occurred_at >= toDateTime({first:UInt32}, 'UTC')") == text.count("FROM events")
    assert "FROM visitor_numbers WHERE (project, visitor) IN" in text


def test_dimensions_have_columns_of_their_own() -> None:
    assert len(set(DIMENSIONS.values())) == len(DIMENSIONS)
    assert "" not in DIMENSIONS
