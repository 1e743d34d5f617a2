"""Drafts, contexts and stamped events for tests: the smallest that are right."""

from typing import Any

from ingest_api.event import Draft
from ingest_api.normalise import Context, Stamped, normalise
from ingest_api.projects import Project

NOW = 1_795_000_000_000
PROJECT = Project("demo", ("site_abc123",), NOW)


def draft(name: str = "signup", **fields: Any) -> Draft:
    """One item as a dialect reads it."""
    return Draft(**{"name": name, "raw": name.encode(), **fields})


def context(project: Project = PROJECT, **fields: Any) -> Context:
    """A request of this project, now."""
    known = {
        "project": project,
        "dialect": "intake",
        "received_at": NOW,
        "ip": "127.0.0.1",
        "user_agent": "test",
        "max_event_bytes": 262_144,
        "past_days": 36_500,
        "future_hours": 24,
    }
    return Context(**{**known, **fields})


def stamped(name: str = "signup", key: str = "", number: int = 0, **fields: Any) -> Stamped:
    """An event ready to be appended."""
    result = normalise(draft(name, key=key, **fields), context(), number)
    assert isinstance(result, Stamped)
    return result
