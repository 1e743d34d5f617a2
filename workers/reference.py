"""Reference data: what the steps look up besides the batch. Both together decide the rows."""

import asyncio
from collections.abc import Collection
from typing import Any, cast

import msgspec

from ingest_api.projects import tombstones
from ingest_api.projects.project import Project
from ingest_api.projects.projects import Projects
from ingest_api.projects.records import SCHEMAS_VERSION
from ingest_api.projects.records import VERSION as PROJECTS_VERSION
from ingest_api.projects.schema import Schema
from ingest_api.projects.schemas import Schemas
from ingest_api.projects.secret import secret
from ingest_api.projects.tombstones import Tombstone
from ingest_api.stream import Redis
from workers import salts
from workers.atlas import Atlas

#: counters that move when something changes that a reference holds
_VERSIONS = (PROJECTS_VERSION, salts.VERSION, SCHEMAS_VERSION, tombstones.VERSION)


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Plain data, at one moment. What is compiled or opened from it is cached where it is used."""

    projects: dict[str, Project] = {}
    #: Unix day -> salt; a day whose salt was destroyed has none
    salts: dict[int, bytes] = {}
    #: of the installation
    secret: bytes = b""
    #: setting and version of the place databases, for `places.opened`
    geo: tuple[str, int] = ("", 0)
    #: project -> event name -> schema
    schemas: dict[str, dict[str, Schema]] = {}
    #: what must not be stored again
    tombstones: tuple[Tombstone, ...] = ()

    def __repr__(self) -> str:
        """Nothing that opens anything, wherever it is printed."""
        return f"Reference of {len(self.projects)} projects"


class References:
    """Knows the current reference. One per process."""

    def __init__(self, redis: Redis, geo_database: str = "") -> None:
        """Raises `ValueError` with the place database that cannot be used."""
        self._redis = redis
        self._atlas = Atlas(geo_database)
        self._known = Reference()
        self._versions: list[Any] | None = None

    async def current(self, days: Collection[int] = ()) -> Reference:
        """The reference as of now: whatever was changed before the call is in it. Raises redis-py's errors.

        The salts of these Unix days are in it, but those that were destroyed.
        """
        versions = await cast("Any", self._redis).mget(_VERSIONS)
        if versions != self._versions:
            self._known = await self._read()
            self._versions = versions
        if self._atlas.due:
            await asyncio.to_thread(self._atlas.look)  # a new database may be large
        if self._atlas.version != self._known.geo:
            self._known = msgspec.structs.replace(self._known, geo=self._atlas.version)
        if missing := set(days) - self._known.salts.keys():
            found = await salts.needed(self._redis, missing)
            self._known = msgspec.structs.replace(self._known, salts=self._known.salts | found)
        return self._known

    async def _read(self) -> Reference:
        projects = {one.id: one for one in await Projects(self._redis).all()}
        return Reference(
            projects=projects,
            secret=await secret(self._redis),
            schemas=await Schemas(self._redis).all(),
            tombstones=await tombstones.read(self._redis),
        )
