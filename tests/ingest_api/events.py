"""Drafts, contexts and stamped events for tests: the smallest that are right."""

from typing import Any

import msgspec

from ingest_api import frame
from ingest_api.event import Draft
from ingest_api.projects.projects import Project
from ingest_api.rules.limits import Limits
from ingest_api.rules.normalise import Context, Stamped, normalise, window
from ingest_api.settings import Settings

NOW = 1_795_000_000_000
PROJECT = Project("demo", ("site_abc123",), NOW)
#: read once: the environment is slow to read, and some tests ask for thousands of contexts
LIMITS = Limits.of(Settings())


def draft(name: str = "signup", **fields: Any) -> Draft:
    """One item as a dialect reads it."""
    return Draft(**{"name": name, "raw": name.encode(), **fields})


def context(project: Project = PROJECT, *, recent_only: bool = False, **limits: int) -> Context:
    """A request of this project, now, under the default limits unless others are named."""
    known = msgspec.structs.replace(LIMITS, **limits)
    earliest, latest = window(project, known, NOW, recent_only=recent_only)
    return Context(project, "intake", NOW, earliest, latest, "127.0.0.1", "test", known)


def stamped(name: str = "signup", key: str = "", number: int = 0, **fields: Any) -> Stamped:
    """An event ready to be appended."""
    result = normalise(draft(name, key=key, **fields), context(), number)
    assert isinstance(result, Stamped)
    return result


def changed(one: Stamped, **fields: Any) -> Stamped:
    """The same with other fields of its event."""
    event = msgspec.structs.replace(one.event, **fields)
    return msgspec.structs.replace(one, event_id=event.event_id, project=event.project, row=frame.row(event))
