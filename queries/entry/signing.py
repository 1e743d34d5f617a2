"""Signing in, out, and who one is: the routes of a browser's session. The cookie goes out with the answer."""

import importlib.metadata
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingest_api import moment
from ingest_api.access import Access
from ingest_api.projects.keys import Kind
from queries.entry.sessions import Session
from queries.errors import Refused
from queries.management import Answer
from queries.route import Call, Headed, Route
from queries.service import QueryService

_PATH = "/api/v1/session"
_VERSION = importlib.metadata.version("headrace")
_ONE = 'Send one of the two: {"key": "hr_query_..."} to sign in, or {"project": "shop"} to open a project as an admin.'


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/session: a key, or for whoever signed in with an admin key the project to look at."""

    key: Annotated[str, Meta(max_length=200, description="a query, delete, admin or share key")] = ""
    project: Annotated[str, Meta(max_length=63, description="a project's id")] = ""


class ProjectSeen(msgspec.Struct, frozen=True):
    """The project that questions are about."""

    id: str
    name: str
    site_ids: tuple[str, ...]


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in; of nobody the first field alone. `expires_at` is in Unix milliseconds."""

    signed_in: bool
    project: ProjectSeen | UnsetType | None = UNSET
    kinds: tuple[Kind, ...] | UnsetType = UNSET
    #: by a share link
    shared: bool | UnsetType = UNSET
    expires_at: int | UnsetType = UNSET
    #: where the project is read by SQL; the key is to be filled in
    psql_url: str | UnsetType | None = UNSET
    #: of this service, as the browser has it
    origin: str | UnsetType = UNSET
    version: str | UnsetType = UNSET


async def sign_in(service: QueryService, call: Call) -> Headed:
    """With a key, beside those from before where they go together; or open a project."""
    asked: SignIn = call.body
    if bool(asked.key) == bool(asked.project):
        raise Refused(400, _ONE)
    before = await service.sessions.find(call.browser.session)
    if asked.key:
        session, token = await service.sessions.sign_in(before, asked.key)
    else:
        session, token = await service.sessions.open_project(before, asked.project)
    seconds = max(1, (session.expires_at - moment.now_ms()) // 1000)
    who = await _who(service, call, session)
    return Headed(Answer(data=who), {"Set-Cookie": call.browser.cookie(token, seconds)})


async def show_session(service: QueryService, call: Call) -> Answer[Who]:
    """Also where nobody is signed in."""
    return Answer(data=await _who(service, call, await service.sessions.find(call.browser.session)))


async def sign_out(service: QueryService, call: Call) -> Headed:
    """The session is over everywhere; its keys are not touched."""
    await service.sessions.end(await service.sessions.find(call.browser.session))
    return Headed(Answer(data=Who(signed_in=False)), {"Set-Cookie": call.browser.cookie("", 0)})


async def _who(service: QueryService, call: Call, session: Session | None) -> Who:
    access = await service.sessions.access(session)
    if access is None:
        return Who(signed_in=False)
    project = access.project
    return Who(
        signed_in=True,
        project=ProjectSeen(project.id, project.id, project.site_ids) if project else None,
        kinds=tuple(sorted(access.kinds)),
        shared=Kind.SHARE in access.kinds,
        expires_at=access.expires_at,
        psql_url=_psql_url(service, call, access),
        origin=call.browser.origin,
        version=_VERSION,
    )


def _psql_url(service: QueryService, call: Call, access: Access) -> str | None:
    port = service.settings.psql_port
    if access.project is None or Kind.QUERY not in access.kinds or not port:
        return None
    return f"postgresql://{access.project.id}:<your query key>@{call.browser.hostname}:{port}/events"


ROUTES: tuple[Route, ...] = (
    Route("GET", _PATH, show_session, Answer[Who], "Who is signed in"),
    Route("POST", _PATH, sign_in, Answer[Who], "Sign in with a key, or open a project", request=SignIn),
    Route("DELETE", _PATH, sign_out, Answer[Who], "Sign out"),
)
