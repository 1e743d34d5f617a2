"""The event's wire format."""

import msgspec

from ingest_api.event import Event


def test_the_order_of_the_fields_is_the_wire_format() -> None:
    # Frames on disk were written in this order: append at the end, or raise frame.VERSION.
    assert Event.__struct_fields__ == (
        "event_id", "project", "name", "occurred_at", "received_at", "properties", "dialect", "kind", "site_id",
        "user_id", "client_id", "session_id", "request_id", "url", "title", "referrer", "device_type", "language",
        "platform", "country", "ip", "user_agent",
    )  # fmt: skip


def test_an_event_written_before_a_field_existed_is_read_with_its_default() -> None:
    short = [b"0" * 16, "demo", "signup", 1, 2]
    event = msgspec.msgpack.decode(msgspec.msgpack.encode(short), type=Event)
    assert event == Event(b"0" * 16, "demo", "signup", 1, 2)
    assert event.properties == b"{}"
