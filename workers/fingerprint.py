"""Fingerprint: rejected events with one cause have one, whatever their data says."""

import hashlib
import re

from ingest_api.projects.schema import REJECTED

#: what differs from event to event: quoted data, JSON, ids and numbers
_DATA = re.compile(
    r"""'[^']*' | "[^"]*" | `[^`]*` | \{.*\} | \[.*\] | \b[0-9a-fA-F-]*\d[0-9a-fA-F-]*\b | \d+""",
    re.VERBOSE | re.DOTALL,
)
#: ClickHouse quotes data without quotes, after the first colon of its message
_QUOTES_BARELY = "ClickHouse"


def cause(reason: str) -> str:
    """The reason without the data that ClickHouse quotes: fit for logs."""
    who, colon, text = reason.partition(": ")
    return f"{who}{colon}{text.partition(': ')[0]}" if who.startswith(_QUOTES_BARELY) else reason


def fingerprint(project: str, name: str, reason: str) -> str:
    """16 hex digits. The same project, event name and cause give the same, with every build."""
    plain = reason if reason.startswith(REJECTED) else _DATA.sub("#", cause(reason))  # a schema's words are no data
    return hashlib.sha256(f"{project}\0{name}\0{plain}".encode()).hexdigest()[:16]
