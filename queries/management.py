"""What the management API takes and gives: typed, so that documents can be made of it."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingest_api import moment
from ingest_api.projects.keys import Key, Kind
from ingest_api.projects.project import Ip, Project, Rate, Settings

T = TypeVar("T")

Moment = Annotated[datetime, Meta(tz=True)]
Label = Annotated[str, Meta(max_length=200, description="where the key is used")]
_DAY = 86_400


class Answer(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What every route gives when all went well."""

    success: Literal[True] = True
    data: T


class ProjectToMake(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/projects: the settings may come along."""

    id: Annotated[str, Meta(description="1-63 of a-z, 0-9, '-' and '_'")]
    site_ids: Annotated[tuple[str, ...], Meta(max_length=1000, description="public site ids")] = ()


class SiteToAdd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /api/v1/projects/{id}/sites"""

    site_id: Annotated[str, Meta(description="1-127 letters, digits, '.', '-' and '_'")]


class KeyToMake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/projects/{id}/keys. Admin keys are made on the command line alone."""

    kind: Literal["write", "query", "delete", "share"]
    label: Label = ""
    rate: Rate = 0
    expires_at: Moment | None = None


class KeyToRotate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/projects/{id}/keys/{key}/rotate"""

    overlap_seconds: Annotated[int, Meta(ge=0, le=365 * _DAY, description="how long the old key stays open")] = _DAY
    #: of the new key; without it the new key has no end
    expires_at: Moment | None = None


class KeyToChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PATCH /api/v1/projects/{id}/keys/{key}. What is not given stays; `expires_at: null` takes the end away."""

    label: Label | UnsetType = UNSET
    rate: Rate | UnsetType = UNSET
    expires_at: Moment | UnsetType | None = UNSET


class ProjectShown(msgspec.Struct, frozen=True):
    """A project with its settings."""

    id: str
    site_ids: tuple[str, ...]
    created_at: datetime
    public_writes: bool
    public_rate: int
    origins: tuple[str, ...]
    past_days: int
    retention_days: int
    ip: Ip
    cookieless: bool
    hash_properties: tuple[str, ...]
    drop_properties: tuple[str, ...]
    do_not_track: bool


class KeyShown(msgspec.Struct, frozen=True, kw_only=True):
    """A key without anything that opens."""

    id: str
    project: str
    kind: Kind
    state: Literal["active", "expired", "revoked"]
    label: str
    rate: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyMade(KeyShown, frozen=True, kw_only=True):
    """A new key. The token is stored nowhere and never shown again."""

    token: str


class ProjectList(msgspec.Struct, frozen=True):
    """Projects by id."""

    projects: list[ProjectShown]


class KeyList(msgspec.Struct, frozen=True):
    """Keys, oldest first."""

    keys: list[KeyShown]


def shown(project: Project) -> ProjectShown:
    """A project as the API gives it."""
    given = msgspec.structs.asdict(project)
    return ProjectShown(**{**given, "created_at": moment.utc(project.created_at)})


def shown_key(key: Key, now_ms: int) -> KeyShown:
    """A key as the API gives it."""
    return KeyShown(**_fields(key, now_ms))


def made_key(key: Key, token: str, now_ms: int) -> KeyMade:
    """A new key as the API gives it, this once."""
    return KeyMade(**_fields(key, now_ms), token=token)


def milliseconds(time: datetime | None) -> int:
    """As keys are stored: Unix milliseconds, 0 for never."""
    return round(time.timestamp() * 1000) if time else 0


def _fields(key: Key, now_ms: int) -> dict[str, Any]:
    return {
        "id": key.id,
        "project": key.project,
        "kind": key.kind,
        "state": "revoked" if key.revoked_at else "active" if key.active(now_ms) else "expired",
        "label": key.label,
        "rate": key.rate,
        "created_at": moment.utc(key.created_at),
        "expires_at": moment.utc(key.expires_at) if key.expires_at else None,
        "revoked_at": moment.utc(key.revoked_at) if key.revoked_at else None,
    }
