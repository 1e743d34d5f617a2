"""Backup: all projects, keys, schemas and what is saved as one document, and back. Keys are in it as hashes alone.

The secret of the installation is in it as it is: without it a restored installation would hash properties otherwise.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, cast

import msgspec

from ingest_api.errors import Detail
from ingest_api.projects import keys, project, saved
from ingest_api.projects.keys import Key, Kind
from ingest_api.projects.project import Conflict, Invalid, Project, Settings
from ingest_api.projects.records import KEYS, PROJECTS, SCHEMAS, Records, change
from ingest_api.projects.saved import ALERTS, MAX_BYTES, QUERIES, Document
from ingest_api.projects.schema import Schema
from ingest_api.projects.schemas import by_project
from ingest_api.projects.secret import SECRET
from ingest_api.projects.validation import checked
from ingest_api.stream import Redis

_KEY_ID = re.compile(r"[0-9A-Za-z]{10}")
_SECRET = re.compile(r"([0-9a-f]{64})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Backup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document. The fixed tokens of the local demo are not part of it."""

    version: Literal[1]
    projects: tuple[Project, ...]
    keys: tuple[Key, ...]
    #: the installation's, in hex; empty when it had none yet
    secret: str = ""
    #: by project and event name
    schemas: dict[str, dict[str, Schema]] = {}
    #: by project and name
    queries: dict[str, dict[str, Document]] = {}
    alerts: dict[str, dict[str, Document]] = {}


class Change(msgspec.Struct, frozen=True):
    """One thing that a restore does."""

    does: Literal["make", "revoke"]
    what: Literal["project", "key", "secret", "schema", "query", "alert"]
    id: str


async def export(redis: Redis) -> Backup:
    """Everything at one moment, by id."""
    async with cast("Any", redis).pipeline(transaction=True) as pipe:
        pipe.hvals(PROJECTS).hvals(KEYS).get(SECRET).hgetall(SCHEMAS).hgetall(QUERIES).hgetall(ALERTS)
        projects, stored, secret, schemas, queries, alerts = await pipe.execute()
    return Backup(
        1,
        tuple(sorted((msgspec.json.decode(raw, type=Project) for raw in projects), key=lambda one: one.id)),
        tuple(sorted((msgspec.json.decode(raw, type=Key) for raw in stored), key=lambda one: one.id)),
        (secret or b"").hex(),
        by_project(schemas),
        saved.by_project(queries),
        saved.by_project(alerts),
    )


def read(document: bytes) -> Backup:
    """Raises `Invalid` for anything that `export` does not write."""
    try:
        backup = msgspec.json.decode(document, type=Backup)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"This is no export of projects: {error}.") from error
    for one in backup.projects:
        _check_project(one)
    if not _SECRET.fullmatch(backup.secret):
        raise Invalid("The secret of the installation is not 64 hexadecimal digits.")
    owners = {one.id for one in backup.projects}
    for key in backup.keys:
        _check_key(key, owners)
    for project_id, schemas in backup.schemas.items():
        _check_schemas(project_id, schemas, owners)
    for what, documents in (("query", backup.queries), ("alert", backup.alerts)):
        _check_documents(what, documents, owners)
    named = [("project", one.id) for one in backup.projects] + [("key", key.id) for key in backup.keys]
    named += [("site id", site) for one in backup.projects for site in one.site_ids]
    if twice := [f"{what} {name!r}" for (what, name), count in Counter(named).items() if count > 1]:
        raise Invalid(f"Named more than once: {', '.join(twice)}.")
    return backup


async def restore(redis: Redis, backup: Backup, *, dry_run: bool = False) -> list[Change]:
    """Make what is missing and revoke what the document has revoked; all of it, or nothing.

    What is stored already must be the same, or `Conflict` names it. A key that is revoked here stays revoked.
    Returns what was done, with `dry_run` what would be.
    """

    async def plan(records: Records) -> list[Change]:
        conflicts: list[str] = []
        changes: list[Change] = []
        await _restore_secret(records, bytes.fromhex(backup.secret), changes, conflicts, write=not dry_run)
        for one in backup.projects:
            await _restore_project(records, one, changes, conflicts, write=not dry_run)
        for key in backup.keys:
            await _restore_key(records, key, changes, conflicts, write=not dry_run)
        for project_id, schemas in backup.schemas.items():
            for name, schema in schemas.items():
                await _restore_schema(records, (project_id, name), schema, changes, conflicts, write=not dry_run)
        for shelf, saved_ones in ((QUERIES, backup.queries), (ALERTS, backup.alerts)):
            await _restore_documents(records, shelf, saved_ones, changes, conflicts, write=not dry_run)
        if conflicts:
            raise Conflict(f"Nothing was changed. In the way stand: {'; '.join(conflicts)}.")
        return changes

    return await change(redis, plan)


async def _restore_secret(
    records: Records, secret: bytes, changes: list[Change], conflicts: list[str], *, write: bool
) -> None:
    """A new installation has made one of its own; it may go while nothing was made with it."""
    stored = await records.secret()
    if not secret or secret == stored:
        return
    hashing = sorted(one.id for one in await records.projects() if one.hash_properties)
    if stored and (hashing or await records.remembers_erasures()):
        use = f"project {hashing[0]} hashes properties with it" if hashing else "its erasures are remembered by it"
        conflicts.append(f"the installation has another secret, and {use}")
        return
    changes.append(Change("make", "secret", "of the installation"))
    if write:
        records.put_secret(secret)


async def _restore_project(
    records: Records, one: Project, changes: list[Change], conflicts: list[str], *, write: bool
) -> None:
    stored = await records.find(one.id)
    if stored is not None:
        if different := _different(one, stored):
            conflicts.append(f"project {one.id} has other {different}")
        return
    for site_id in one.site_ids:
        owner = await records.owner(site_id)
        if owner not in {None, one.id}:
            conflicts.append(f"site id {site_id} of project {one.id} belongs to project {owner}")
        if write:
            records.claim(site_id, one.id)
    changes.append(Change("make", "project", one.id))
    if write:
        records.put_project(one)


async def _restore_key(records: Records, key: Key, changes: list[Change], conflicts: list[str], *, write: bool) -> None:
    stored = await records.find_key(key.id)
    if stored is None:
        changes.append(Change("make", "key", key.id))
    elif different := _different(key, msgspec.structs.replace(stored, revoked_at=key.revoked_at)):
        conflicts.append(f"key {key.id} has other {different}")
        return
    elif key.revoked_at and not stored.revoked_at:
        changes.append(Change("revoke", "key", key.id))
    else:
        return
    if write:
        records.put_key(key)


async def _restore_schema(
    records: Records,
    place: tuple[str, str],
    schema: Schema,
    changes: list[Change],
    conflicts: list[str],
    *,
    write: bool,
) -> None:
    project_id, name = place
    stored = await records.schema(project_id, name)
    if stored is not None:
        same = msgspec.structs.replace(stored, version=schema.version, changed_at=schema.changed_at)
        if different := _different(schema, same):
            conflicts.append(f"the schema of {name!r} in project {project_id} has other {different}")
        return
    changes.append(Change("make", "schema", f"{project_id} {name}"))
    if write:
        records.put_schema(project_id, name, schema)


async def _restore_documents(
    records: Records,
    shelf: str,
    documents: Mapping[str, Mapping[str, Document]],
    changes: list[Change],
    conflicts: list[str],
    *,
    write: bool,
) -> None:
    what: Literal["query", "alert"] = "query" if shelf == QUERIES else "alert"
    for project_id, named in documents.items():
        for name, document in named.items():
            same = await records.document(shelf, project_id, name)
            if same is None:
                changes.append(Change("make", what, f"{project_id} {name}"))
                if write:
                    records.put_document(shelf, project_id, name, document)
            elif same.text != document.text:
                conflicts.append(f"the {what} {name!r} of project {project_id} is another")


def _different(one: msgspec.Struct, other: msgspec.Struct) -> str:
    """The names of the fields that differ; their values are nobody's business."""
    return ", ".join(name for name in one.__struct_fields__ if getattr(one, name) != getattr(other, name))


def _check_project(one: Project) -> None:
    project.check_id(one.id)
    for site_id in one.site_ids:
        project.check_site(site_id)
    settings = {name: getattr(one, name) for name in Settings.__struct_fields__}
    if project.checked(Settings(**settings)) != settings:
        raise Invalid(f"Project {one.id!r}: an origin or a property is not in the form in which it is stored.")


def _check_key(key: Key, owners: set[str]) -> None:
    if not _KEY_ID.fullmatch(key.id) or not _DIGEST.fullmatch(key.digest):
        raise Invalid(f"Key {key.id!r} has no id and digest of a key.", [Detail("keys", "id, digest")])
    if (key.project != "") if key.kind is Kind.ADMIN else (key.project not in owners):
        raise Invalid(f"Key {key.id!r} belongs to project {key.project!r}, which is not in the document.")
    keys.check(label=key.label, expires_at=key.expires_at, rate=key.rate)


def _check_schemas(project_id: str, schemas: Mapping[str, Schema], owners: set[str]) -> None:
    if project_id not in owners:
        raise Invalid(f"There are schemas of project {project_id!r}, which is not in the document.")
    for name, schema in schemas.items():
        try:
            checked(msgspec.json.decode(schema.text, type=dict[str, Any]))
        except (msgspec.DecodeError, Invalid) as error:
            raise Invalid(f"The schema of {name!r} in project {project_id!r} cannot be used: {error}") from error


def _check_documents(what: str, documents: Mapping[str, Mapping[str, Document]], owners: set[str]) -> None:
    """What stands in one is checked again by whoever uses it."""
    if strangers := documents.keys() - owners:
        raise Invalid(f"There is a {what} of project {min(strangers)!r}, which is not in the document.")
    for named in documents.values():
        for name, document in named.items():
            if not saved.NAME.fullmatch(name) or len(document.text) > MAX_BYTES:
                raise Invalid(f"The {what} {name[:100]!r} has a name or a size that cannot be.")
            try:
                msgspec.json.decode(document.text, type=dict[str, Any])
            except (msgspec.DecodeError, RecursionError) as error:
                raise Invalid(f"The {what} {name!r} cannot be used: {error}") from error
