"""Reference data: what the steps look up besides the batch. Both together decide the rows."""

from typing import Any, cast

import msgspec

from ingest_api.project import Project
from ingest_api.projects import Projects
from ingest_api.records import VERSION as PROJECTS_VERSION
from ingest_api.stream import Redis

#: counters that move when something changes that a reference holds
_VERSIONS = (PROJECTS_VERSION,)


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Plain data, at one moment. What is compiled or opened from it is cached where it is used."""

    projects: dict[str, Project] = {}


class References:
    """Knows the current reference. One per process."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._known = Reference()
        self._versions: list[Any] | None = None

    async def current(self) -> Reference:
        """The reference as of now: whatever was changed before the call is in it. Raises redis-py's errors."""
        versions = await cast("Any", self._redis).mget(_VERSIONS)
        if versions != self._versions:
            self._known = await self._read()
            self._versions = versions
        return self._known

    async def _read(self) -> Reference:
        return Reference(projects={one.id: one for one in await Projects(self._redis).all()})
