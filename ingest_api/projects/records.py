"""Records: projects, keys, sites and what is saved as they lie in Redis, read under watch and written in one step."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec

from ingest_api.projects.keys import Key
from ingest_api.projects.project import NotThere, Project
from ingest_api.projects.saved import ALERTS, QUERIES, Document
from ingest_api.projects.schema import Schema
from ingest_api.projects.secret import SECRET
from ingest_api.projects.tombstones import TOMBSTONES
from ingest_api.stream import Redis

PROJECTS = "headrace:projects"
KEYS = "headrace:keys"
SITES = "headrace:sites"
#: counts up with every change; processes that cache access watch it
VERSION = "headrace:projects:version"
#: project\0name -> schema, and what counts up with every change of one
SCHEMAS = "headrace:schemas"
SCHEMAS_VERSION = "headrace:schemas:version"

T = TypeVar("T")


class Records:
    """What one change sees and leaves. Reads ask Redis; writes wait until the change is complete."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._put: dict[str, dict[str, bytes | str]] = {}
        self._drop: list[str] = []
        #: field -> what is written, or None for what is taken away
        self._schemas: dict[str, bytes | None] = {}
        self._documents: dict[tuple[str, str], bytes | None] = {}
        self._secret = b""

    async def secret(self) -> bytes:
        """The installation's, empty while there is none."""
        return cast("bytes", await self._pipe.get(SECRET) or b"")

    async def remembers_erasures(self) -> bool:
        """Whether there are tombstones, whose marks are made with the secret."""
        return bool(await self._pipe.hlen(TOMBSTONES))

    async def projects(self) -> list[Project]:
        """All of them."""
        return [msgspec.json.decode(raw, type=Project) for raw in await self._pipe.hvals(PROJECTS)]

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

    async def now_ms(self) -> int:
        """Unix milliseconds by the clock that gives the entries of the streams their ids."""
        seconds, micros = await self._pipe.time()
        return int(seconds) * 1000 + int(micros) // 1000

    async def schema(self, project_id: str, name: str) -> Schema | None:
        """The schema of a project's events of this name, or None."""
        raw = await self._pipe.hget(SCHEMAS, f"{project_id}\0{name}")
        return None if raw is None else msgspec.json.decode(raw, type=Schema)

    async def schema_names(self, project_id: str) -> list[str]:
        """The names of a project's events that have a schema."""
        places = [field.decode().partition("\0") for field in await self._pipe.hkeys(SCHEMAS)]
        return sorted(name for project, _, name in places if project == project_id)

    def put_schema(self, project_id: str, name: str, schema: Schema | None) -> None:
        """None takes it away."""
        self._schemas[f"{project_id}\0{name}"] = None if schema is None else msgspec.json.encode(schema)

    async def document(self, shelf: str, project_id: str, name: str) -> Document | None:
        """What a project has saved under this name, or None."""
        raw = await self._pipe.hget(shelf, f"{project_id}\0{name}")
        return None if raw is None else msgspec.json.decode(raw, type=Document)

    async def document_names(self, shelf: str, project_id: str) -> list[str]:
        """The names under which a project has saved something."""
        places = [field.decode().partition("\0") for field in await self._pipe.hkeys(shelf)]
        return sorted(name for project, _, name in places if project == project_id)

    def put_document(self, shelf: str, project_id: str, name: str, document: Document | None) -> None:
        """None takes it away."""
        raw = None if document is None else msgspec.json.encode(document)
        self._documents[(shelf, f"{project_id}\0{name}")] = raw

    def put_secret(self, secret: bytes) -> None:
        self._secret = secret

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
        if self._secret:
            self._pipe.set(SECRET, self._secret)
        if self._put or self._drop or self._secret:
            self._pipe.incr(VERSION)
        written = {(SCHEMAS, field): raw for field, raw in self._schemas.items()} | self._documents
        for (name, field), raw in written.items():
            if raw is None:
                self._pipe.hdel(name, field)
            else:
                self._pipe.hset(name, field, raw)
        if self._schemas:
            self._pipe.incr(SCHEMAS_VERSION)


async def change(redis: Redis, plan: Callable[[Records], Awaitable[T]]) -> T:
    """Run a change to its end, wholly or not at all.

    When somebody else was faster the plan runs again on what is stored then, so it must not keep anything.
    """

    async def attempt(pipe: Any) -> T:
        records = Records(pipe)
        result = await plan(records)
        records.queue()
        return result

    names = (PROJECTS, KEYS, SITES, SECRET, SCHEMAS, QUERIES, ALERTS, TOMBSTONES)
    watched = cast("Any", redis).transaction(attempt, *names, value_from_callable=True)
    return cast("T", await watched)
