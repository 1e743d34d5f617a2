"""Events between two cursors: in the order of arrival, each with who wishes for it, and never another project's."""

import itertools
import uuid
from collections.abc import Sequence

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import Refused
from queries.questions import filters
from queries.questions.filters import EVERYTHING, Filter
from queries.questions.recent import Cursor
from queries.tail.arrivals import arrivals, place, read
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack

PLACES = st.tuples(st.integers(10, 12), st.integers(0, 1), st.integers(0, 1), st.integers(0, 1))
COUNTRIES = ("DE", "FR", "")
_run, _numbers = uuid.uuid4().hex[:8], itertools.count()


def germans() -> Filter:
    return filters.parse(["is", "country", ["DE"]])


def somewhere() -> Filter:
    return filters.parse(["is_set", "country"])


#: wishes, and by country who wishes for an event
WISHES: list[tuple[list[Filter], dict[str, list[int]]]] = [
    ([EVERYTHING], {"DE": [1], "FR": [1], "": [1]}),
    ([germans(), somewhere()], {"DE": [1, 1], "FR": [0, 1], "": [0, 0]}),
    ([somewhere(), EVERYTHING], {"DE": [1, 1], "FR": [1, 1], "": [0, 1]}),
]


def cursors(*places: Sequence[int]) -> list[Cursor]:
    return [Cursor(*one) for one in places]


@settings(max_examples=25, deadline=None)
@given(
    places=st.dictionaries(PLACES, st.sampled_from(COUNTRIES), max_size=12),
    bounds=st.tuples(PLACES, PLACES),
    limit=st.integers(1, 13),
)
def test_they_are_those_between_in_order(
    warehouse: Client,
    places: dict[tuple[int, int, int, int], str],
    bounds: tuple[tuple[int, int, int, int], tuple[int, int, int, int]],
    limit: int,
) -> None:
    project = f"arrivals-{_run}-{next(_numbers)}"
    columns = ("_stream_ms", "_shard", "_stream_seq", "_index")
    for of in (project, f"{project}-not"):
        rows = [event(of, country=country, **dict(zip(columns, one, strict=True))) for one, country in places.items()]
        if rows:
            store(warehouse, *rows, *rows[:3])
    after, upto = cursors(*bounds)
    between = sorted(one for one in places if bounds[0] < one <= bounds[1])
    for wishes, wanted in WISHES:
        statement = arrivals(project, after, upto, wishes, limit)
        found = list(read(warehouse.query(statement.text, parameters=statement.parameters).result_rows))
        expected = [(one, wanted[places[one]]) for one in between if any(wanted[places[one]])]
        assert [(place(cursor), list(who)) for cursor, _, who in found] == expected[:limit]
        assert [shown["country"] for _, shown, _ in found] == [places[one] for one, _ in expected[:limit]]


def test_everything_that_was_given_is_bound() -> None:
    after, upto = cursors((1, 2, 3, 4), (5, 6, 7, 8))
    wish = filters.parse(["contains", "properties.a", ["x' OR 1"]])
    statement = arrivals("shop", after, upto, [wish], 9)
    assert "x' OR" not in statement.text
    assert "project = {project:String}" in statement.text
    assert {"shop", 9, 1, 2, 3, 4, 5, 6, 7, 8, "x' OR 1"} <= set(statement.parameters.values())


@pytest.mark.parametrize("raw", [["is", "entry_page", ["/"]], ["has_done", ["is", "event", ["buy"]]]])
def test_what_a_single_event_cannot_be_held_to_is_refused(raw: list[object]) -> None:
    (cursor,) = cursors((1, 0, 0, 0))
    with pytest.raises(Refused):
        arrivals("shop", cursor, cursor, [filters.parse(raw)], 1)
