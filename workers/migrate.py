"""python -m workers.migrate [plan|apply] [--phase pre|post|all]: bring a ClickHouse database to this build's schema.

Migrations are the numbered files of `workers/schema/`, `NNNN_pre|post_what.sql`: `pre` runs before the code that
needs it is deployed and only adds, `post` after the last code that needed the old state is gone. All of `pre` go
first, so none of them may need a `post`. Applied ones are recorded with a checksum; a file that changed afterwards
is an error. Statements must be repeatable (IF NOT EXISTS): a crash between a statement and its record makes it run
again. On a cluster each statement becomes what reaches all of its nodes (`workers/clickhouse/cluster_sql.py`).
"""

import argparse
import asyncio
import hashlib
import importlib.resources
import os
import re
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import clickhouse_connect
from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from redis.exceptions import RedisError

from ingest_api import stream
from ingest_api.process import read_settings
from workers import heartbeat
from workers.clickhouse.address import Address, address
from workers.clickhouse.cluster_sql import rendered
from workers.clickhouse.order import cluster
from workers.settings import Settings

_FILE = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+\.sql")
#: when: before the first process of a build starts, after the last of the one before is gone, or both
Phase = Literal["pre", "post", "all"]
_LOCK_SECONDS = 600
_RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations (name String, checksum String, applied_at DateTime DEFAULT now())
ENGINE = ReplacingMergeTree ORDER BY name"""


class MigrationError(RuntimeError):
    """The schema cannot be brought to this build; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of `workers/schema/`."""

    name: str
    text: str

    @property
    def number(self) -> int:
        """Its place. A build that knows it needs nothing of what it takes away."""
        return int(self.name[:4])

    def belongs(self, phase: Phase) -> bool:
        """Whether it is applied in this phase."""
        return phase == "all" or f"_{phase}_" in self.name[:10]

    @property
    def checksum(self) -> str:
        """Over the text: a change after it was applied is noticed."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def statements(self) -> list[str]:
        """Statements end with `;` at the end of a line."""
        return [part.strip() for part in re.split(r";\s*$", self.text, flags=re.MULTILINE) if part.strip()]


def migrations() -> list[Migration]:
    """All migrations of this build, in order. Raises `MigrationError` for a name that breaks the rule."""
    folder = importlib.resources.files("workers") / "schema"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    for position, name in enumerate(names, start=1):
        match = _FILE.fullmatch(name)
        if match is None or int(match[1]) != position:
            raise MigrationError(f"workers/schema/{name}: expected {position:04d}_pre|post_what.sql here")
    return [Migration(name, (folder / name).read_text()) for name in names]


def pending(client: Client, phase: Phase = "all", known: Sequence[Migration] | None = None) -> list[Migration]:
    """What of this phase is not yet applied to the client's database. `known`: in place of this build's migrations.

    Raises `MigrationError` where an applied file changed.
    """
    known = migrations() if known is None else known
    _refuse_one_server(client)
    applied: dict[str, str] = {}
    if client.command("EXISTS TABLE schema_migrations"):
        rows = client.query("SELECT name, checksum FROM schema_migrations FINAL").result_rows
        applied = {str(name): str(checksum) for name, checksum in rows}
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationError(f"{migration.name} was changed after it was applied. Put it back; add a new file.")
    return [one for one in known if one.belongs(phase) and one.name not in applied]


def apply(client: Client, phase: Phase = "all", known: Sequence[Migration] | None = None) -> list[Migration]:
    """Apply what is pending of this phase, `pre` before `post`, under a lock. Returns what was applied."""
    _refuse_one_server(client)
    _order(client, _RECORD)
    with _lock(client):
        todo = sorted(pending(client, phase, known), key=lambda one: (one.belongs("post"), one.number))
        for migration in todo:
            for statement in migration.statements:
                _order(client, statement)
            client.insert("schema_migrations", [[migration.name, migration.checksum]], ["name", "checksum"])
    return todo


def upgrade(
    client: Client, redis_url: str, phase: Phase, known: Sequence[Migration] | None = None
) -> tuple[list[Migration], str]:
    """Apply what may be applied now. Returns that, and why the rest of it, `post` ones, has to wait; or nothing."""
    late = [] if phase == "pre" else pending(client, "post", known)
    waits = _held_up(redis_url, late[-1].number) if late else ""
    if not waits:
        return apply(client, phase, known), ""
    names = ", ".join(one.name for one in late)
    return apply(client, "pre", known) if phase == "all" else [], f"{names}: not now. {waits}"


def _held_up(redis_url: str, number: int) -> str:
    """Who at work may still need what migrations up to this number take away; empty where nobody does."""

    async def ask() -> list[str]:
        redis = stream.connect(redis_url)
        try:
            return [f"{one.host} pid {one.pid}" for one in await heartbeat.older(redis, number)]
        finally:
            await redis.aclose()

    try:
        older = asyncio.run(ask())
    except (RedisError, OSError) as error:
        return f"Redis, which knows whether workers of an older build run, does not answer: {error}"
    if not older:
        return ""
    return f"Workers of an older build run, or did a minute ago: {', '.join(older)}. Replace them; then apply it again."


def connect(url: str) -> Client:
    """A client on the URL's database, which is made when it is missing."""
    where = address(url)
    elsewhere: Address = {**where, "database": "default"}
    with clickhouse_connect.get_client(**elsewhere, autogenerate_session_id=False) as admin:
        _order(admin, f"CREATE DATABASE IF NOT EXISTS {quote_identifier(where['database'])}")
    return clickhouse_connect.get_client(**where, autogenerate_session_id=False)


def _order(client: Client, statement: str) -> None:
    for one in rendered(statement, cluster(client)):
        client.command(one)


def _refuse_one_server(client: Client) -> None:
    """Raises `MigrationError` where a cluster is meant, and the database was made for one server."""
    on = cluster(client)
    if on is None or not client.command("EXISTS TABLE schema_migrations"):
        return
    engine = client.command(
        "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'"
    )
    if engine != "Distributed":
        raise MigrationError(
            f"The database {on.database} was made for one server, not for the cluster {on.name}: name another "
            "database in HEADRACE_CLICKHOUSE_URL, or leave HEADRACE_CLICKHOUSE_CLUSTER empty. docs/scale.md"
        )


@contextmanager
def _lock(client: Client) -> Iterator[None]:
    owner = f"{socket.gethostname()} {os.getpid()} {int(time.time())}"
    for attempt in range(2):
        try:
            _order(client, f"CREATE TABLE schema_lock (x UInt8) ENGINE = Memory COMMENT '{owner}'")
            break
        except DatabaseError as error:
            if "TABLE_ALREADY_EXISTS" not in str(error):
                raise
            holder = str(
                client.command(
                    "SELECT comment FROM system.tables WHERE name = 'schema_lock' AND database = currentDatabase()"
                )
            )
            if attempt or not _abandoned(holder):
                raise MigrationError(f"Another migration runs (host, pid, start: {holder}). Wait for it.") from error
            _order(client, "DROP TABLE IF EXISTS schema_lock")
    try:
        yield
    finally:
        _order(client, "DROP TABLE IF EXISTS schema_lock")


def _abandoned(holder: str) -> bool:
    host, _, rest = holder.partition(" ")
    pid, _, started = rest.partition(" ")
    if host == socket.gethostname():
        try:
            os.kill(int(pid), 0)
        except (ProcessLookupError, ValueError):
            return True
    return time.time() - int(started or 0) > _LOCK_SECONDS


def main() -> int:
    """Returns the exit code: 0 done, 1 not possible."""
    parser = argparse.ArgumentParser(prog="python -m workers.migrate", description=__doc__)
    parser.add_argument("command", choices=["plan", "apply"], nargs="?", default="plan")
    parser.add_argument("--phase", choices=get_args(Phase), default="all", help="before an upgrade, after it, or both")
    chosen = parser.parse_args()
    settings, waits = read_settings(Settings), ""
    try:
        client = connect(settings.clickhouse_url)
        if chosen.command == "apply":
            done, waits = upgrade(client, settings.redis_url, chosen.phase)
        else:
            done = pending(client, chosen.phase)
    except (MigrationError, ClickHouseError) as error:
        print(f"migrate: {error}", file=sys.stderr)
        return 1
    verb = "applied" if chosen.command == "apply" else "would apply"
    for migration in done:
        print(f"{verb} {migration.name}")
    if waits:
        print(f"migrate: {waits}", file=sys.stderr)
    elif not done:
        print("the schema is up to date")
    return int(bool(waits) and chosen.phase == "post")  # what waits for its turn holds up no start


if __name__ == "__main__":
    sys.exit(main())
