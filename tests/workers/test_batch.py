"""Entries -> batch."""

from ingest_api import frame
from tests.workers.entries import entry, event
from workers.batch import Position, decode


def test_events_keep_their_order_and_know_where_they_lie() -> None:
    batch = decode(3, [entry("1000-0", [event(1), event(2)]), entry("1000-1", [event(3)])])
    assert [one.event_id[-1] for one in batch.events] == [1, 2, 3]
    assert batch.positions == [Position(1000, 0, 0), Position(1000, 0, 1), Position(1000, 1, 0)]
    assert batch.claimed == 3


def test_events_of_the_skip_list_are_left_out_and_the_others_keep_their_place() -> None:
    batch = decode(3, [entry("1000-0", [event(1), event(2), event(3)], skip=b"\x00\x01")])
    assert [position.index for position in batch.positions] == [0, 2]
    assert batch.claimed == 2


def test_the_span_names_the_batch_by_its_entries_alone() -> None:
    entries = [entry("1000-0", [event(1)]), entry("1000-7", [event(2)])]
    assert decode(3, entries).span == "1000-0:1000-7:2"


def test_a_frame_that_cannot_be_read_is_rejected_whole_with_its_bytes_and_the_next_is_read() -> None:
    bad = (b"1000-0", [b"f", b"\x09zdamaged", b"n", b"5", b"b", b"100"])
    batch = decode(3, [bad, entry("1001-0", [event(1)])])
    assert len(batch.events) == 1
    (rejected,) = batch.rejected
    assert (rejected.raw, rejected.position) == (b"\x09zdamaged", Position(1000, 0, 0))
    assert "version 9" in rejected.reason
    assert batch.claimed == 6


def test_a_row_that_is_no_event_is_rejected_and_its_neighbours_are_kept() -> None:
    packed, _ = frame.encode([event(1), event(2)])
    broken = packed.replace(b"page_view", b"page\xff\xffiew", 1)
    batch = decode(3, [(b"1000-0", [b"f", broken, b"n", b"2", b"b", b"9"])])
    assert len(batch.events) == len(batch.rejected) == 1
    assert batch.rejected[0].position.index == 0


def test_an_entry_that_vanished_is_told_and_never_passed_over() -> None:
    batch = decode(3, [(b"1000-0", None), entry("1001-0", [event(1)])])
    assert "vanished" in batch.rejected[0].reason
    assert len(batch.events) == 1
