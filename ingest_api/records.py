"""Records: projects, keys and sites as they lie in Redis, read under watch and written in one step."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec

from ingest_api.keys import Key
from ingest_api.project import NotThere, Project
from ingest_api.stream import Redis

PROJECTS = "headrace:projects"
KEYS = "headrace:keys"
SITES = "headrace:sites"
#: counts up with every change; processes that cache access watch it
VERSION = "headrace:projects:version"

T = TypeVar("T")


class Records:
    """What one change sees and leaves. Reads ask Redis; writes wait until the change is complete."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._put: dict[str, dict[str, bytes | str]] = {}
        self._drop: list[str] = []

    async def find(self, project_id: str) -> Project | None:
        """The project, or None."""
        raw = await self._pipe.hget(PROJECTS, project_id)
        return None if raw is None else msgspec.json.decode(raw, type=Project)

    async def project(self, project_id: str) -> Project:
        """The project. Raises `NotThere`."""
        found = await self.find(project_id)
        if found is None:
            raise NotThere(f"There is no project {project_id!r}. Make it with: headrace project create {project_id}")
        return found

    async def find_key(self, key_id: str) -> Key | None:
        """The key, or None."""
        raw = await self._pipe.hget(KEYS, key_id)
        return None if raw is None else msgspec.json.decode(raw, type=Key)

    async def owner(self, site_id: str) -> str | None:
        """The id of the project that a site belongs to, or None."""
        raw = await self._pipe.hget(SITES, site_id)
        return None if raw is None else raw.decode()

    def put_project(self, project: Project) -> None:
        self._put.setdefault(PROJECTS, {})[project.id] = msgspec.json.encode(project)

    def put_key(self, key: Key) -> None:
        self._put.setdefault(KEYS, {})[key.id] = msgspec.json.encode(key)

    def claim(self, site_id: str, project_id: str) -> None:
        self._put.setdefault(SITES, {})[site_id] = project_id

    def release(self, site_id: str) -> None:
        self._drop.append(site_id)

    def queue(self) -> None:
        """Hand the writes to the transaction, and the new version with them."""
        self._pipe.multi()
        for name, mapping in self._put.items():
            self._pipe.hset(name, mapping=mapping)
        if self._drop:
            self._pipe.hdel(SITES, *self._drop)
        if self._put or self._drop:
            self._pipe.incr(VERSION)


async def change(redis: Redis, plan: Callable[[Records], Awaitable[T]]) -> T:
    """Run a change to its end, wholly or not at all.

    When somebody else was faster the plan runs again on what is stored then, so it must not keep anything.
    """

    async def attempt(pipe: Any) -> T:
        records = Records(pipe)
        result = await plan(records)
        records.queue()
        return result

    watched = cast("Any", redis).transaction(attempt, PROJECTS, KEYS, SITES, value_from_callable=True)
    return cast("T", await watched)
