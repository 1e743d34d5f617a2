"""`headrace key`: the operator's way to keys, straight to Redis."""

from typing import Any

import msgspec
from rich.text import Text

from clients.cli.errors import Exit, No, WrongUsage
from clients.cli.installation import opened
from clients.cli.lifetime import duration, expiry, moment, now
from clients.cli.output import table
from clients.cli.projects import Cli
from ingest_api.projects.keys import Key, Kind
from ingest_api.projects.projects import Projects

_KEEP = "Keep this token now: it is stored nowhere and cannot be shown again."


async def create_key(
    project: str | None = None,
    /,
    *,
    kind: Kind,
    label: str = "",
    expires: str | None = None,
    rate: int = 0,
    cli: Cli,
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
    rate
        Events a minute that the key may send; 0 is no limit.
    """
    if bool(project) is (kind is Kind.ADMIN):
        raise WrongUsage(
            "An admin key belongs to no project: leave the project out."
            if project
            else f"Name the project of the key, as in `headrace key create shop --kind {kind}`."
        )
    expires_at = expiry(expires, now())
    async with opened(cli) as redis:
        key, token = await Projects(redis).create_key(
            project or "", kind, label=label, expires_at=expires_at, rate=rate
        )
    cli.output.note(_KEEP)
    cli.output.answer({**_document(key), "token": token}, Text(token, style="bold"))
    return Exit.OK


async def rotate_key(key: str, /, *, overlap: str = "24h", expires: str | None = None, cli: Cli) -> Exit:
    """Replace a key by a new one of the same kind, label and rate. Its token is shown this once.

    headrace key rotate 5fK2pQx9Lm --overlap 24h

    Parameters
    ----------
    key
        The old key's id, as `headrace key list` shows it.
    overlap
        How long the old key stays open, as 30m, 24h or 7d; 0 closes it at once.
    expires
        Lifetime of the new key as 12h, 90d or 4w; default for ever.
    """
    overlap_ms, expires_at = duration("--overlap", overlap), expiry(expires, now())
    async with opened(cli) as redis:
        made, token = await Projects(redis).rotate_key(key, overlap_ms=overlap_ms, expires_at=expires_at)
    cli.output.note(_KEEP)
    cli.output.note(f"The old key {key} {f'stays open for {overlap} at most' if overlap_ms else 'is closed'}.")
    cli.output.answer({**_document(made), "token": token}, Text(token, style="bold"))
    return Exit.OK


async def list_keys(project: str | None = None, /, *, cli: Cli) -> Exit:
    """The keys of a project, oldest first, without their tokens.

    Parameters
    ----------
    project
        Whose keys; left out, the keys of all projects and the admin keys.
    """
    async with opened(cli) as redis:
        projects = Projects(redis)
        if project and await projects.get(project) is None:
            raise No(f"There is no project {project!r}. `headrace project list` shows them.")
        owners = [project] if project else ["", *(found.id for found in await projects.all())]
        keys = [key for owner in owners for key in await projects.list_keys(owner)]
    rows = [[key.id, key.project or "-", key.kind, _state(key), moment(key.created_at), key.label] for key in keys]
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
    async with opened(cli) as redis:
        revoked = await Projects(redis).revoke_key(key)
    cli.output.answer(_document(revoked), f"Key {revoked.id} is revoked.")
    return Exit.OK


def _document(key: Key) -> dict[str, Any]:
    stored: dict[str, Any] = msgspec.to_builtins(key)
    stored.pop("digest")
    return {**stored, "state": _state(key)}


def _state(key: Key) -> str:
    if key.revoked_at:
        return "revoked"
    if not key.expires_at:
        return "active"
    return f"{'active until' if key.active(now()) else 'expired'} {moment(key.expires_at)}"
