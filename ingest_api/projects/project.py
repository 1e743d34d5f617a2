"""Project: a tenant, what of it may be changed, and the rules for both. Leaf, no I/O.

ProjectError     what was asked cannot be done
  NotThere       the project, site or key does not exist
  Conflict       it stands against what is stored: taken, or closed for good
  Invalid        a field is wrong; `details` names each
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ingest_api.errors import Detail

MAX_SITES = 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://((?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?")
_NO_PATH = "write names with dots between them, such as email or customer.email"
_DEFAULT_PORTS = {"http": 80, "https": 443}

Ip = Literal["drop", "truncate", "keep"]
Rate = Annotated[int, Meta(ge=0, le=1_000_000_000, description="events a minute; 0 is no limit")]
Days = Annotated[int, Meta(ge=0, le=36_500)]
Origins = Annotated[tuple[Annotated[str, Meta(max_length=300)], ...], Meta(max_length=100)]
_PATHS = "properties by their names, such as customer.email"
Paths = Annotated[tuple[Annotated[str, Meta(max_length=255)], ...], Meta(max_length=100, description=_PATHS)]


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
    ip: Ip = "drop"
    #: visitors who name neither client nor user get an id that lasts for a day
    cookieless: bool = True
    #: properties of which a keyed hash is stored in the place of the value
    hash_properties: tuple[str, ...] = ()
    #: properties that are not stored
    drop_properties: tuple[str, ...] = ()
    #: who asks with DNT or Sec-GPC is not told apart from others
    do_not_track: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a project may be changed. A field that is not given stays as it is."""

    public_writes: Annotated[bool, Meta(description="take events of its sites without a key")] | UnsetType = UNSET
    public_rate: Rate | UnsetType = UNSET
    origins: Origins | UnsetType = UNSET
    past_days: Days | UnsetType = UNSET
    retention_days: Days | UnsetType = UNSET
    ip: Annotated[Ip, Meta(description="what is kept of a client's address")] | UnsetType = UNSET
    cookieless: Annotated[bool, Meta(description="an id of the day for visitors without one")] | UnsetType = UNSET
    hash_properties: Paths | UnsetType = UNSET
    drop_properties: Paths | UnsetType = UNSET
    do_not_track: Annotated[bool, Meta(description="honour DNT: 1 and Sec-GPC: 1")] | UnsetType = UNSET


class ProjectError(ValueError):
    """What was asked cannot be done; the text says why and what to do."""

    def __init__(self, message: str, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.details = tuple(details)


class NotThere(ProjectError):
    """There is no such project, site or key."""


class Conflict(ProjectError):
    """What is stored already stands against it."""


class Invalid(ProjectError):
    """Fields are wrong."""

    @classmethod
    def of(cls, *details: Detail) -> "Invalid":
        """With the text made of the details."""
        return cls("; ".join(f"{detail.field}: {detail.message}" for detail in details), details)


def checked(settings: Settings) -> dict[str, Any]:
    """The given settings by name, origins in the form in which they are compared. Raises `Invalid` naming each."""
    found: dict[str, Any] = {}
    wrong: list[Detail] = []
    for field in msgspec.structs.fields(Settings):
        value = getattr(settings, field.name)
        if value is UNSET:
            continue
        try:
            found[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            wrong.append(detail(field.name, error))
    if "origins" in found:
        found["origins"], refused = _origins(found["origins"])
        wrong += refused
    for name in ("hash_properties", "drop_properties"):
        paths = found.get(name, ())
        wrong += [Detail(f"{name}[{index}]", _NO_PATH) for index, path in enumerate(paths) if not all(path.split("."))]
        if name in found:
            found[name] = tuple(dict.fromkeys(paths))
    if wrong:
        raise Invalid.of(*wrong)
    return found


def detail(field: str, error: msgspec.ValidationError) -> Detail:
    """What msgspec says of one field, its path inside the field moved to the name."""
    message, _, path = str(error).partition(" - at `$")
    return Detail(field + path.removesuffix("`"), message[0].lower() + message[1:].replace("`", ""))


def check_id(project_id: str) -> None:
    """Raises `Invalid` with the rule."""
    if not _NAME.fullmatch(project_id):
        text = f"Project id {project_id[:70]!r}: use 1-63 of a-z, 0-9, '-' and '_', first a letter or digit."
        raise Invalid(text, [Detail("id", text)])


def check_site(site_id: str) -> None:
    """Raises `Invalid` with the rule."""
    if not _SITE.fullmatch(site_id):
        text = f"Site id {site_id[:130]!r}: use 1-127 letters, digits, '.', '-' and '_'."
        raise Invalid(text, [Detail("site_id", text)])


def _origins(given: Sequence[str]) -> tuple[tuple[str, ...], list[Detail]]:
    origins: dict[str, None] = {}
    wrong: list[Detail] = []
    for index, text in enumerate(given):
        origin = _origin(text)
        if origin is None:
            message = (
                "write scheme://host[:port] without a path, such as https://shop.example or https://*.shop.example"
            )
            wrong.append(Detail(f"origins[{index}]", message))
        else:
            origins[origin] = None
    return tuple(origins), wrong


def _origin(text: str) -> str | None:
    """As browsers write it: lower case, without the scheme's own port. None when it is no origin."""
    match = _ORIGIN.fullmatch(text.lower())
    if match is None or not text.isascii():
        return None
    scheme, host, port = match.groups()
    if port is None or _DEFAULT_PORTS.get(scheme) == int(port):
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{int(port)}" if 0 < int(port) <= 65_535 else None
