"""Give visitors without an id of their own one for the day: a hash that nobody can make again once its salt is gone."""

import hashlib
from collections.abc import Callable
from functools import lru_cache

import msgspec

from ingest_api.projects.project import Project
from workers.batch import Batch
from workers.reference import Reference
from workers.salts import DAY_MS
from workers.steps.user_agent import is_tool

#: visitors of a day that are remembered, some 20 MB
_REMEMBERED = 65_536
#: of a project that is not known any more
_GONE = Project("", (), 0, cookieless=False)

_Id = Callable[[str, str, str, str], str]
#: salt -> ids by project, host, address and user agent; what is remembered goes with its salt
_of: dict[bytes, _Id] = {}


def visitor(batch: Batch, reference: Reference) -> None:
    """Derive visitor_id: the same for the same project, host, address and user agent on one UTC day of receipt."""
    for gone in _of.keys() - set(reference.salts.values()):
        _of.pop(gone, None)
    ids = {day: _ids(salt) for day, salt in reference.salts.items()}
    named = {event.project for event in batch.events}
    cookieless = {one for one in named if reference.projects.get(one, _GONE).cookieless}
    batch.derived["visitor_id"] = [
        of(event.project, host, event.ip, event.user_agent)
        if event.ip
        and not event.client_id
        and not event.user_id
        and event.project in cookieless
        and (of := ids.get(event.received_at // DAY_MS)) is not None
        else ""
        for event, host in zip(batch.events, batch.column("host"), strict=True)
    ]


def _ids(salt: bytes) -> _Id:
    known = _of.get(salt)
    if known is None:

        def visitor_id(project: str, host: str, ip: str, user_agent: str) -> str:
            if is_tool(user_agent):  # a server that posts for its visitors is none itself
                return ""
            told = msgspec.msgpack.encode((project, host, ip, user_agent))
            return hashlib.blake2b(told, key=salt, digest_size=16).hexdigest()

        known = _of.setdefault(salt, lru_cache(maxsize=_REMEMBERED)(visitor_id))
    return known
