"""GET /api/v1/violations: which fields were not as their schemas want them, how often, and when last."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.schema import REJECTED, Mode
from queries import request
from queries.management import Answer
from queries.route import Call, Route
from queries.service import QueryService
from queries.sql import Statement

_MOST = 1000
_COUNTS = """
SELECT name, field, mode, count() AS events, max(at) AS last FROM (
    SELECT name, arrayJoin(violations) AS field, 'warn' AS mode, _stream_ms AS at FROM events FINAL
    WHERE project = {project:String} AND ({name:String} = '' OR name = {name:String})
        AND _stream_ms >= {since:UInt64} AND notEmpty(violations)
    UNION ALL
    SELECT name, extract(reason, {field:String}) AS field, 'reject' AS mode, _stream_ms AS at FROM rejected_events FINAL
    WHERE project = {project:String} AND ({name:String} = '' OR name = {name:String})
        AND _stream_ms >= {since:UInt64} AND startsWith(reason, {rejected:String})
) GROUP BY name, field, mode ORDER BY events DESC, name, field, mode LIMIT {limit:UInt32}"""


class FieldCounted(msgspec.Struct, frozen=True):
    """Events of one name in which a field was wrong: stored with a flag (warn), or rejected."""

    name: str
    field: str
    mode: Mode
    events: int
    #: when the last of them arrived
    last_seen: datetime


class Violations(msgspec.Struct, frozen=True):
    """The most frequent first."""

    period: str
    violations: list[FieldCounted]


async def list_violations(service: QueryService, call: Call) -> Answer[Violations]:
    """Of the key's project."""
    since, period, name = request.read_violations(call.query, moment.now_ms())
    rows = await service.store.rows(_counts(call.project.id, name, since))
    return Answer(data=Violations(period, [_counted(row) for row in rows]))


def _counts(project: str, name: str, since: int) -> Statement:
    """Rows of name, field, mode, events, Unix ms of the last. An event counts once for each of its fields."""
    return Statement(
        _COUNTS,
        {
            "project": project,
            "name": name,
            "since": since,
            "rejected": REJECTED,
            "field": f"^{REJECTED}(.*?): ",
            "limit": _MOST,
        },
    )


def _counted(row: Sequence[Any]) -> FieldCounted:
    name, field, mode, events, last_ms = row
    return FieldCounted(name, field, mode, events, moment.utc(last_ms))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/violations",
        list_violations,
        Answer[Violations],
        "Fields that are not as their schemas want them",
        Kind.QUERY,
        parameters=request.VIOLATIONS_PARAMETERS,
    ),
)
