"""Event -> row."""

import re

import pytest

from tests.workers.entries import batch, event
from workers import migrate, row
from workers.pipeline import run


@pytest.mark.parametrize(("table", "columns"), [("events", row.COLUMNS), ("rejected_events", row.REJECTED_COLUMNS)])
def test_columns_are_those_of_the_schema_in_its_order(table: str, columns: dict[str, str]) -> None:
    text = next(one.text for one in migrate.migrations() if f"CREATE TABLE IF NOT EXISTS {table}\n" in one.text)
    declared = re.findall(r"^    (\w+) +([A-Z].*?),?$", text.split("ENGINE")[0], flags=re.MULTILINE)
    assert dict(declared) == columns
    assert [name for name, _ in declared] == list(columns)


def test_every_column_has_a_value_for_every_event() -> None:
    one = run(batch([event(1, url="https://example.com/a"), event(2, properties=b'{"a":1}')]))
    columns = dict(zip(row.COLUMNS, row.columns(one), strict=True))
    assert {len(values) for values in columns.values()} == {2}
    assert columns["event_id"] == [1, 2]
    assert columns["path"] == ["/a", ""]
    assert columns["properties"] == ["{}", '{"a":1}']
    assert (columns["_shard"], columns["_stream_ms"], columns["_index"]) == ([3, 3], [1000, 1000], [0, 1])


@pytest.mark.parametrize(
    "fields", [{"event_id": b"short"}, {"occurred_at": 10**15}, {"occurred_at": -(10**14)}, {"received_at": 2**62}]
)
def test_an_event_that_no_row_can_hold_is_set_aside(fields: dict[str, object]) -> None:
    one = batch([event(1), event(2, **fields), event(3)])
    row.reject_impossible(one)
    assert [position.index for position in one.positions] == [0, 2]
    assert one.rejected[0].position.index == 1
    assert one.rejected[0].project == "demo"
