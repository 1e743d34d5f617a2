"""Sessions: who signed in with a browser. Redis keeps a digest and the ids of keys; every request asks those anew."""

import re
from collections.abc import Iterable
from typing import Any, cast

import msgspec

from ingest_api import moment
from ingest_api.access import Access, Directory
from ingest_api.projects import keys
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import NotThere
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from queries.errors import Refused

#: and the id of a session: its record
RECORD = "headrace:session:"
#: and the id of a key: the sessions that it opens, by their end
OF_KEY = "headrace:sessions:"
#: sessions of one key; the oldest goes
MAX_OF_KEY = 1000
#: what opens nothing here cannot sign in
KINDS = frozenset((Kind.QUERY, Kind.DELETE, Kind.ADMIN, Kind.SHARE))
_TOKEN = re.compile(r"hr_session_([0-9A-Za-z]{10})_[0-9A-Za-z]{33}")
_WRONG = "This key does not sign in: it is mistyped, expired, revoked, or one for sending events."
_NOT_ADMIN = "Sign in with an admin key first: only that opens any project."


class Session(msgspec.Struct, frozen=True):
    """As it is stored. Times are Unix milliseconds."""

    id: str
    digest: str
    #: ids, one of each kind at most, those of projects all of the same one
    keys: tuple[str, ...]
    expires_at: int
    #: the project that was opened with an admin key
    project: str = ""


class Sessions:
    """The store. A session that changes gets another token, so that none from before knows it. Raises redis errors."""

    def __init__(self, redis: Redis, directory: Directory, projects: Projects, seconds: int) -> None:
        self._redis = cast("Any", redis)  # redis-py 5 types each answer as "awaitable or not"
        self._directory = directory
        self._projects = projects
        self._milliseconds = seconds * 1000

    async def find(self, token: str) -> Session | None:
        """The session of a cookie. No key's token is one, whatever it is called."""
        named = _TOKEN.fullmatch(token)
        if named is None or keys.key_id(token) is None:
            return None
        raw = await self._redis.get(RECORD + named[1])
        session = None if raw is None else msgspec.json.decode(raw, type=Session)
        if not keys.matches(token, session) or session is None or session.expires_at <= moment.now_ms():
            return None
        return session

    async def access(self, session: Session | None, wanted: Iterable[Kind] = KINDS) -> Access | None:
        """What its keys open now, all together; by the name of one that opens what is wanted."""
        found = await self._opened(session)
        kinds = frozenset[Kind]().union(*(one.kinds for one in found))
        project = next((one.project for one in found if one.project), None)
        if session and session.project and Kind.ADMIN in kinds:
            project = await self._projects.get(session.project)
            kinds |= {Kind.QUERY} if project else set()
        if not found or not session:
            return None
        named = next((one for one in found if one.kinds & frozenset(wanted)), found[0])
        ends = (session.expires_at, *(one.expires_at for one in found if one.expires_at))
        return Access(project, kinds, named.key_id, min(ends))

    async def sign_in(self, before: Session | None, key: str) -> tuple[Session, str]:
        """A new session and its token, of this key and of those from before that go with it. Raises `Refused`."""
        shown = await self._directory.find(key)
        added = await self._directory.of_key(shown.key_id) if shown else None
        if added is None or not added.kinds <= KINDS:
            raise Refused(401, _WRONG)
        kept = [one for one in await self._opened(before) if _go_together(one, added)]
        project = before.project if before and added.kinds == {Kind.ADMIN} else ""
        end = moment.now_ms() + self._milliseconds
        return await self._begin(before, (*(one.key_id for one in kept), added.key_id), end, project)

    async def open_project(self, before: Session | None, project: str) -> tuple[Session, str]:
        """The session that goes on with this project, and its token. Raises `Refused` and `NotThere`."""
        found = await self._opened(before)
        if before is None or not any(Kind.ADMIN in one.kinds for one in found):
            raise Refused(401, _NOT_ADMIN)
        if await self._projects.get(project) is None:
            raise NotThere("There is no such project.")
        kept = tuple(one.key_id for one in found if one.project is None or one.project.id == project)
        return await self._begin(before, kept, before.expires_at, project)

    async def end(self, session: Session | None) -> None:
        """Sign out."""
        if session:
            async with self._redis.pipeline() as pipe:
                self._forget(pipe, session)
                await pipe.execute()

    async def _opened(self, session: Session | None) -> list[Access]:
        """Of those of its keys that are open."""
        found = [await self._directory.of_key(one) for one in session.keys] if session else []
        return [one for one in found if one]

    async def _begin(
        self, before: Session | None, ids: tuple[str, ...], expires_at: int, project: str
    ) -> tuple[Session, str]:
        session_id, token = keys.mint("session")
        session = Session(session_id, keys.digest(token), ids, expires_at, project)
        now = moment.now_ms()
        async with self._redis.pipeline() as pipe:
            if before:
                self._forget(pipe, before)
            pipe.set(RECORD + session_id, msgspec.json.encode(session), px=max(1, expires_at - now))
            for name in (OF_KEY + one for one in ids):
                pipe.zremrangebyscore(name, 0, now)
                pipe.zadd(name, {session_id: expires_at})
                pipe.pexpire(name, self._milliseconds)
            await pipe.execute()
        for name in (OF_KEY + one for one in ids):
            await self._bound(name)
        return session, token

    async def _bound(self, name: str) -> None:
        surplus = [one.decode() for one in await self._redis.zrange(name, 0, -MAX_OF_KEY - 1)]
        if surplus:
            await self._redis.delete(*(RECORD + one for one in surplus))
            await self._redis.zrem(name, *surplus)

    @staticmethod
    def _forget(pipe: Any, session: Session) -> None:
        pipe.delete(RECORD + session.id)
        for one in session.keys:
            pipe.zrem(OF_KEY + one, session.id)


def _go_together(one: Access, added: Access) -> bool:
    """Keys of different kinds that have a project in common, if they have one. A share link stands alone."""
    kinds = one.kinds | added.kinds
    projects = {access.project.id for access in (one, added) if access.project}
    return len(kinds) == 2 and len(projects) <= 1 and Kind.SHARE not in kinds
