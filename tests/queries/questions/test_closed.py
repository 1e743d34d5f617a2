"""Hours that hold no event twice are read as they lie, and give what FINAL gives, whatever happened to them."""

import functools
from collections.abc import Sequence
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings

from queries.questions import closed
from queries.questions.binder import Binder
from queries.questions.closed import Range
from tests.examples import examples
from tests.queries.lived import lived, pasts
from tests.queries.rolled import FACTS, HOUR, MINUTE, START, project
from tests.queries.stored import event, store
from tests.workers.rolling import roll

pytestmark = pytest.mark.stack

COLUMNS = "event_id, name, path, toUnixTimestamp64Milli(occurred_at)"
RANGES: Sequence[Range] = ((0, None), (START - 48 * HOUR, START + 48 * HOUR), (START - 20 * HOUR, START + 5 * HOUR + 1))


def read(warehouse: Client, name: str, within: Range) -> list[tuple[Any, ...]]:
    binder = Binder({"project": name}, zone="UTC")
    text = closed.events(COLUMNS, "project = {project:String}", within, binder)
    return sorted(tuple(row) for row in warehouse.query(text, parameters=binder.parameters).result_rows)


def final(warehouse: Client, name: str) -> list[tuple[Any, ...]]:
    found = warehouse.query(f"SELECT {COLUMNS} FROM events FINAL WHERE project = '{name}'").result_rows
    return sorted(tuple(row) for row in found)


def once(warehouse: Client, name: str) -> list[int]:
    """The hours that are read as they lie, by their distance from the first."""
    binder = Binder({"project": name}, zone="UTC")
    text = f"SELECT arrayJoin(arrayMap(one -> toUnixTimestamp(one.1), ({closed.clean((0, None), binder, once=True)})))"
    found = warehouse.query(text, parameters=binder.parameters).result_rows
    return [(int(second) * 1000 - START) // HOUR for (second,) in found]


@given(past=pasts(FACTS, 20))
@settings(max_examples=examples(4), deadline=None)
def test_each_event_is_read_once_whatever_happened(
    past: list[Any], warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    name = project()
    rolled = functools.partial(roll, clickhouse_url, redis_url)
    for _ in lived([*past, "roll", "again"], name, warehouse, rolled):
        wanted = final(warehouse, name)
        for within in RANGES:
            assert read(warehouse, name, within) == wanted, within


def test_hours_with_something_that_came_twice_are_looked_at_for_good(
    warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    name = project()
    rows = [event(name, occurred_at=START + hour * HOUR + MINUTE, path="/a") for hour in range(6)]
    store(warehouse, *rows)
    assert once(warehouse, name) == [], "no hour is closed"
    roll(clickhouse_url, redis_url)
    assert once(warehouse, name) == [0, 1, 2, 3, 4, 5]
    store(warehouse, {**rows[2], "path": "/b"})
    store(warehouse, rows[4])
    assert once(warehouse, name) == [0, 1, 3, 5]
    roll(clickhouse_url, redis_url)
    assert once(warehouse, name) == [0, 1, 3, 5], "their rollups tell of fewer events than their marks"
    assert [path for _, _, path, _ in sorted(read(warehouse, name, (0, None)), key=lambda row: row[3])] == [
        *("/a", "/a", "/b", "/a", "/a", "/a")
    ]


def test_closed_hours_are_read_without_final_and_the_others_with_it(
    warehouse: Client, clickhouse_url: str, redis_url: str
) -> None:
    """Seen by what nobody may do: the same row put in past the view that marks its hour."""
    name = project()
    rows = [event(name, occurred_at=START + hour * HOUR) for hour in range(3)]
    store(warehouse, *rows)
    roll(clickhouse_url, redis_url)
    late = event(name, occurred_at=START + HOUR + MINUTE)
    store(warehouse, late)
    warehouse.command("CREATE OR REPLACE TABLE aside AS events")
    for one in rows[:2]:
        warehouse.command(
            f"INSERT INTO aside SELECT * FROM events WHERE project = '{name}' AND event_id = '{one['event_id']}'"
        )
    for (partition,) in warehouse.query("SELECT DISTINCT _partition_id FROM aside").result_rows:
        warehouse.command(f"ALTER TABLE aside MOVE PARTITION ID '{partition}' TO TABLE events")
    warehouse.command("DROP TABLE aside SYNC")
    assert len(final(warehouse, name)) == 4
    assert len(read(warehouse, name, (0, None))) == 5, "one of the first hour alone is read twice"


def test_a_short_range_is_read_with_final_alone() -> None:
    binder = Binder({"project": "p"}, zone="UTC")
    assert closed.events("name", "1", (START, START + 23 * HOUR), binder) == "SELECT name FROM events FINAL WHERE 1"
    assert binder.parameters == {"project": "p"}
    assert "UNION ALL" in closed.events("name", "1", (START, START + 24 * HOUR), binder)
    assert "UNION ALL" in closed.events("name", "1", (START, None), binder)


@pytest.mark.parametrize(
    ("within", "whole"),
    [
        ((0, None), (0, None)),
        ((-5, 3_600_000), (0, 3600)),
        ((1, 7_199_999), (3600, 3600)),
        ((3_600_000, 10_413_705_599_999), (3600, 4_294_962_000)),
    ],
)
def test_the_whole_hours_of_a_range(within: Range, whole: tuple[int, int | None]) -> None:
    assert closed.whole(within) == whole
