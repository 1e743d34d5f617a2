"""Rejected bytes, as far as they say something."""

from typing import Any

import msgspec
import pytest

from ingest_api import frame
from ingest_api.event import Event
from queries.rejections.readable import MAX_EVENTS, MAX_UNPACKED, readable

EVENT = Event(bytes(15) + b"\x07", "demo", "signup", 1, 2, b'{"plan":"pro"}', "intake")
GOOD = {
    "event_id": f"evt_{7:032x}", "project": "demo", "name": "signup", "occurred_at": 1, "received_at": 2,
    "properties": {"plan": "pro"}, "dialect": "intake", "kind": "event",
}  # fmt: skip


def test_an_event_is_an_object_without_what_is_empty() -> None:
    assert readable("event", msgspec.msgpack.encode(EVENT)) == GOOD


NOT_TEXT = msgspec.msgpack.encode(EVENT).replace(b"\xa6signup", b"\xa6sig\xff\xffp")


def with_properties(properties: bytes) -> bytes:
    return msgspec.msgpack.encode(msgspec.structs.replace(EVENT, properties=properties))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (NOT_TEXT, GOOD | {"name": {"hex": "a6736967ffff70"}}),
        (msgspec.msgpack.encode([b"id", 7, None]), {"event_id": {"hex": "c4026964"}, "project": 7, "name": None}),
        (with_properties(b"not json"), GOOD | {"properties": "not json"}),
        (with_properties(b"\xff"), GOOD | {"properties": "\\xff"}),
        (b"\xc1", {"hex": "c1"}),
        (b"", {"hex": ""}),
    ],
)
def test_what_cannot_be_decoded_is_hex_and_hides_nothing_else(row: bytes, told: Any) -> None:
    assert readable("event", row) == told


def test_fields_of_a_later_build_are_told_without_a_name() -> None:
    fields = [*msgspec.msgpack.decode(msgspec.msgpack.encode(EVENT)), "later"]
    assert readable("event", msgspec.msgpack.encode(fields)) == GOOD | {"more": ["later"]}


def test_of_a_frame_the_first_events_are_told() -> None:
    assert readable("frame", frame.encode([EVENT] * 100)[0]) == [GOOD] * MAX_EVENTS
    assert readable("frame", b"\x09zdamaged") is None


def test_a_frame_that_unpacks_to_much_is_not_looked_into() -> None:
    large = msgspec.structs.replace(EVENT, properties=b'"' + b"x" * MAX_UNPACKED + b'"')
    assert readable("frame", frame.encode([large])[0]) is None
