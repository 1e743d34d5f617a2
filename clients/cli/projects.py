"""`headrace project` and `headrace key`: the operator's way in, straight to Redis."""

import contextlib
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from redis.exceptions import AuthenticationError, RedisError
from rich.text import Text

from clients.cli.errors import Exit, No, Unreachable, WrongUsage
from clients.cli.output import Invocation, table
from clients.cli.settings import without_password
from ingest_api import stream
from ingest_api.keys import Key, Kind
from ingest_api.projects import ProjectError, Projects

Cli = Annotated[Invocation, Parameter(parse=False)]

_DURATION = re.compile(r"(\d{1,6})([hdw])")
_UNIT_MS = {"h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}


async def create_project(
    project: str, /, *, site: Annotated[list[str] | None, Parameter(negative=())] = None, cli: Cli
) -> Exit:
    """Make a project.

    headrace project create shop --site shop-web --site shop-app

    Parameters
    ----------
    project
        Its id: 1-63 of a-z, 0-9, '-' and '_'.
    site
        A public site id that the project owns; may be repeated.
    """
    async with _projects(cli) as projects:
        made = await projects.create(project, tuple(site or ()))
    cli.output.note(f"Give it a key next: headrace key create {made.id} --kind write")
    cli.output.answer(msgspec.to_builtins(made), f"Project {made.id} is made.")
    return Exit.OK


async def list_projects(*, cli: Cli) -> Exit:
    """All projects with their site ids."""
    async with _projects(cli) as projects:
        found = await projects.all()
    rows = [[project.id, ", ".join(project.site_ids), _moment(project.created_at)] for project in found]
    shown = table("project", "sites", "made", rows=rows) if rows else "There is no project yet."
    cli.output.answer({"projects": msgspec.to_builtins(found)}, shown)
    return Exit.OK


async def create_key(
    project: str | None = None, /, *, kind: Kind, label: str = "", expires: str | None = None, cli: Cli
) -> Exit:
    """Make a key. Its token is shown this once and stored nowhere.

    headrace key create shop --kind write --label "web servers" --expires 90d

    Parameters
    ----------
    project
        Whose events the key opens; left out for an admin key.
    kind
        What the key may do.
    label
        Where it is used, for the list.
    expires
        Lifetime as 12h, 90d or 4w; default for ever.
    """
    if bool(project) is (kind is Kind.ADMIN):
        raise WrongUsage(
            "An admin key belongs to no project: leave the project out."
            if project
            else f"Name the project of the key, as in `headrace key create shop --kind {kind}`."
        )
    async with _projects(cli) as projects:
        key, token = await projects.create_key(project or "", kind, label=label, expires_at=expiry(expires, _now()))
    cli.output.note("Keep this token now: it is stored nowhere and cannot be shown again.")
    cli.output.answer({**_document(key), "token": token}, Text(token, style="bold"))
    return Exit.OK


async def list_keys(project: str | None = None, /, *, cli: Cli) -> Exit:
    """The keys of a project, oldest first, without their tokens.

    Parameters
    ----------
    project
        Whose keys; left out, the keys of all projects and the admin keys.
    """
    async with _projects(cli) as projects:
        if project and await projects.get(project) is None:
            raise No(f"There is no project {project!r}. `headrace project list` shows them.")
        owners = [project] if project else ["", *(found.id for found in await projects.all())]
        keys = [key for owner in owners for key in await projects.list_keys(owner)]
    rows = [[key.id, key.project or "-", key.kind, _state(key), _moment(key.created_at), key.label] for key in keys]
    shown = table("key", "project", "kind", "state", "made", "label", rows=rows) if rows else "There is no key yet."
    cli.output.answer({"keys": [_document(key) for key in keys]}, shown)
    return Exit.OK


async def revoke_key(key: str, /, *, cli: Cli) -> Exit:
    """Close a key for good; every process knows within seconds.

    Parameters
    ----------
    key
        The key's id, as `headrace key list` shows it.
    """
    async with _projects(cli) as projects:
        revoked = await projects.revoke_key(key)
    cli.output.answer(_document(revoked), f"Key {revoked.id} is revoked.")
    return Exit.OK


def expiry(lifetime: str | None, now_ms: int) -> int:
    """When a key with this lifetime expires, Unix milliseconds; 0 for never. Raises `WrongUsage`."""
    if lifetime is None:
        return 0
    match = _DURATION.fullmatch(lifetime)
    if not match or not int(match[1]):
        raise WrongUsage(f"--expires {lifetime!r}: write a lifetime as 12h, 90d or 4w.")
    return now_ms + int(match[1]) * _UNIT_MS[match[2]]


@contextlib.asynccontextmanager
async def _projects(cli: Invocation) -> AsyncIterator[Projects]:
    if cli.overridden:
        raise WrongUsage(
            "Projects and keys are kept in Redis: set HEADRACE_REDIS_URL. --url and --key do not help here."
        )
    url = cli.settings.need("redis_url", "Projects and keys are kept in Redis: set it as redis://host:6379/0.")
    where = without_password(url)
    try:
        redis = stream.connect(url)
    except ValueError as error:
        raise WrongUsage(f"HEADRACE_REDIS_URL {where} cannot be used: {error}") from error
    try:
        yield Projects(redis)
    except ProjectError as error:
        raise No(str(error)) from error
    except AuthenticationError as error:
        raise Unreachable(f"Redis at {where} refuses the password in HEADRACE_REDIS_URL ({error}).") from error
    except (RedisError, OSError) as error:
        raise Unreachable(
            f"Redis at {where} does not answer ({error}). `headrace doctor` looks for the cause."
        ) from error
    finally:
        await redis.aclose()


def _document(key: Key) -> dict[str, Any]:
    stored: dict[str, Any] = msgspec.to_builtins(key)
    stored.pop("digest")
    return {**stored, "state": _state(key)}


def _state(key: Key) -> str:
    if key.revoked_at:
        return "revoked"
    if not key.expires_at:
        return "active"
    return f"{'active until' if key.active(_now()) else 'expired'} {_moment(key.expires_at)}"


def _moment(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%d %H:%MZ")


def _now() -> int:
    return time.time_ns() // 1_000_000
