"""Projects, their site ids and their keys: what can be done with them. Every change is one step in Redis."""

from typing import Any, cast

import msgspec

from ingest_api import moment
from ingest_api.projects import keys, project
from ingest_api.projects.keys import Key, KeyChange, Kind
from ingest_api.projects.project import Conflict, Invalid, NotThere, Project, ProjectError, Settings
from ingest_api.projects.records import KEYS, PROJECTS, VERSION, Records, change
from ingest_api.stream import Redis

__all__ = ["Conflict", "Invalid", "NotThere", "Project", "ProjectError", "Projects", "Settings"]

#: fixed tokens of the local demo: hash of kind:digest -> project
DEMO = "headrace:demo"


class Projects:
    """The store of projects and keys. Every change moves `VERSION`, so that caches let go of what they know."""

    def __init__(self, redis: Redis) -> None:
        self._client = redis
        self._redis = cast("Any", redis)  # redis-py 5 types each answer as "awaitable or not"

    async def create(
        self, project_id: str, site_ids: tuple[str, ...] = (), settings: Settings | None = None
    ) -> Project:
        """Make a project. Raises `Invalid`, and `Conflict` when its id or a site id is taken."""
        project.check_id(project_id)
        for site_id in site_ids:
            project.check_site(site_id)
        given = project.checked(settings or Settings())
        made = Project(project_id, tuple(dict.fromkeys(site_ids)), moment.now_ms(), **given)

        async def plan(records: Records) -> Project:
            if await records.find(project_id) is not None:
                raise Conflict(f"Project {project_id!r} exists already.")
            for site_id in made.site_ids:
                await _claim(records, site_id, project_id)
            records.put_project(made)
            return made

        return await change(self._client, plan)

    async def update(self, project_id: str, settings: Settings) -> Project:
        """Change what is given of a project's settings. Raises `Invalid` and `NotThere`."""
        given = project.checked(settings)

        async def plan(records: Records) -> Project:
            changed = msgspec.structs.replace(await records.project(project_id), **given)
            records.put_project(changed)
            return changed

        return await change(self._client, plan)

    async def add_site(self, project_id: str, site_id: str) -> Project:
        """Give a project a site id. Nothing changes when it is the project's already. Raises `Conflict` when taken."""
        project.check_site(site_id)

        async def plan(records: Records) -> Project:
            found = await records.project(project_id)
            if site_id in found.site_ids:
                return found
            if len(found.site_ids) >= project.MAX_SITES:
                raise Conflict(f"A project has at most {project.MAX_SITES} site ids.")
            await _claim(records, site_id, project_id)
            changed = msgspec.structs.replace(found, site_ids=(*found.site_ids, site_id))
            records.put_project(changed)
            return changed

        return await change(self._client, plan)

    async def remove_site(self, project_id: str, site_id: str) -> Project:
        """Let go of a site id, so that any project may take it. Raises `NotThere`."""

        async def plan(records: Records) -> Project:
            found = await records.project(project_id)
            if site_id not in found.site_ids:
                raise NotThere(f"Project {project_id!r} has no such site id.")
            changed = msgspec.structs.replace(found, site_ids=tuple(one for one in found.site_ids if one != site_id))
            records.put_project(changed)
            records.release(site_id)
            return changed

        return await change(self._client, plan)

    async def get(self, project_id: str) -> Project | None:
        """The project, or None."""
        return await Records(self._redis).find(project_id)

    async def all(self) -> list[Project]:
        """All projects, by id."""
        raws = await self._redis.hvals(PROJECTS)
        return sorted((msgspec.json.decode(raw, type=Project) for raw in raws), key=lambda one: one.id)

    async def create_key(
        self, project_id: str, kind: Kind, *, label: str = "", expires_at: int = 0, rate: int = 0
    ) -> tuple[Key, str]:
        """Make a key. Returns its record and the token, which is stored nowhere and cannot be shown again."""
        owner = "" if kind is Kind.ADMIN else project_id
        keys.check(label=label, expires_at=expires_at, rate=rate)
        key, token = keys.make(kind, owner, moment.now_ms(), label=label, expires_at=expires_at, rate=rate)

        async def plan(records: Records) -> None:
            if kind is not Kind.ADMIN:
                await records.project(owner)
            records.put_key(key)

        await change(self._client, plan)
        return key, token

    async def rotate_key(
        self, key_id: str, *, overlap_ms: int, expires_at: int = 0, project_id: str | None = None
    ) -> tuple[Key, str]:
        """Make a key of the same kind, label and rate; the old one ends `overlap_ms` from now, never later than before.

        Raises `NotThere`, also for a key of another project than the one named, and `Conflict` for a closed key.
        """

        async def plan(records: Records) -> tuple[Key, str]:
            old = await _open_key(records, key_id, project_id)
            now = moment.now_ms()
            new, token = keys.make(old.kind, old.project, now, label=old.label, expires_at=expires_at, rate=old.rate)
            end = min(now + overlap_ms, old.expires_at or now + overlap_ms)
            records.put_key(msgspec.structs.replace(old, expires_at=end))
            records.put_key(new)
            return new, token

        keys.check(label="", expires_at=expires_at, rate=0)
        return await change(self._client, plan)

    async def update_key(self, key_id: str, changes: KeyChange, *, project_id: str | None = None) -> Key:
        """Change label, rate or end of a key. Raises like `rotate_key`."""
        given = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not msgspec.UNSET}

        async def plan(records: Records) -> Key:
            changed = msgspec.structs.replace(await _open_key(records, key_id, project_id), **given)
            keys.check(label=changed.label, expires_at=changed.expires_at, rate=changed.rate)
            records.put_key(changed)
            return changed

        return await change(self._client, plan)

    async def list_keys(self, project_id: str) -> list[Key]:
        """The keys of a project (admin keys under the empty id), oldest first."""
        found = (msgspec.json.decode(raw, type=Key) for raw in await self._redis.hvals(KEYS))
        return sorted((key for key in found if key.project == project_id), key=lambda key: key.created_at)

    async def revoke_key(self, key_id: str, *, project_id: str | None = None, kind: Kind | None = None) -> Key:
        """Close a key for good, in every process within `access.CHECK_SECONDS`.

        Raises `NotThere`, also for a key of another project or kind than those named.
        """

        async def plan(records: Records) -> Key:
            key = await _key(records, key_id, project_id, kind)
            if key.revoked_at:
                return key
            revoked = msgspec.structs.replace(key, revoked_at=moment.now_ms())
            records.put_key(revoked)
            return revoked

        return await change(self._client, plan)

    async def key(self, key_id: str) -> Key | None:
        """The stored key, or None."""
        return await Records(self._redis).find_key(key_id)

    async def site_project(self, site_id: str) -> Project | None:
        """The project that owns a site id, or None."""
        owner = await Records(self._redis).owner(site_id)
        return None if owner is None else await self.get(owner)

    async def allow_demo_token(self, token: str, kinds: tuple[Kind, ...], project_id: str) -> None:
        """Let a fixed token open a project. Only processes with HEADRACE_DEMO_KEYS=1 look here."""
        for kind in kinds:
            await self._redis.hset(DEMO, f"{kind}:{keys.digest(token)}", project_id)
        await self._redis.incr(VERSION)

    async def demo_kinds(self, token: str) -> tuple[str, frozenset[Kind]] | None:
        """The project that a fixed token opens and the kinds it stands for, or None."""
        kinds = tuple(Kind)
        owners = await self._redis.hmget(DEMO, [f"{kind}:{keys.digest(token)}" for kind in kinds])
        found = [(owner.decode(), kind) for owner, kind in zip(owners, kinds, strict=True) if owner]
        return (found[0][0], frozenset(kind for _, kind in found)) if found else None

    async def version(self) -> int:
        """Counts up with every change."""
        return int(await self._redis.get(VERSION) or 0)


async def _claim(records: Records, site_id: str, project_id: str) -> None:
    owner = await records.owner(site_id)
    if owner not in {None, project_id}:
        raise Conflict(f"Site id {site_id!r} belongs to another project.")
    records.claim(site_id, project_id)


async def _key(records: Records, key_id: str, project_id: str | None, kind: Kind | None = None) -> Key:
    key = await records.find_key(key_id)
    if key is None or project_id not in {None, key.project} or kind not in {None, key.kind}:
        raise NotThere(f"There is no key {key_id!r}. List them with: headrace key list")
    return key


async def _open_key(records: Records, key_id: str, project_id: str | None) -> Key:
    key = await _key(records, key_id, project_id)
    if not key.active(moment.now_ms()):
        state = "revoked" if key.revoked_at else "expired"
        raise Conflict(f"Key {key_id!r} is {state} and stays so. Make another one.")
    return key
