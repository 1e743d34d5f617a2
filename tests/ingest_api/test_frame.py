"""The frame codec."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api import frame
from ingest_api.event import Event

_texts = st.text(st.characters(codec="utf-8"), max_size=40)
_events = st.builds(
    Event,
    event_id=st.binary(min_size=16, max_size=16),
    project=_texts,
    name=_texts,
    occurred_at=st.integers(0, 2**42),
    received_at=st.integers(0, 2**42),
    properties=st.binary(max_size=80),
    url=_texts,
    user_agent=_texts,
)


@given(st.lists(_events, max_size=30))
def test_what_goes_in_comes_out(events: list[Event]) -> None:
    packed, size = frame.encode(events)
    assert frame.decode(packed) == events
    assert size >= len(events)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_rows_become_the_array_that_messagepack_makes_of_them(count: int) -> None:
    rows = [frame.row(Event(b"0" * 16, "demo", "signup", 1, 2))] * count
    array = msgspec.msgpack.encode([msgspec.Raw(row) for row in rows])
    assert frame.encode_rows(rows) == frame.pack(array)
    assert frame.split(frame.encode_rows(rows)[0], len(array)) == rows


def test_a_large_frame_is_compressed_and_a_small_one_is_not() -> None:
    event = Event(b"0" * 16, "demo", "page_view", 1, 2, b'{"a":1}', url="https://example.com/products")
    small, size = frame.encode([event])
    assert small[1:2] == b"r"
    assert len(small) == size + 2
    large, size = frame.encode([event] * 500)
    assert large[1:2] == b"z"
    assert len(large) < size / 5


def test_a_row_that_is_not_an_event_leaves_its_neighbours_readable() -> None:
    good = Event(b"0" * 16, "demo", "signup", 1, 2)
    rows = msgspec.msgpack.encode([good, ["not", "an", "event"], good])
    first, bad, last = frame.decode(bytes((frame.VERSION,)) + b"r" + rows)
    assert first == last == good
    assert isinstance(bad, frame.BadEvent)
    assert bad.index == 1
    assert bad.reason


def test_an_older_reader_ignores_fields_that_were_appended_later() -> None:
    event = Event(b"0" * 16, "demo", "signup", 1, 2)
    row = [*msgspec.msgpack.decode(msgspec.msgpack.encode(event)), "a field of tomorrow"]
    rows = msgspec.msgpack.encode([row])
    assert frame.decode(bytes((frame.VERSION,)) + b"r" + rows) == [event]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda packed: b"", "version missing"),
        (lambda packed: b"\x09" + packed[1:], "version 9"),
        (lambda packed: packed[:1] + b"q" + packed[2:], "unknown packing"),
        (lambda packed: packed[:-5], "zstd"),
        (lambda packed: packed + b"more", "zstd"),
        (lambda packed: packed[:2] + b"\x00" * 40, "zstd"),
        (lambda packed: bytes((frame.VERSION,)) + b"r\xc1\xc1", "MessagePack"),
    ],
)
def test_a_damaged_frame_says_what_is_wrong(damage, reason) -> None:  # type: ignore[no-untyped-def]  # lambdas
    packed, _ = frame.encode([Event(b"0" * 16, "demo", "x" * 100, 1, 2)] * 100)
    with pytest.raises(frame.BadFrame, match=reason):
        frame.decode(damage(packed))


def test_events_are_found_by_id_and_place() -> None:
    events = [Event(bytes((n,)) * 16, "demo", "x" * 100, 1, 2) for n in (1, 2, 1, 3)]
    packed, _ = frame.encode(events)
    assert frame.find(packed, b"\x01" * 16) == [(0, events[0]), (2, events[2])]
    assert frame.find(packed, b"\x04" * 16) == []
    text = Event(b"0" * 16, "demo", "signup", 1, 2, b'{"a":"1111111111111111"}')
    assert frame.find(frame.encode([text])[0], b"1" * 16) == []
    with pytest.raises(frame.BadFrame):
        frame.find(b"\x09zdamaged", b"1" * 16)


def test_rows_are_packed_and_taken_apart_as_they_are() -> None:
    one = Event(b"i" * 16, "demo", "signup", 1, 2, b"x" * 1000)
    rows = [msgspec.msgpack.encode(one), b"\xa3odd"]
    packed, _ = frame.encode_rows(rows)
    assert frame.split(packed, 10_000) == rows
    good, bad = frame.decode(packed)
    assert (good, isinstance(bad, frame.BadEvent)) == (one, True)


@pytest.mark.parametrize("limit", [0, 100, 999])
def test_a_frame_larger_than_a_limit_is_not_unpacked(limit: int) -> None:
    packed, _ = frame.encode([Event(b"i" * 16, "demo", "signup", 1, 2, b"x" * 1000)])
    with pytest.raises(frame.BadFrame, match="too large"):
        frame.split(packed, limit)


def test_one_row_is_an_event_or_none() -> None:
    event = Event(bytes(16), "p", "n", 1, 2)
    assert frame.event(msgspec.msgpack.encode(event)) == event
    assert [frame.event(row) for row in (b"", b"\xc1", msgspec.msgpack.encode("text"), b"\x91\xa1\xff")] == [None] * 4
