"""Entries -> batch."""

import msgspec

from ingest_api import frame
from ingest_api.event import Event
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


def test_what_a_verdict_says_of_another_entry_changes_nothing() -> None:
    entries = [entry("7-1", [event(n) for n in range(3)]), entry("8-0", [event(3)])]
    plain, judged = decode(0, entries), decode(0, entries, {"9-9:0": "of another entry"})
    assert (plain.events, plain.positions) == (judged.events, judged.positions)
    assert len(plain.events) == 4


def test_the_span_names_the_batch_by_its_entries_alone() -> None:
    entries = [entry("1000-0", [event(1)]), entry("1000-7", [event(2)])]
    assert decode(3, entries).span == "1000-0:1000-7:2"


def test_a_frame_that_cannot_be_read_is_rejected_whole_with_its_bytes_and_the_next_is_read() -> None:
    bad = (b"1000-0", [b"f", b"\x09zdamaged", b"n", b"5", b"b", b"100"])
    batch = decode(3, [bad, entry("1001-0", [event(1)])])
    assert len(batch.events) == 1
    (rejected,) = batch.rejected
    assert (rejected.raw, rejected.position) == (b"\x09zdamaged", Position(1000, 0, 0))
    assert (rejected.kind, rejected.events, rejected.place) == ("frame", 5, "1000-0")
    assert "version 9" in rejected.reason
    assert batch.claimed == 6


def test_a_row_that_is_no_event_is_rejected_and_its_neighbours_are_kept() -> None:
    packed, _ = frame.encode([event(1), event(2)])
    broken = packed.replace(b"page_view", b"page\xff\xffiew", 1)
    batch = decode(3, [(b"1000-0", [b"f", broken, b"n", b"2", b"b", b"9"])])
    assert len(batch.events) == len(batch.rejected) == 1
    (rejected,) = batch.rejected
    assert (rejected.position.index, rejected.place) == (0, "1000-0:0")
    assert (rejected.project, rejected.name, rejected.event_id) == ("demo", "", (1).to_bytes(16, "big"))
    assert rejected.raw in broken


def test_an_entry_that_vanished_is_told_and_never_passed_over() -> None:
    batch = decode(3, [(b"1000-0", None), entry("1001-0", [event(1)])])
    assert "vanished" in batch.rejected[0].reason
    assert (batch.rejected[0].raw, batch.rejected[0].events) == (b"", 0)
    assert len(batch.events) == 1


def test_what_a_verdict_set_aside_is_rejected_for_its_reason_with_bytes_that_can_be_put_back() -> None:
    entries = [entry("1000-0", [event(1), event(2)]), entry("1001-0", [event(3)]), entry("1002-0", [event(4)])]
    batch = decode(3, entries, {"1000-0:1": "why not", "1001-0": "kills"})
    assert [one.event_id[-1] for one in batch.events] == [1, 4]
    one, frame_ = batch.rejected
    assert (one.reason, one.place, msgspec.msgpack.decode(one.raw, type=Event)) == ("why not", "1000-0:1", event(2))
    assert (frame_.reason, frame_.place, frame_.kind, frame_.events) == ("kills", "1001-0", "frame", 1)
    assert frame_.raw == frame.encode([event(3)])[0]


def test_a_frame_that_a_verdict_set_aside_is_not_looked_into() -> None:
    batch = decode(3, [(b"1000-0", [b"f", b"\x09zdamaged", b"n", b"5"])], {"1000-0": "kills"})
    assert [one.reason for one in batch.rejected] == ["kills"]


def test_a_rejected_frame_of_one_project_names_it_and_keeps_its_skip_list() -> None:
    fields = [b"f", b"damaged", b"n", b"1", b"s", b"\x00\x01", b"p", b"demo\x002"]
    (rejected,) = decode(3, [(b"1000-0", fields)]).rejected
    assert (rejected.project, rejected.skip) == ("demo", b"\x00\x01")


def test_an_entry_that_says_nonsense_of_itself_is_read_all_the_same() -> None:
    packed, _ = frame.encode([event(1)])
    batch = decode(3, [(b"1000-0", [b"f", packed, b"n", b"many", b"p", b"\xff"])])
    assert (len(batch.events), batch.claimed) == (1, 0)
