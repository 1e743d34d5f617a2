"""Event -> row."""

import re

import msgspec
import pytest

from ingest_api.event import Event
from tests.workers.entries import batch, event
from workers import migrate, row
from workers.pipeline import run
from workers.reference import Reference


def declares(table: str, text: str) -> list[tuple[str, str]]:
    """Columns and their types that a migration makes or adds, in order."""
    made = re.search(rf"^CREATE TABLE IF NOT EXISTS {table}\n(.*?)^ENGINE", text, flags=re.MULTILINE | re.DOTALL)
    columns = re.findall(r"^    (\w+) +([A-Z].*?),?$", made[1], flags=re.MULTILINE) if made else []
    added = re.search(rf"^ALTER TABLE {table}\n(.*?);$", text, flags=re.MULTILINE | re.DOTALL)
    pattern = r"ADD COLUMN IF NOT EXISTS (\w+) ([A-Z].*?)(?: DEFAULT [^,]*)?,?$"
    return columns + (re.findall(pattern, added[1], flags=re.MULTILINE) if added else [])


def changes(table: str, text: str) -> dict[str, str]:
    """Columns that a migration gives another type, and that type."""
    return dict(re.findall(rf"^ALTER TABLE {table} MODIFY COLUMN (\w+) ([A-Z][\w()]+) CODEC", text, flags=re.MULTILINE))


@pytest.mark.parametrize(("table", "columns"), [("events", row.COLUMNS), ("rejected_events", row.REJECTED_COLUMNS)])
def test_columns_are_those_of_the_schema_in_its_order(table: str, columns: dict[str, str]) -> None:
    declared = [column for one in migrate.migrations() for column in declares(table, one.text)]
    declared = [column for column in declared if column[0] != "redriven_at"]  # no worker's to write
    changed = {name: kind for one in migrate.migrations() for name, kind in changes(table, one.text).items()}
    assert changed.keys() <= dict(declared).keys()
    assert dict(declared) | changed == columns
    assert [name for name, _ in declared] == list(columns)


def test_every_column_has_a_value_for_every_event() -> None:
    one = run(batch([event(1, url="https://example.com/a"), event(2, properties=b'{"a":1}')]), Reference())
    columns = dict(zip(row.COLUMNS, row.columns(one), strict=True))
    assert {len(values) for values in columns.values()} == {2}
    assert columns["event_id"] == [1, 2]
    assert list(columns["path"]) == ["/a", ""]
    assert columns["properties"] == ["{}", '{"a":1}']
    assert (columns["_shard"], columns["_stream_ms"], columns["_index"]) == ([3, 3], [1000, 1000], [0, 1])


@pytest.mark.parametrize(
    "fields",
    [
        {"event_id": b"short"},
        {"occurred_at": 10**15},
        {"occurred_at": -(10**14)},
        {"received_at": 2**62},
        {"properties": b'{"a":"\xff"}'},
        {"properties": b"\xc3"},
    ],
)
def test_an_event_that_no_row_can_hold_is_set_aside(fields: dict[str, object]) -> None:
    one = batch([event(1), event(2, **fields), event(3)])
    row.reject_impossible(one, Reference())
    assert [position.index for position in one.positions] == [0, 2]
    assert one.rejected[0].position.index == 1
    assert one.rejected[0].project == "demo"
    assert one.rejected[0].reason.startswith("impossible: ")
    assert msgspec.msgpack.decode(one.rejected[0].raw, type=Event) == event(2, **fields)
