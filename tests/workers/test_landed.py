"""What became of a batch, counted frame by frame, is what became of its events one by one."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest_api import frame, runs
from ingest_api.event import Event
from ingest_api.ledger import MINUTE_MS
from ingest_api.projects import tombstones
from tests.workers.entries import event
from workers import pipeline
from workers.batch import Entry, Position, Rejected, decode
from workers.landed import MAX_REASON, Landed, land
from workers.reference import Reference

MS = 29_000_000 * MINUTE_MS
MINUTE = 29_000_000
#: what one event is: good, impossible (no row can hold it), a repetition of another's id, a duplicate of the
#: index, one under a tombstone
FATES = ("good", "impossible", "repeated", "duplicate", "erased")
CHANGED: dict[str, dict[str, Any]] = {"impossible": {"occurred_at": 10**15}, "erased": {"user_id": "ada"}}
SECRET = b"s" * 32
STONES = tuple(tombstones.stone(SECRET, project, MS * 2, users=["ada"]) for project in "ab")
REFERENCE = Reference(secret=SECRET, tombstones=STONES)


def entry(ms: int, events: list[Event], skip: bytes = b"", *, readable: bool = True, owned: bool = True) -> Entry:
    """An entry that says whose its events are."""
    packed, size = frame.encode(events)
    owners = runs.encode([(one.project, 1) for one in events]).encode()
    fields = [b"f", packed if readable else b"\x09z", b"n", b"%d" % (len(events) - len(skip) // 2), b"b", b"%d" % size]
    return b"%d-0" % ms, [*fields, *([b"p", owners] if owned else []), *([b"s", skip] if skip else [])]


def landed(*entries: Entry) -> Landed:
    """Through all steps, and stored."""
    return land(pipeline.run(decode(0, entries), REFERENCE))


def test_each_minute_and_project_has_its_own_counts() -> None:
    entries = (
        entry(MS, [event(1, project="a"), event(2, project="b"), event(3, project="a")]),
        entry(MS + MINUTE_MS, [event(4, project="a")]),
    )
    assert landed(*entries).ledger == {
        (MINUTE, "a", "stored"): 2,
        (MINUTE, "b", "stored"): 1,
        (MINUTE + 1, "a", "stored"): 1,
    }


def test_a_frame_that_cannot_be_read_is_rejected_by_whose_it_is_less_its_duplicates() -> None:
    events = [event(1, project="a"), event(2, project="b"), event(3, project="b")]
    assert landed(entry(MS, events, skip=b"\x00\x01", readable=False)).ledger == {
        (MINUTE, "a", "rejected"): 1,
        (MINUTE, "b", "rejected"): 1,
    }


def test_an_entry_that_does_not_say_whose_it_is_or_says_it_wrongly_is_stored_and_in_no_book() -> None:
    name, fields = entry(MS, [event(1)], owned=False)
    assert fields is not None
    for entry_ in ((name, fields), (name, [*fields, b"p", b"demo"])):
        done = landed(entry_)
        assert (done.stored, done.ledger) == (1, {})


def test_an_entry_that_vanished_is_in_no_book_and_so_leaves_what_was_accepted_open() -> None:
    done = landed((b"%d-0" % MS, None), entry(MS + 1, [event(1)]))
    assert (done.stored, done.rejected, done.ledger) == (1, 0, {(MINUTE, "demo", "stored"): 1})


def test_reasons_are_told_by_event_id_and_cut() -> None:
    batch = pipeline.run(decode(0, [entry(MS, [event(1, occurred_at=10**15), event(2)])]), Reference())
    batch.rejected.append(Rejected(Position(MS, 0, 2), "x" * 1000, b"", event_id=b"e" * 16))
    reasons = dict(land(batch).reasons)
    assert "outside the years" in reasons.pop(f"{1:032x}")
    assert reasons == {(b"e" * 16).hex(): "x" * MAX_REASON}


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Entry], Counter[tuple[int, str, str]]]:
    """Entries, and what becomes of their events one by one."""
    entries: list[Entry] = []
    wanted: Counter[tuple[int, str, str]] = Counter()
    stored: dict[str, list[int]] = {"a": [], "b": []}
    number = 0
    for place in range(draw(st.integers(1, 4))):
        ms = MS + place * MINUTE_MS // 2
        readable, events, skip = draw(st.sampled_from([True, True, False])), [], b""
        fates = draw(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(FATES)), min_size=1, max_size=6))
        for index, (project, fate) in enumerate(fates):
            number += 1
            again = fate == "repeated" and readable and bool(stored[project])
            own = stored[project][0] if again else number
            changed: dict[str, Any] = CHANGED.get(fate, {})
            events.append(event(own, project=project, **changed))
            if fate == "duplicate":
                skip += index.to_bytes(2, "big")
                continue
            end = "rejected" if fate == "impossible" or not readable else "repeated" if again else "stored"
            end = "erased" if fate == "erased" and readable else end
            if end == "stored":
                stored[project].append(number)
            wanted[ms // MINUTE_MS, project, end] += 1
        entries.append(entry(ms, events, skip, readable=readable))
    return entries, wanted


@given(batches())
def test_the_counts_are_those_of_the_events_one_by_one(case: tuple[list[Entry], Counter[tuple[int, str, str]]]) -> None:
    entries, wanted = case
    done = landed(*entries)
    assert dict(done.ledger) == dict(wanted)
    ends: Counter[str] = Counter()
    for (_, _, end), count in wanted.items():
        ends[end] += count
    assert (done.stored, done.rejected) == (ends["stored"], ends["rejected"])
    assert (done.repeated, done.erased) == (ends["repeated"], ends["erased"])


def test_the_same_entries_give_the_same_counts() -> None:
    entries = [entry(MS, [event(1), event(1), event(2, occurred_at=10**15)])]
    assert landed(*entries) == landed(*entries)
