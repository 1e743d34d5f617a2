"""Who asks: a token or a site id becomes an `Access`, from the process's cache when it can."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from ingest_api import moment
from ingest_api.projects import keys
from ingest_api.projects.keys import Key, Kind
from ingest_api.projects.projects import Project, Projects
from ingest_api.stream import Redis

T = TypeVar("T")

#: a change of projects or keys is seen by every process within this many seconds
CHECK_SECONDS = 2.0
#: tokens remembered per process, good and bad
MAX_CACHED = 50_000


@dataclass(frozen=True, slots=True)
class Access:
    """What a valid token opens. `project` is None for an admin key, which belongs to the installation."""

    project: Project | None
    kinds: frozenset[Kind]
    key_id: str
    expires_at: int = 0
    #: events a minute; 0 is no limit
    rate: int = 0


class Directory:
    """Tokens -> access. Cached until `Projects.version` moves, which is asked at most every `check_seconds`.

    Look-ups raise redis-py's errors when Redis is away and the cache is too old to trust: nobody is let in by
    a stale answer, and nobody is told that a good key is bad.
    """

    def __init__(self, redis: Redis, *, demo_keys: bool = False, check_seconds: float = CHECK_SECONDS) -> None:
        self._projects = Projects(redis)
        self._check_seconds = check_seconds
        self._demo_keys = demo_keys
        self._cache: dict[str, Access | None] = {}
        #: by the ids of keys, which are public: apart from the tokens, lest an id opens what its token does
        self._keys: dict[str, Access | None] = {}
        self._sites: dict[str, Project | None] = {}
        #: what Redis is being asked: at which version, how, and about what
        self._asked: dict[tuple[int, Callable[..., Any], tuple[str, ...]], asyncio.Task[Any]] = {}
        self._version = -1
        self._checked = float("-inf")

    def cached(self, token: str) -> Access | None:
        """The access of a token that was looked up lately, without waiting; None says only "ask `find`"."""
        if time.monotonic() - self._checked > self._check_seconds:
            return None
        access = self._cache.get(token)
        if access is not None and access.expires_at and moment.now_ms() >= access.expires_at:
            return None
        return access

    async def find(self, token: str) -> Access | None:
        """The access of a token, or None for every token that opens nothing, whatever the cause."""
        if not token.isascii():
            return None
        return await self._known(self._cache, token, self._look_up)

    async def of_key(self, key_id: str) -> Access | None:
        """What a key opens for somebody who showed its token before; None for a closed one. Ids are no secrets."""
        return await self._known(self._keys, key_id, self._open)

    async def site(self, site_id: str) -> Project | None:
        """The project of a public site id, or None."""
        return await self._known(self._sites, site_id, self._projects.site_project)

    async def _known(self, cache: dict[str, T], name: str, look_up: Callable[[str], Coroutine[Any, Any, T]]) -> T:
        if time.monotonic() - self._checked > self._check_seconds:
            await self._once(self._check)
        known = cache.get(name)
        if name in cache and not (isinstance(known, Access) and known.expires_at):
            return cache[name]
        version = self._version
        found = await self._once(look_up, name)
        if version != self._version:  # a change came meanwhile: others may have asked before it
            return await look_up(name)
        self._make_room(cache)
        cache[name] = found
        return found

    async def _once(self, ask: Callable[..., Coroutine[Any, Any, T]], *about: str) -> T:
        """One question for all who wait for its answer: after a start under load that may be every connection."""
        asked = (self._version, ask, about)  # what was asked before a change is not for whoever comes after it
        task: asyncio.Task[T] | None = self._asked.get(asked)
        if task is None:
            task = self._asked[asked] = asyncio.get_running_loop().create_task(ask(*about))
            task.add_done_callback(lambda done: (self._asked.pop(asked), done.cancelled() or done.exception()))
        return await asyncio.shield(task)

    async def _check(self) -> None:
        asked = time.monotonic()
        version = await self._projects.version()
        if version != self._version:
            self._cache.clear()
            self._keys.clear()
            self._sites.clear()
            self._version = version
        self._checked = asked

    async def _look_up(self, token: str) -> Access | None:
        key_id = keys.key_id(token)
        if key_id is None:
            return await self._look_up_demo(token) if self._demo_keys else None
        key = await self._projects.key(key_id)
        return await self._opened(key) if keys.matches(token, key) else None

    async def _open(self, key_id: str) -> Access | None:
        return await self._opened(await self._projects.key(key_id))

    async def _opened(self, key: Key | None) -> Access | None:
        if key is None or not key.active(moment.now_ms()):
            return None
        project = await self._projects.get(key.project) if key.project else None
        if key.project and project is None:
            return None
        return Access(project, frozenset((key.kind,)), key.id, key.expires_at, key.rate)

    async def _look_up_demo(self, token: str) -> Access | None:
        found = await self._projects.demo_kinds(token)
        if found is None:
            return None
        return Access(await self._projects.get(found[0]), found[1], "demo")

    @staticmethod
    def _make_room(cache: dict[str, Any]) -> None:
        if len(cache) >= MAX_CACHED:
            cache.clear()
