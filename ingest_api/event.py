"""The event: what one producer said once, in the shape every later part understands. Leaf, no I/O."""

import msgspec


class Event(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event as it travels in a frame and as the workers read it.

    Encoded as a MessagePack array: **the order of the fields is the wire format**. Append new fields with a
    default at the end; anything else needs a new `frame.VERSION`. Times are Unix milliseconds, UTC. Text that
    was not given is empty, never null. Everything that decides the row's partition and sort key is fixed here.
    """

    #: 16 bytes of a UUID; deterministic when the producer gave an idempotency key
    event_id: bytes
    project: str
    name: str
    occurred_at: int
    received_at: int
    #: the JSON object of everything that has no column of its own, exactly as it was sent
    properties: bytes = b"{}"
    dialect: str = ""
    #: "event", or "identify" when the properties are traits of `user_id`
    kind: str = "event"
    site_id: str = ""
    user_id: str = ""
    client_id: str = ""
    session_id: str = ""
    request_id: str = ""
    url: str = ""
    title: str = ""
    referrer: str = ""
    device_type: str = ""
    language: str = ""
    platform: str = ""
    country: str = ""
    ip: str = ""
    user_agent: str = ""


class Draft(msgspec.Struct, gc=False):
    """What a dialect read from one item of a request, before the rules that are equal for all dialects."""

    name: str
    #: the item's own bytes; their digest tells a faithful retry from a reused key
    raw: bytes
    properties: bytes = b"{}"
    #: Unix milliseconds, or None for "now"
    occurred_at: int | None = None
    #: what the producer calls this event; equal keys of one project are one event
    key: str = ""
    kind: str = "event"
    site_id: str = ""
    user_id: str = ""
    client_id: str = ""
    session_id: str = ""
    request_id: str = ""
    url: str = ""
    title: str = ""
    referrer: str = ""
    device_type: str = ""
    language: str = ""
    platform: str = ""
    country: str = ""
    #: of the visitor, where the producer passes them on; else the connection's count
    ip: str = ""
    user_agent: str = ""
    #: the site was left out and is the project's first
    first_site: bool = False
