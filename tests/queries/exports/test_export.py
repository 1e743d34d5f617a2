"""What is exported: any set of events, read back from each format, is that set without its repetitions."""

import csv
import io
import json
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow.parquet as pq
import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import Refused
from queries.exports import export
from queries.exports.export import COLUMNS, EXPORT_PARAMETERS, Chosen, Written
from tests.queries.stored import event, store

SINCE, UNTIL, BEFORE = 1_795_046_400_000, 1_795_053_600_000, 1_795_100_000_000
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
NASTY = st.sampled_from(
    ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=x", '"', ',"', "a\nb", "a\r\nb", "\\N", "\\", "NULL", "\0", "\x7f", "")
)
TEXT = NASTY | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FACT = st.fixed_dictionaries(
    {
        "occurred_at": st.integers(SINCE - 10, UNTIL + 10) | st.sampled_from((SINCE - 1, SINCE, UNTIL - 1, UNTIL)),
        "_stream_ms": st.sampled_from((BEFORE - 1, BEFORE, 1)),
        "name": st.sampled_from(("signup", "login")),
        "user_id": TEXT,
        "url": TEXT,
        "title": TEXT,
        "country": NASTY,
        "asn": st.integers(0, 2**32 - 1),
        "properties": st.dictionaries(st.sampled_from(("a", "b")), TEXT | st.integers(-(2**62), 2**62), max_size=2),
        "violations": st.lists(st.sampled_from(("a", "b[].c,d", "'")), max_size=2),
    }
)
SHOWN = ("event_id", "occurred_at", "name", "user_id", "url", "title", "country", "asn", "properties", "violations")
Row = dict[str, Any]


def asked(**params: str) -> dict[str, str]:
    return {"from": str(SINCE), "to": str(UNTIL), **params}


def iso(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain(row: Row) -> Row:
    """What an event should be read back as."""
    found = {name: row[name] for name in SHOWN} | {"event_id": str(row["event_id"])}
    return found | {"properties": json.loads(row["properties"]), "occurred_at": iso(row["occurred_at"])}


def safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value


def from_ndjson(answer: bytes) -> list[Row]:
    return [json.loads(line) for line in answer.split(b"\n") if line]


def from_csv(answer: bytes) -> list[Row]:
    rows = list(csv.DictReader(io.StringIO(answer.decode(), newline="")))
    structured = ("properties", "violations", "asn")
    return [row | {name: json.loads(row[name]) for name in structured} for row in rows]


def from_parquet(answer: bytes) -> list[Row]:
    rows: list[Row] = pq.read_table(io.BytesIO(answer)).to_pylist()
    for row in rows:
        row["properties"] = json.loads(row["properties"])
        row["occurred_at"] = row["occurred_at"].isoformat(timespec="microseconds").replace("+00:00", "Z")
    return rows


READERS: dict[str, tuple[Callable[[bytes], list[Row]], Callable[[Any], Any]]] = {
    "csv": (from_csv, safe),
    "ndjson": (from_ndjson, lambda value: value),
    "parquet": (from_parquet, lambda value: value),
}


def read(warehouse: Client, chosen: Chosen, form: str) -> list[Row]:
    statement = export.events(chosen, Written(form, SHOWN, header=True))
    settings = {"output_format_json_quote_64bit_integers": 0}
    answer = warehouse.raw_query(statement.text, statement.parameters, settings, export.FORMATS[form][0])
    return READERS[form][0](answer)


@pytest.mark.stack
@settings(max_examples=25, deadline=None)
@given(st.lists(FACT, max_size=12), st.data())
def test_any_events_read_back_are_those_events_once(warehouse: Client, facts: list[Row], data: st.DataObject) -> None:
    project = f"p{secrets.token_hex(6)}"
    rows = [
        event(project, **fact | {"event_id": uuid.uuid4(), "properties": json.dumps(fact["properties"])})
        for fact in facts
    ]
    for batch in (rows, data.draw(st.lists(st.sampled_from(rows), max_size=4)) if rows else []):
        if batch:
            store(warehouse, *batch)
    name = data.draw(st.sampled_from(("", "login")))
    chosen = Chosen(project, SINCE, UNTIL, BEFORE, name)
    expected = sorted(
        (row["occurred_at"], str(row["event_id"]))
        for row in rows
        if SINCE <= row["occurred_at"] < UNTIL and row["_stream_ms"] < BEFORE and name in {"", row["name"]}
    )
    mine = {str(row["event_id"]): plain(row) for row in rows}
    for form, (_, written) in READERS.items():
        wanted = [{key: written(value) for key, value in mine[one].items()} for _, one in expected]
        found = read(warehouse, chosen, form)
        assert sorted(found, key=str) == sorted(wanted, key=str), form
        assert [row["occurred_at"] for row in found] == [iso(at) for at, _ in expected], form
    counted = warehouse.query(export.hours(chosen).text, parameters=export.hours(chosen).parameters).result_rows
    assert sum(count for _, count in counted) == len(expected)


@pytest.mark.stack
def test_what_is_sent_again_beyond_the_window_of_idempotency_counts_as_arrived_then(warehouse: Client) -> None:
    project = f"p{secrets.token_hex(6)}"
    row = event(project, occurred_at=SINCE, _stream_ms=BEFORE - 2)
    store(warehouse, row)
    chosen = Chosen(project, SINCE, UNTIL, BEFORE)
    assert len(read(warehouse, chosen, "ndjson")) == 1
    store(warehouse, row | {"_stream_ms": BEFORE - 1})
    assert len(read(warehouse, chosen, "ndjson")) == 1
    store(warehouse, row | {"_stream_ms": BEFORE})
    assert read(warehouse, chosen, "ndjson") == []


@pytest.mark.stack
def test_slices_hold_every_event_once(warehouse: Client) -> None:
    project = f"p{secrets.token_hex(6)}"
    rows = [event(project, occurred_at=SINCE + n, _stream_ms=1) for n in range(200)]
    store(warehouse, *rows)
    parts = [
        [row["event_id"] for row in read(warehouse, Chosen(project, SINCE, UNTIL, BEFORE, "", (one, 3)), "ndjson")]
        for one in (1, 2, 3)
    ]
    assert sorted(one for part in parts for one in part) == sorted(str(row["event_id"]) for row in rows)
    assert all(len(part) > 20 for part in parts)


@pytest.mark.stack
def test_every_column_can_be_exported_in_every_format(warehouse: Client) -> None:
    project = f"p{secrets.token_hex(6)}"
    store(warehouse, event(project, occurred_at=SINCE, _stream_ms=1))
    for form in export.FORMATS:
        statement = export.events(Chosen(project, SINCE, UNTIL, BEFORE), Written(form, tuple(COLUMNS), header=True))
        answer = warehouse.raw_query(statement.text, statement.parameters, fmt=export.FORMATS[form][0])
        if form == "csv":
            assert next(csv.reader(io.StringIO(answer.decode()))) == list(COLUMNS)
        assert answer


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"from": "soon"}, "from: 'soon' is not a time"),
        ({"from": "2030-01-01"}, "from: must lie before to."),
        (asked(to=str(SINCE)), "from: must lie before to."),
        (asked(format="xlsx"), "format: 'xlsx' is not known"),
        (asked(columns="name,_shard"), "columns: '_shard' is not known"),
        (asked(columns=""), "columns: '' is not known"),
        (asked(header="maybe"), "header: must be yes or no"),
        (asked(slice="4/3"), "slice:"),
        (asked(slice="0/3"), "slice:"),
        (asked(limit="3"), "'limit' is not a parameter"),
    ],
)
def test_what_is_wrong_is_named(params: dict[str, str], told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        export.read_export(params, "p", BEFORE)
    assert refused.value.status == 400


def test_nothing_is_read_that_is_not_complete_yet() -> None:
    chosen, written = export.read_export(asked(), "p", BEFORE)
    assert (chosen, written) == (Chosen("p", SINCE, UNTIL, BEFORE), Written("ndjson", tuple(COLUMNS), header=True))
    assert export.read_export({}, "p", BEFORE)[0] == Chosen("p", BEFORE - 86_400_000, BEFORE, BEFORE)
    assert export.read_export(asked(before=str(BEFORE + 1)), "p", BEFORE)[0].before == BEFORE
    assert export.read_export(asked(before=str(BEFORE - 1)), "p", BEFORE)[0].before == BEFORE - 1


def test_hours_are_asked_for_some_days_at_most() -> None:
    assert export.read_hours(asked(), "p", BEFORE) == Chosen("p", SINCE, UNTIL, BEFORE)
    with pytest.raises(Refused, match="at most 100 days"):
        export.read_hours(asked(to="2027-06-01"), "p", BEFORE)


def test_nothing_that_is_asked_becomes_part_of_a_statement() -> None:
    hostile = "x'} OR 1=1 --"
    statement = export.events(Chosen("p", SINCE, UNTIL, BEFORE, hostile), Written("csv", ("name",), header=True))
    assert hostile not in statement.text
    assert statement.parameters["event_type"] == hostile
    assert "project = {project:String}" in statement.text
    assert {one.name for one in EXPORT_PARAMETERS} >= {"from", "to", "format", "columns"}
