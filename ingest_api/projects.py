"""Projects, their site ids and their keys, as they stand in Redis."""

import re
from typing import Any, Literal, cast

import msgspec

from ingest_api import keys, moment
from ingest_api.keys import Key, Kind
from ingest_api.stream import Redis

PROJECTS = "headrace:projects"
KEYS = "headrace:keys"
SITES = "headrace:sites"
#: fixed tokens of the local demo: hash of kind:digest -> project
DEMO = "headrace:demo"
#: counts up with every change; processes that cache access watch it
VERSION = "headrace:projects:version"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")


class Project(msgspec.Struct, frozen=True):
    """A tenant. Its events are found under its id alone."""

    id: str
    site_ids: tuple[str, ...]
    created_at: int
    #: events of its sites are taken without a key
    public_writes: bool = False
    #: events a minute that its sites may send without a key; 0 is no limit
    public_rate: int = 0
    #: pages that browsers may send from, such as https://shop.example; none named: from anywhere
    origins: tuple[str, ...] = ()
    #: events that occurred longer ago are refused; 0 leaves it to the dialect
    past_days: int = 0
    #: stored events are deleted after this; 0 keeps them
    retention_days: int = 0
    #: what is kept of a client's address
    ip: Literal["drop", "truncate", "keep"] = "drop"


class ProjectError(ValueError):
    """What was asked cannot be done; the text says why and what to do."""


class Projects:
    """The store of projects and keys. Every change moves `VERSION`, so that caches let go of what they know."""

    def __init__(self, redis: Redis) -> None:
        self._redis = cast("Any", redis)  # redis-py 5 types each answer as "awaitable or not"

    async def create(self, project_id: str, site_ids: tuple[str, ...] = ()) -> Project:
        """Make a project. Raises `ProjectError` when the id or a site id is taken or malformed."""
        if not _NAME.fullmatch(project_id):
            raise ProjectError(
                f"Project id {project_id!r}: use 1-63 of a-z, 0-9, '-' and '_', first a letter or digit."
            )
        project = Project(project_id, site_ids, moment.now_ms())
        if not await self._redis.hsetnx(PROJECTS, project_id, msgspec.json.encode(project)):
            raise ProjectError(f"Project {project_id!r} exists already.")
        claimed: list[str] = []
        try:
            for site_id in site_ids:
                await self._claim(site_id, project_id)
                claimed.append(site_id)
        except ProjectError:
            await self._redis.hdel(PROJECTS, project_id)
            if claimed:
                await self._redis.hdel(SITES, *claimed)
            raise
        await self._changed()
        return project

    async def get(self, project_id: str) -> Project | None:
        """The project, or None."""
        return _project(await self._redis.hget(PROJECTS, project_id))

    async def all(self) -> list[Project]:
        """All projects, by id."""
        raws = await self._redis.hvals(PROJECTS)
        return sorted((msgspec.json.decode(raw, type=Project) for raw in raws), key=lambda project: project.id)

    async def create_key(self, project_id: str, kind: Kind, *, label: str = "", expires_at: int = 0) -> tuple[Key, str]:
        """Make a key. Returns its record and the token, which is stored nowhere and cannot be shown again."""
        if kind is Kind.ADMIN:
            project_id = ""
        elif await self.get(project_id) is None:
            raise ProjectError(
                f"There is no project {project_id!r}. Make it with: headrace project create {project_id}"
            )
        key, token = keys.make(kind, project_id, moment.now_ms(), label=label, expires_at=expires_at)
        await self._redis.hset(KEYS, key.id, msgspec.json.encode(key))
        await self._changed()
        return key, token

    async def list_keys(self, project_id: str) -> list[Key]:
        """The keys of a project (admin keys under the empty id), oldest first."""
        found = (msgspec.json.decode(raw, type=Key) for raw in await self._redis.hvals(KEYS))
        return sorted((key for key in found if key.project == project_id), key=lambda key: key.created_at)

    async def revoke_key(self, key_id: str) -> Key:
        """Close a key for good, in every process within `access.CHECK_SECONDS`."""
        key = await self.key(key_id)
        if key is None:
            raise ProjectError(f"There is no key {key_id!r}. List them with: headrace key list")
        revoked = msgspec.structs.replace(key, revoked_at=key.revoked_at or moment.now_ms())
        await self._redis.hset(KEYS, key_id, msgspec.json.encode(revoked))
        await self._changed()
        return revoked

    async def key(self, key_id: str) -> Key | None:
        """The stored key, or None."""
        raw = await self._redis.hget(KEYS, key_id)
        return None if raw is None else msgspec.json.decode(raw, type=Key)

    async def site_project(self, site_id: str) -> Project | None:
        """The project that owns a site id, or None."""
        owner = await self._redis.hget(SITES, site_id)
        return None if owner is None else await self.get(owner.decode())

    async def allow_demo_token(self, token: str, kinds: tuple[Kind, ...], project_id: str) -> None:
        """Let a fixed token open a project. Only processes with HEADRACE_DEMO_KEYS=1 look here."""
        for kind in kinds:
            await self._redis.hset(DEMO, f"{kind}:{keys.digest(token)}", project_id)
        await self._changed()

    async def demo_kinds(self, token: str) -> tuple[str, frozenset[Kind]] | None:
        """The project that a fixed token opens and the kinds it stands for, or None."""
        kinds = tuple(Kind)
        owners = await self._redis.hmget(DEMO, [f"{kind}:{keys.digest(token)}" for kind in kinds])
        found = [(owner.decode(), kind) for owner, kind in zip(owners, kinds, strict=True) if owner]
        return (found[0][0], frozenset(kind for _, kind in found)) if found else None

    async def version(self) -> int:
        """Counts up with every change."""
        return int(await self._redis.get(VERSION) or 0)

    async def _claim(self, site_id: str, project_id: str) -> None:
        if not _SITE.fullmatch(site_id):
            raise ProjectError(f"Site id {site_id!r}: use 1-127 letters, digits, '.', '-' and '_'.")
        if not await self._redis.hsetnx(SITES, site_id, project_id):
            owner = (await self._redis.hget(SITES, site_id)).decode()
            if owner != project_id:
                raise ProjectError(f"Site id {site_id!r} belongs to another project.")

    async def _changed(self) -> None:
        await self._redis.incr(VERSION)


def _project(raw: bytes | None) -> Project | None:
    return None if raw is None else msgspec.json.decode(raw, type=Project)
