"""Schemas over HTTP: set, shown, taken away, and tried on events that are stored. Each function is one route."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import NotThere
from ingest_api.projects.schema import Mode, Schema
from ingest_api.projects.schemas import Schemas
from ingest_api.projects.validation import checked, violations
from queries.management import Answer
from queries.route import Call, Route
from queries.service import QueryService
from queries.sql import Statement

#: bytes of stored events that one trial reads
_TRIAL_BYTES = 32 * 1024 * 1024
#: finds out first how far back they reach, and reads without FINAL: properties are much to read
_NEWEST = """
WITH (
    SELECT min(_stream_ms) FROM (
        SELECT _stream_ms FROM events WHERE project = {project:String} AND name = {name:String}
        ORDER BY _stream_ms DESC LIMIT {limit:UInt32}
    )
) AS oldest
SELECT properties FROM (
    SELECT toJSONString(properties) AS properties, sum(length(properties)) OVER (
        ORDER BY _stream_ms DESC, _shard, _stream_seq DESC, _index DESC ROWS UNBOUNDED PRECEDING
    ) AS bytes FROM (
        SELECT properties, _stream_ms, _shard, _stream_seq, _index FROM events
        WHERE project = {project:String} AND name = {name:String} AND _stream_ms >= oldest
        ORDER BY _stream_ms DESC, _shard, _stream_seq DESC, _index DESC LIMIT 1 BY event_id LIMIT {limit:UInt32}
    )
) WHERE bytes < {bytes:UInt64}"""

Document = Annotated[dict[str, Any], Meta(description="JSON Schema, draft 2020-12, of the events' properties")]


class SchemaToSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/v1/projects/{id}/schemas/{name}"""

    schema: Document
    mode: Annotated[Mode, Meta(description="of events that are not so: store them flagged, or reject them")] = "warn"


class SchemaToTry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/projects/{id}/schemas/{name}/check: without a schema, the one that is set."""

    schema: Document | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=1000, description="the newest so many stored events are tried")] = 1000


class SchemaShown(msgspec.Struct, frozen=True):
    """The schema of the events of one name."""

    name: str
    mode: Mode
    #: counts up with every change
    version: int
    changed_at: datetime
    schema: dict[str, Any]


class SchemaList(msgspec.Struct, frozen=True):
    """By the names of events."""

    schemas: list[SchemaShown]


class FieldTried(msgspec.Struct, frozen=True):
    """Events in which a field is wrong, and what is wrong most often."""

    field: str
    message: str
    events: int


class Trial(msgspec.Struct, frozen=True):
    """What a schema would do to the newest stored events; the fields that are wrong most often come first."""

    events: int
    failing: int
    fields: list[FieldTried]


async def list_schemas(service: QueryService, call: Call) -> Answer[SchemaList]:
    """Of one project."""
    found = await Schemas(service.redis).of(call.path["id"])
    return Answer(data=SchemaList([_shown(name, schema) for name, schema in found.items()]))


async def show_schema(service: QueryService, call: Call) -> Answer[SchemaShown]:
    """One of them."""
    name = call.path["name"]
    return Answer(data=_shown(name, await Schemas(service.redis).get(call.path["id"], name)))


async def set_schema(service: QueryService, call: Call) -> Answer[SchemaShown]:
    """Made or changed, or left as it is when it is the same."""
    asked: SchemaToSet = call.body
    name = call.path["name"]
    return Answer(data=_shown(name, await Schemas(service.redis).put(call.path["id"], name, asked.schema, asked.mode)))


async def remove_schema(service: QueryService, call: Call) -> Answer[SchemaShown]:
    """Events of the name are checked no longer. Shows what it was."""
    name = call.path["name"]
    return Answer(data=_shown(name, await Schemas(service.redis).remove(call.path["id"], name)))


async def check_schema(service: QueryService, call: Call) -> Answer[Trial]:
    """Changes nothing."""
    asked: SchemaToTry = call.body
    project, name = call.path["id"], call.path["name"]
    if asked.schema is UNSET:
        schema = await Schemas(service.redis).get(project, name)
    else:
        schema = Schema(await asyncio.to_thread(checked, asked.schema), "warn", 0, 0)
        if await service.projects.get(project) is None:
            raise NotThere("There is no such project.")
    parameters: dict[str, object] = {"project": project, "name": name, "limit": asked.limit, "bytes": _TRIAL_BYTES}
    rows = await service.store.rows(Statement(_NEWEST, parameters))
    return Answer(data=await asyncio.to_thread(_tried, schema, [row[0].encode() for row in rows]))


def _tried(schema: Schema, stored: Sequence[bytes]) -> Trial:
    found = [wrong for properties in stored if (wrong := violations(schema, properties))]
    events = Counter(one.field for wrong in found for one in wrong)
    messages = Counter(one for wrong in found for one in wrong)
    usual = {one.field: one.message for one, _ in reversed(messages.most_common())}
    fields = [FieldTried(field, usual[field], count) for field, count in events.most_common()]
    return Trial(len(stored), len(found), fields)


def _shown(name: str, schema: Schema) -> SchemaShown:
    changed_at = moment.utc(schema.changed_at)
    return SchemaShown(name, schema.mode, schema.version, changed_at, msgspec.json.decode(schema.text))


_SCHEMAS = "/api/v1/projects/{id}/schemas"
_SCHEMA = f"{_SCHEMAS}/{{name}}"
ROUTES: tuple[Route, ...] = (
    Route("GET", _SCHEMAS, list_schemas, Answer[SchemaList], "The schemas of a project", Kind.ADMIN),
    Route("GET", _SCHEMA, show_schema, Answer[SchemaShown], "One schema", Kind.ADMIN),
    Route("PUT", _SCHEMA, set_schema, Answer[SchemaShown], "Set a schema", Kind.ADMIN, SchemaToSet),
    Route("DELETE", _SCHEMA, remove_schema, Answer[SchemaShown], "Take a schema away", Kind.ADMIN),
    Route(
        "POST",
        f"{_SCHEMA}/check",
        check_schema,
        Answer[Trial],
        "Try a schema on stored events",
        Kind.ADMIN,
        SchemaToTry,
    ),
)
