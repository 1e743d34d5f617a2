"""Schemas: the store of the schemas of all projects. Every change is one step in Redis, and counts a version up."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from ingest_api.projects.project import Conflict, NotThere
from ingest_api.projects.records import SCHEMAS, SCHEMAS_VERSION, Records, change
from ingest_api.projects.schema import Mode, Schema
from ingest_api.projects.validation import checked
from ingest_api.stream import Redis

MAX_SCHEMAS = 1000


class Schemas:
    """The store. `version` tells caches when to read `all` again."""

    def __init__(self, redis: Redis) -> None:
        self._client = redis
        self._redis = cast("Any", redis)  # redis-py 5 types each answer as "awaitable or not"

    async def put(self, project_id: str, name: str, schema: dict[str, Any], mode: Mode) -> Schema:
        """Set the schema of a project's events of this name. What is the same already is not changed.

        Raises `Invalid` where the schema is wrong, `NotThere` and `Conflict`.
        """
        text = await asyncio.to_thread(checked, schema)

        async def plan(records: Records) -> Schema:
            await records.project(project_id)
            old = await records.schema(project_id, name)
            if old is None and len(await records.schema_names(project_id)) >= MAX_SCHEMAS:
                raise Conflict(f"A project has at most {MAX_SCHEMAS} schemas.")
            if old is not None and (old.text, old.mode) == (text, mode):
                return old
            new = Schema(text, mode, old.version + 1 if old else 1, await records.now_ms())
            records.put_schema(project_id, name, new)
            return new

        return await change(self._client, plan)

    async def remove(self, project_id: str, name: str) -> Schema:
        """Take a schema away. Returns what it was. Raises `NotThere`."""

        async def plan(records: Records) -> Schema:
            old = _found(await records.schema(project_id, name), name)
            records.put_schema(project_id, name, None)
            return old

        return await change(self._client, plan)

    async def get(self, project_id: str, name: str) -> Schema:
        """One schema. Raises `NotThere`."""
        return _found(await Records(self._redis).schema(project_id, name), name)

    async def of(self, project_id: str) -> dict[str, Schema]:
        """A project's schemas by the names of events. Raises `NotThere` without the project."""
        records = Records(self._redis)
        await records.project(project_id)
        names = await records.schema_names(project_id)
        raws = await self._redis.hmget(SCHEMAS, [f"{project_id}\0{name}" for name in names]) if names else []
        found = zip(names, raws, strict=True)  # what was taken away in between is None
        return {name: msgspec.json.decode(raw, type=Schema) for name, raw in found if raw}

    async def all(self) -> dict[str, dict[str, Schema]]:
        """Project -> event name -> schema."""
        return by_project(await self._redis.hgetall(SCHEMAS))

    async def version(self) -> int:
        """Counts up with every change."""
        return int(await self._redis.get(SCHEMAS_VERSION) or 0)


def by_project(fields: Mapping[bytes, bytes]) -> dict[str, dict[str, Schema]]:
    """What the hash of all schemas holds: project -> event name -> schema."""
    found: dict[str, dict[str, Schema]] = {}
    for field, raw in sorted(fields.items()):
        project_id, _, name = field.decode().partition("\0")
        found.setdefault(project_id, {})[name] = msgspec.json.decode(raw, type=Schema)
    return found


def _found(schema: Schema | None, name: str) -> Schema:
    if schema is None:
        raise NotThere(f"Events named {name[:100]!r} have no schema.")
    return schema
