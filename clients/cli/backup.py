"""`headrace project export` and `import`: all projects and keys as one document, keys as hashes alone."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from clients.cli.errors import Exit, WrongUsage
from clients.cli.installation import opened
from clients.cli.projects import Cli
from ingest_api.projects import backup
from ingest_api.projects.backup import Backup, Change

_STANDARD = "-"
_DONE = {"make": "is made", "revoke": "is revoked"}
_TO_DO = {"make": "would be made", "revoke": "would be revoked"}

File = Annotated[str, Parameter(allow_leading_hyphen=True)]


async def export_projects(file: File, /, *, cli: Cli) -> Exit:
    """Write all projects and keys into a file, which only you may read. No token is in it, but the secret of hashes.

    headrace project export projects.json

    Parameters
    ----------
    file
        Where to; - is stdout. An older file is replaced.
    """
    async with opened(cli) as redis:
        found = await backup.export(redis)
    document = msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"
    if file == _STANDARD:
        sys.stdout.write(document.decode())
        return Exit.OK
    try:
        await asyncio.to_thread(_replace, Path(file), document)
    except OSError as error:
        raise WrongUsage(f"{file} cannot be written: {error.strerror}.") from error
    counts = {"projects": len(found.projects), "keys": len(found.keys)}
    cli.output.answer({"file": file, **counts}, f"{_counted(found)} are in {file}.")
    return Exit.OK


async def import_projects(file: File, /, *, dry_run: Annotated[bool, Parameter(negative=())] = False, cli: Cli) -> Exit:
    """Make the projects and keys of an export that are missing here: all of them, or none.

    What is here already must be the same, else the conflicts are named and nothing is changed. A key that was
    revoked, here or in the export, is revoked afterwards. Doing it again changes nothing.

    headrace project import projects.json --dry-run

    Parameters
    ----------
    file
        An export; - is stdin.
    dry_run
        Only show what would be changed.
    """
    try:
        document = await asyncio.to_thread(sys.stdin.buffer.read if file == _STANDARD else Path(file).read_bytes)
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read: {error.strerror}.") from error
    async with opened(cli) as redis:
        changes = await backup.restore(redis, backup.read(document), dry_run=dry_run)
    lines = [_line(change, _TO_DO if dry_run else _DONE) for change in changes]
    told = {"dry_run": dry_run, "changes": msgspec.to_builtins(changes)}
    cli.output.answer(told, *(lines or ["Everything is here already: nothing to change."]))
    return Exit.OK


def _replace(path: Path, document: bytes) -> None:
    """Whole or not at all: a full disk must not cost the older export."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.touch(mode=0o600)
        beside.write_bytes(document)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _counted(found: Backup) -> str:
    return f"{len(found.projects)} projects and {len(found.keys)} keys"


def _line(change: Change, words: dict[str, str]) -> str:
    return f"{change.what.capitalize()} {change.id} {words[change.does]}."
