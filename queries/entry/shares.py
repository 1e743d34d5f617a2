"""Share links: keys of the kind `share`, made and closed by whoever reads the project. They show no single person."""

from typing import Annotated

import msgspec
from msgspec import Meta

from ingest_api import moment
from ingest_api.projects.keys import Key, Kind
from ingest_api.projects.project import Conflict
from queries import management
from queries.management import Answer, KeyMade, KeyShown, Label, Moment
from queries.route import Call, Route
from queries.service import QueryService

#: open ones of a project
MOST = 100
_PATH = "/api/v1/shares"


class ShareToMake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/shares"""

    label: Label = ""
    expires_at: Annotated[Moment | None, Meta(description="without it the link has no end")] = None


class ShareMade(KeyMade, frozen=True, kw_only=True):
    """A new share. The link holds the key behind a `#`: browsers send that part to nobody."""

    link: str


class ShareList(msgspec.Struct, frozen=True):
    """Shares, oldest first, closed ones too."""

    shares: list[KeyShown]


async def list_shares(service: QueryService, call: Call) -> Answer[ShareList]:
    """Of the key's project."""
    now = moment.now_ms()
    return Answer(data=ShareList([management.shown_key(one, now) for one in await _shares(service, call)]))


async def create_share(service: QueryService, call: Call) -> Answer[ShareMade]:
    """Of the key's project."""
    asked: ShareToMake = call.body
    now = moment.now_ms()
    if sum(one.active(now) for one in await _shares(service, call)) >= MOST:
        raise Conflict(f"A project has at most {MOST} open share links: close one first.")
    key, token = await service.projects.create_key(
        call.project.id, Kind.SHARE, label=asked.label, expires_at=management.milliseconds(asked.expires_at)
    )
    made = msgspec.structs.asdict(management.made_key(key, token, now))
    return Answer(data=ShareMade(**made, link=f"{call.browser.origin}/app/share#{token}"))


async def close_share(service: QueryService, call: Call) -> Answer[KeyShown]:
    """For good; whoever looks at it is signed out."""
    closed = await service.projects.revoke_key(call.path["share"], project_id=call.project.id, kind=Kind.SHARE)
    return Answer(data=management.shown_key(closed, moment.now_ms()))


async def _shares(service: QueryService, call: Call) -> list[Key]:
    return [one for one in await service.projects.list_keys(call.project.id) if one.kind is Kind.SHARE]


ROUTES: tuple[Route, ...] = (
    Route("GET", _PATH, list_shares, Answer[ShareList], "Share links", Kind.QUERY),
    Route("POST", _PATH, create_share, Answer[ShareMade], "Make a share link", Kind.QUERY, ShareToMake, status=201),
    Route("DELETE", f"{_PATH}/{{share}}", close_share, Answer[KeyShown], "Close a share link", Kind.QUERY),
)
