"""Projects and keys over HTTP: each function is one route of the management API."""

import msgspec
from msgspec import UNSET

from ingest_api import moment
from ingest_api.projects.keys import KeyChange, Kind
from ingest_api.projects.project import NotThere, Settings
from queries import management
from queries.management import (
    Answer,
    KeyList,
    KeyMade,
    KeyShown,
    KeyToChange,
    KeyToMake,
    KeyToRotate,
    ProjectList,
    ProjectShown,
    ProjectToMake,
    SiteToAdd,
)
from queries.route import Call, Route
from queries.service import QueryService


async def list_projects(service: QueryService, _call: Call) -> Answer[ProjectList]:
    """All of them, by id."""
    return Answer(data=ProjectList([management.shown(one) for one in await service.projects.all()]))


async def create_project(service: QueryService, call: Call) -> Answer[ProjectShown]:
    """With its sites and settings, or not at all."""
    asked: management.ProjectToMake = call.body
    settings = Settings(**{name: getattr(asked, name) for name in Settings.__struct_fields__})
    return Answer(data=management.shown(await service.projects.create(asked.id, asked.site_ids, settings)))


async def show_project(service: QueryService, call: Call) -> Answer[ProjectShown]:
    """One of them."""
    found = await service.projects.get(call.path["id"])
    if found is None:
        raise NotThere("There is no such project.")
    return Answer(data=management.shown(found))


async def change_project(service: QueryService, call: Call) -> Answer[ProjectShown]:
    """The settings that are given."""
    return Answer(data=management.shown(await service.projects.update(call.path["id"], call.body)))


async def add_site(service: QueryService, call: Call) -> Answer[ProjectShown]:
    """A site that nobody else has."""
    asked: management.SiteToAdd = call.body
    return Answer(data=management.shown(await service.projects.add_site(call.path["id"], asked.site_id)))


async def remove_site(service: QueryService, call: Call) -> Answer[ProjectShown]:
    """It is free for any project then."""
    return Answer(data=management.shown(await service.projects.remove_site(call.path["id"], call.path["site"])))


async def list_keys(service: QueryService, call: Call) -> Answer[KeyList]:
    """Revoked and expired ones too."""
    await show_project(service, call)
    now = moment.now_ms()
    found = await service.projects.list_keys(call.path["id"])
    return Answer(data=KeyList([management.shown_key(key, now) for key in found]))


async def create_key(service: QueryService, call: Call) -> Answer[KeyMade]:
    """Of one project."""
    asked: management.KeyToMake = call.body
    expires_at = management.milliseconds(asked.expires_at)
    key, token = await service.projects.create_key(
        call.path["id"], Kind(asked.kind), label=asked.label, expires_at=expires_at, rate=asked.rate
    )
    return Answer(data=management.made_key(key, token, moment.now_ms()))


async def rotate_key(service: QueryService, call: Call) -> Answer[KeyMade]:
    """A new one now; the old one stays open for the overlap."""
    asked: management.KeyToRotate = call.body
    key, token = await service.projects.rotate_key(
        call.path["key"],
        overlap_ms=asked.overlap_seconds * 1000,
        expires_at=management.milliseconds(asked.expires_at),
        project_id=call.path["id"],
    )
    return Answer(data=management.made_key(key, token, moment.now_ms()))


async def change_key(service: QueryService, call: Call) -> Answer[KeyShown]:
    """What is given of label, rate and end."""
    given = {name: value for name, value in msgspec.structs.asdict(call.body).items() if value is not UNSET}
    if "expires_at" in given:
        given["expires_at"] = management.milliseconds(given["expires_at"])
    changed = await service.projects.update_key(call.path["key"], KeyChange(**given), project_id=call.path["id"])
    return Answer(data=management.shown_key(changed, moment.now_ms()))


async def revoke_key(service: QueryService, call: Call) -> Answer[KeyShown]:
    """For good."""
    revoked = await service.projects.revoke_key(call.path["key"], project_id=call.path["id"])
    return Answer(data=management.shown_key(revoked, moment.now_ms()))


_PROJECTS = "/api/v1/projects"
_PROJECT = f"{_PROJECTS}/{{id}}"
_SITES = f"{_PROJECT}/sites"
_KEYS = f"{_PROJECT}/keys"
_KEY = f"{_KEYS}/{{key}}"
ROUTES: tuple[Route, ...] = (
    Route("GET", _PROJECTS, list_projects, Answer[ProjectList], "All projects", Kind.ADMIN),
    Route(
        "POST",
        _PROJECTS,
        create_project,
        Answer[ProjectShown],
        "Make a project",
        Kind.ADMIN,
        ProjectToMake,
        status=201,
    ),
    Route("GET", _PROJECT, show_project, Answer[ProjectShown], "One project", Kind.ADMIN),
    Route("PATCH", _PROJECT, change_project, Answer[ProjectShown], "Change settings", Kind.ADMIN, Settings),
    Route("POST", _SITES, add_site, Answer[ProjectShown], "Add a site id", Kind.ADMIN, SiteToAdd, status=201),
    Route("DELETE", f"{_SITES}/{{site}}", remove_site, Answer[ProjectShown], "Let go of a site id", Kind.ADMIN),
    Route("GET", _KEYS, list_keys, Answer[KeyList], "The keys of a project", Kind.ADMIN),
    Route("POST", _KEYS, create_key, Answer[KeyMade], "Make a key", Kind.ADMIN, KeyToMake, status=201),
    Route(
        "POST",
        f"{_KEY}/rotate",
        rotate_key,
        Answer[KeyMade],
        "Replace a key, the old one open for an overlap",
        Kind.ADMIN,
        KeyToRotate,
        status=201,
    ),
    Route("PATCH", _KEY, change_key, Answer[KeyShown], "Change label, rate or end of a key", Kind.ADMIN, KeyToChange),
    Route("DELETE", _KEY, revoke_key, Answer[KeyShown], "Close a key for good", Kind.ADMIN),
)
