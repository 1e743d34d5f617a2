"""The event of all peers: what POST /v1/events takes, as a pydantic model."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class Event(BaseModel):
    """The fields that the load has. No limits, no key, no idempotency: each peer does less than Headrace."""

    event_type: str
    occurred_at: datetime
    idempotency_key: str
    user_id: str | None = None
    session_id: str | None = None
    url: str | None = None
    referrer: str | None = None
    data: dict[str, Any] = {}
