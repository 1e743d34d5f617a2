"""One act, as the producers of each dialect tell it, and what each dialect cannot say."""

import copy
from typing import Any

OCCURRED_AT = 1_795_082_400_000
PROPERTIES = {"price": 29.99, "items": ["x"]}
#: the event behind all of them
SAID = {
    "name": "purchase",
    "occurred_at": OCCURRED_AT,
    "user_id": "u_1",
    "session_id": "s_1",
    "site_id": "demo",
    "url": "https://shop.example/",
    "referrer": "https://a.example/",
    "kind": "event",
}
_ACT: dict[str, dict[str, Any]] = {
    "intake": {
        "event_type": "purchase", "occurred_at": "2026-11-19T10:00:00Z", "user_id": "u_1", "session_id": "s_1",
        "url": "https://shop.example/", "referrer": "https://a.example/", "data": {"price": 29.99, "items": ["x"]},
    },
    "pulse": {
        "event_type": "purchase", "timestamp": 1_795_082_400_000, "user_id": "u_1", "session_id": "s_1",
        "url": "https://shop.example/", "referrer": "https://a.example/", "site_id": "demo",
        "price": 29.99, "items": ["x"],
    },
    "hardal": {
        "type": "event",
        "payload": {
            "website": "demo", "name": "purchase", "id": "u_1", "url": "https://shop.example/",
            "referrer": "https://a.example/", "data": {"price": 29.99, "items": ["x"]},
        },
    },
    "hardal_db": {
        "event_name": "purchase", "created_at": "2026-11-19T10:00:00Z", "properties": {"price": 29.99, "items": ["x"]},
    },
    "eventbunker": {
        "event_name": "purchase", "timestamp": "2026-11-19T10:00:00", "customer_identifier": "u_1",
        "price": 29.99, "items": ["x"],
    },
}  # fmt: skip
#: what a dialect cannot say
UNSAID = {
    "intake": {"site_id"},
    "pulse": set[str](),
    "hardal": {"occurred_at", "session_id"},
    "hardal_db": {"site_id", "user_id", "session_id", "url", "referrer"},
    "eventbunker": {"site_id", "session_id", "url", "referrer"},
}


def told_as(dialect: str, name: str = "purchase") -> dict[str, Any]:
    """The act in the words of a dialect, under this event name."""
    body = copy.deepcopy(_ACT[dialect])
    for holder in (body, body.get("payload", {})):
        for field in ("event_type", "event_name", "name"):
            if field in holder:
                holder[field] = name
    return body
