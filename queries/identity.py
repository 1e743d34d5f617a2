"""Who is who over HTTP: each function is one route. What it takes and gives is typed, for the documents."""

import asyncio
import logging
from datetime import datetime
from typing import Annotated, Any

import msgspec
import orjson
from msgspec import Meta

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import NotThere
from queries import request
from queries.errors import Refused
from queries.management import Answer
from queries.questions import links
from queries.route import Call, Route
from queries.service import QueryService

log = logging.getLogger(__name__)

#: anonymous ids of a user that an answer names
_MOST_IDS = 1000
_COLUMNS = ("project", "client_id", "user_id", "decided_at", "key_id")


class UserToLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/v1/identities/{client_id}"""

    user_id: Annotated[str, Meta(min_length=1, max_length=512, description="whose the anonymous id is")]


class Identity(msgspec.Struct, frozen=True):
    """An anonymous id and the user it is linked to. Without an event, an operator linked it."""

    client_id: str
    user_id: str
    since: datetime
    event_id: str


class Claim(msgspec.Struct, frozen=True):
    """A user that an anonymous id was said to be, and the first event that said so."""

    user_id: str
    at: datetime
    event_id: str


class Decision(msgspec.Struct, frozen=True):
    """What an operator decided about an anonymous id: it is this user's, or nobody's (empty)."""

    client_id: str
    user_id: str
    decided_at: datetime
    key_id: str


class Identities(msgspec.Struct, frozen=True):
    """Links, the latest first. Of a single anonymous id also all claims, the earliest first, and the decision."""

    identities: list[Identity]
    claims: list[Claim]
    decision: Decision | None


class User(msgspec.Struct, frozen=True):
    """A user with the past of the anonymous ids that are linked to her."""

    user_id: str
    first_seen: datetime
    last_seen: datetime
    events: int
    client_ids: list[str]
    traits: dict[str, Any]


async def list_identities(service: QueryService, call: Call) -> Answer[Identities]:
    """Of the key's project."""
    client_id, limit = request.read_identities(call.query)
    return Answer(data=await _identities(service, call.project.id, client_id, limit))


async def show_user(service: QueryService, call: Call) -> Answer[User]:
    """Of the key's project."""
    project, user_id = call.project.id, call.path["user"]
    rows = service.store.rows
    ((sightings, first, last),) = await rows(links.seen(project, user_id))
    if not sightings:
        raise NotThere("There is no such user.")
    ((events,),), client_ids, traits = await asyncio.gather(
        rows(links.events_of(project, user_id)),
        rows(links.client_ids(project, user_id, _MOST_IDS)),
        rows(links.traits(project, user_id)),
    )
    known = {trait: orjson.loads(value) for trait, value in traits}
    shown = User(user_id, moment.utc(first), moment.utc(last), events, [row[0] for row in client_ids], known)
    return Answer(data=shown)


async def link_identity(service: QueryService, call: Call) -> Answer[Decision]:
    """By hand, against every claim. Never joins two known users."""
    asked: UserToLink = call.body
    client_id = call.path["client_id"]
    ((known, placeholder),) = await service.store.rows(links.obstacles(call.project.id, client_id))
    if known:
        raise Refused(409, "This id is itself a user of the project: two users are never joined.")
    if placeholder:
        raise Refused(409, "Broken clients send this in place of an id: many people share it, and it is never linked.")
    return Answer(data=await _decide(service, call, asked.user_id))


async def unlink_identity(service: QueryService, call: Call) -> Answer[Decision]:
    """Nobody's from now on, whatever was or will be claimed; also its past counts as a visitor's own again."""
    return Answer(data=await _decide(service, call, ""))


async def _decide(service: QueryService, call: Call, user_id: str) -> Decision:
    project, client_id = call.project.id, call.path["client_id"]
    key_id = call.access.key_id if call.access else ""
    last = await service.store.rows(links.decision(project, client_id))
    now = max(moment.now_ms(), last[0][1] + 1 if last else 0)  # the later one wins, whatever this machine's clock says
    await service.store.insert("identity_overrides", _COLUMNS, [[project, client_id, user_id, moment.utc(now), key_id]])
    log.info("identity decided", extra={"action": "identity", "linked": bool(user_id), "key": key_id})
    return Decision(client_id, user_id, moment.utc(now), key_id)


async def _identities(service: QueryService, project: str, client_id: str, limit: int) -> Identities:
    rows = service.store.rows
    linked = [
        Identity(one, user_id, moment.utc(since), f"evt_{event}" if event else "")
        for one, user_id, since, event in await rows(links.identities(project, client_id, limit))
    ]
    if not client_id:
        return Identities(linked, [], None)
    claims, decisions = await asyncio.gather(
        rows(links.claims(project, client_id)), rows(links.decision(project, client_id))
    )
    claimed = [Claim(user_id, moment.utc(at), f"evt_{event}") for user_id, at, event in claims]
    decided = [Decision(client_id, user_id, moment.utc(at), key_id) for user_id, at, key_id in decisions]
    return Identities(linked, claimed, decided[0] if decided else None)


_IDENTITIES = "/api/v1/identities"
_IDENTITY = f"{_IDENTITIES}/{{client_id}}"
ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/v1/users/{user}", show_user, Answer[User], "One user", Kind.QUERY),
    Route(
        "GET",
        _IDENTITIES,
        list_identities,
        Answer[Identities],
        "Which anonymous ids are whose",
        Kind.QUERY,
        parameters=request.IDENTITY_PARAMETERS,
    ),
    Route("PUT", _IDENTITY, link_identity, Answer[Decision], "Link by hand", Kind.DELETE, UserToLink),
    Route("DELETE", _IDENTITY, unlink_identity, Answer[Decision], "Undo a link", Kind.DELETE),
)
