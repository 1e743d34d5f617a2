"""What can still be read of a damaged row."""

import msgspec
import pytest

from tests.workers.entries import event
from workers.glimpse import Glimpse, glimpse

GOOD = msgspec.msgpack.encode(event(1))


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (GOOD, Glimpse(event(1).event_id, "demo", "page_view")),
        (GOOD.replace(b"page_view", b"page\xff\xffiew"), Glimpse(event(1).event_id, "demo", "")),
        (msgspec.msgpack.encode([b"short", "demo"]), Glimpse(b"", "demo", "")),
        (msgspec.msgpack.encode([1, None, {}]), Glimpse()),
        (msgspec.msgpack.encode({"a": 1}), Glimpse()),
        (b"\xc1", Glimpse()),
        (b"", Glimpse()),
    ],
)
def test_each_field_is_read_for_itself(raw: bytes, seen: Glimpse) -> None:
    assert glimpse(raw) == seen
