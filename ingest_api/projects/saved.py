"""Saved: what a project keeps under a name, a query or an alert, as a JSON document. Leaf, no I/O."""

import re
from collections.abc import Mapping

import msgspec

from ingest_api.projects.project import Invalid

#: hashes: project\0name -> document
QUERIES = "headrace:queries"
ALERTS = "headrace:alerts"
#: shelf -> what stands on it, and how many of a project
SHELVES: Mapping[str, tuple[str, int]] = {QUERIES: ("query", 200), ALERTS: ("alert", 100)}
MAX_BYTES = 32 * 1024
#: as it stands in a path
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,126}")


class Document(msgspec.Struct, frozen=True):
    """`text` is JSON; `version` counts up with every change, `changed_at` is Unix milliseconds."""

    text: str
    version: int
    changed_at: int


def by_project(fields: Mapping[bytes, bytes]) -> dict[str, dict[str, Document]]:
    """What a shelf holds: project -> name -> document."""
    found: dict[str, dict[str, Document]] = {}
    for field, raw in sorted(fields.items()):
        project_id, _, name = field.decode().partition("\0")
        found.setdefault(project_id, {})[name] = msgspec.json.decode(raw, type=Document)
    return found


def written(content: object) -> str:
    """As a document holds it. Raises `Invalid` when it is too large."""
    text = msgspec.json.encode(content)
    if len(text) > MAX_BYTES:
        raise Invalid(f"This is {len(text)} bytes as JSON; {MAX_BYTES} may be saved.")
    return text.decode()
