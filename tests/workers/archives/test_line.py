"""Lines of the archive: read by people, and back into the same events."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.event import Event
from tests.workers.entries import batch, entry, event
from workers import pipeline
from workers.archives import line
from workers.batch import Batch, Position, Rejected, decode
from workers.reference import Reference
from workers.row import columns
from workers.steps.page import page

FULL = {name: f"{name} ü\n\"" for name in Event.__struct_fields__ if name not in
        ("event_id", "occurred_at", "received_at", "properties")}  # fmt: skip


def back(one: Batch) -> Batch:
    """A batch made of the lines of another."""
    again = Batch(one.shard, one.entry_ids)
    for _, text in line.encode(one):
        line.add(again, text)
    return again


def rows(one: Batch) -> list[object]:
    """What would be inserted."""
    page(one, Reference())
    return list(columns(one))


def test_a_line_reads_like_the_event() -> None:
    one = batch([event(1, properties=b'{"price": 1.50}', url="https://x/", occurred_at=1_795_000_000_123)])
    page(one, Reference())
    ((position, text),) = line.encode(one)
    assert position == Position(1000, 0, 0)
    assert msgspec.json.decode(text) == {
        "line": "event",
        "_shard": 3,
        "_stream_ms": 1000,
        "_stream_seq": 0,
        "_index": 0,
        "event_id": "00000000-0000-0000-0000-000000000001",
        "project": "demo",
        "name": "page_view",
        "kind": "event",
        "url": "https://x/",
        "occurred_at": "2026-11-18T11:06:40.123000Z",
        "received_at": "2026-11-18T11:06:40.501000Z",
        "properties": {"price": 1.5},
        "derived": {"host": "x", "path": "/"},
    }


def test_every_field_of_an_event_comes_back() -> None:
    one = batch(
        [event(7, **FULL, properties=b'{"a":[1,{"b":"\\u0000"}],"big":123456789012345678901234567890}'), event(8)]
    )
    again = back(one)
    assert (again.events, again.positions) == (one.events, one.positions)
    assert rows(again) == rows(one)


def test_what_the_steps_found_out_comes_back_and_what_they_took_away_does_not() -> None:
    one = batch([event(1, ip="192.0.2.7", country="DE"), event(2, ip="192.0.2.8")])
    one.derived = {"ip": ["192.0.2.0", ""], "asn": [64500, 0], "violations": [["$.price"], ()], "city": ["Bonn", ""]}
    again = back(one)
    assert again.enriched
    assert [kept.ip for kept in again.events] == ["192.0.2.0", ""]
    assert {name: list(again.column(name)) for name in one.derived} == one.derived
    assert columns(again) == columns(one)
    assert b"192.0.2.7" not in line.encode(one)[0][1]


def test_lines_of_builds_that_said_nothing_of_it_are_enriched_anew() -> None:
    ((_, text),) = line.encode(batch([event(1, url="https://x/")]))
    again = Batch(3, ["1000-0"])
    line.add(again, text.replace(b',"derived":{}', b""))
    assert not again.enriched
    assert list(pipeline.run(again, Reference()).column("host")) == ["x"]
    with pytest.raises(line.BadLine, match="another format"):
        line.add(again, text)


@given(st.integers(-2_208_988_800_000, 10_413_791_999_999), st.text())
def test_every_time_and_text_comes_back(ms: int, text: str) -> None:
    one = batch([event(1, occurred_at=ms, received_at=-ms % 10**12, user_agent=text)])
    assert back(one).events == one.events


@pytest.mark.parametrize("properties", [b"not json", b'{"a":"\xff"}', b"", b"[" * 5000, b'{"a":1', b'{"a":1}{}'])
def test_properties_that_are_no_json_come_back_to_the_byte(properties: bytes) -> None:
    assert back(batch([event(1, properties=properties)])).events[0].properties == properties


def test_an_event_is_one_line_however_its_json_was_written() -> None:
    spread = b'{\r\n  "a": "x\\ny",\n\t"b": [1,\n2]\n}\n'
    one = batch([event(1, properties=spread)])
    ((_, text),) = line.encode(one)
    assert len(text.splitlines()) == 1
    assert msgspec.json.decode(back(one).events[0].properties) == msgspec.json.decode(spread)


def test_lines_stand_in_the_order_of_the_stream_rejected_ones_in_their_place() -> None:
    one = decode(3, [entry("1000-2", [event(1), event(2)]), entry("999-0", [event(3)])])
    rejected = [Rejected(Position(1000, 2, 1), "why", b"\x00\xff", "demo", "n", event_id=b"e" * 16),
                Rejected(Position(1000, 0, 0), "frame", b"z", kind="frame", events=5, skip=b"\0\1")]  # fmt: skip
    one.keep([True, False, True])
    one.rejected += rejected
    lines = line.encode(one)
    assert [(place.ms, place.seq, place.index) for place, _ in lines] == [
        (999, 0, 0),
        (1000, 0, 0),
        (1000, 2, 0),
        (1000, 2, 1),
    ]
    assert sorted(back(one).rejected, key=lambda found: found.reason, reverse=True) == rejected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "truncated"),
        (b'{"line":"event"}', "required"),
        (b'{"line":"other"}', "other"),
        (b"\xff", "malformed"),
        (b'{"line":"rejected","_shard":4,"_stream_ms":1,"_stream_seq":0,"_index":0,"reason":"","raw":"","kind":"event",'
         b'"events":1}', "shard 4"),
        (b'{"line":"rejected","_shard":3,"_stream_ms":1,"_stream_seq":0,"_index":0,"reason":"","raw":"","kind":"event",'
         b'"events":1,"new":1}', "new"),
    ],
)  # fmt: skip
def test_a_line_that_is_none_is_refused_with_the_reason(text: bytes, why: str) -> None:
    with pytest.raises(line.BadLine, match=why):
        line.add(Batch(3, ["1-0"]), text)


def test_the_line_has_every_field_of_an_event() -> None:
    (found,) = [one for one in vars(line).values() if getattr(one, "__name__", "") == "_EventLine"]
    assert set(Event.__struct_fields__) <= set(found.__struct_fields__)
