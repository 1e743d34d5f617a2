"""A past: what happens to a project before it is asked. Events come, some of them again, hours close, parts merge."""

from collections.abc import Callable, Iterator
from typing import Any

from clickhouse_connect.driver.client import Client
from hypothesis import strategies as st

from tests.queries.crowd import Row
from tests.queries.stored import event, store

#: a name, or facts of events that come
Happening = Any


def pasts(facts: st.SearchStrategy[dict[str, Any]], most: int) -> st.SearchStrategy[list[Happening]]:
    """Up to seven things, of events with these facts, so many at a time."""
    crowd = st.lists(facts, max_size=most, unique_by=lambda one: one["event_id"])
    return st.lists(st.one_of(crowd, st.just("again"), st.just("roll"), st.just("roll"), st.just("merge")), max_size=7)


def lived(
    past: list[Happening], name: str, warehouse: Client, roll: Callable[[], int]
) -> Iterator[tuple[Happening, list[Row]]]:
    """One thing after the other; yields what happened, and all events until then."""
    rows: list[Row] = []
    warehouse.command("TRUNCATE TABLE hour_marks")  # what other tests stored is not due
    for happens in past:
        if happens == "roll":
            roll()
        elif happens == "again" and rows:
            store(warehouse, *rows[: len(rows) // 2 + 1])
        elif happens == "merge":
            warehouse.command("OPTIMIZE TABLE hour_marks FINAL")
        elif isinstance(happens, list) and happens:
            rows += (new := [event(name, **facts) for facts in happens])
            store(warehouse, *new)
        yield happens, rows
