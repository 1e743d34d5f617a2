"""python -m workers.migrate [plan|apply]: bring a ClickHouse database to the schema of this build.

Migrations are the numbered files of `workers/schema/`, `NNNN_pre|post_what.sql`: `pre` runs before the code that
needs it is deployed, `post` after the last code that needed the old state is gone. Applied ones are recorded with
a checksum; a file that changed afterwards is an error. Statements must be repeatable (IF NOT EXISTS): a crash
between a statement and its record makes it run again.
"""

import argparse
import hashlib
import importlib.resources
import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import clickhouse_connect
from clickhouse_connect.driver.binding import quote_identifier
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from ingest_api.process import read_settings
from workers.address import Address, address
from workers.settings import Settings

_FILE = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+\.sql")
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


def pending(client: Client) -> list[Migration]:
    """What is not yet applied to the client's database. Raises `MigrationError` where an applied file changed."""
    applied: dict[str, str] = {}
    if client.command("EXISTS TABLE schema_migrations"):
        rows = client.query("SELECT name, checksum FROM schema_migrations FINAL").result_rows
        applied = {str(name): str(checksum) for name, checksum in rows}
    for migration in migrations():
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationError(f"{migration.name} was changed after it was applied. Put it back; add a new file.")
    return [migration for migration in migrations() if migration.name not in applied]


def apply(client: Client) -> list[Migration]:
    """Apply what is pending, under a lock. Returns what was applied."""
    client.command(_RECORD)
    with _lock(client):
        todo = pending(client)
        for migration in todo:
            for statement in migration.statements:
                client.command(statement)
            client.insert("schema_migrations", [[migration.name, migration.checksum]], ["name", "checksum"])
    return todo


def connect(url: str) -> Client:
    """A client on the URL's database, which is made when it is missing."""
    where = address(url)
    elsewhere: Address = {**where, "database": "default"}
    with clickhouse_connect.get_client(**elsewhere, autogenerate_session_id=False) as admin:
        admin.command(f"CREATE DATABASE IF NOT EXISTS {quote_identifier(where['database'])}")
    return clickhouse_connect.get_client(**where, autogenerate_session_id=False)


@contextmanager
def _lock(client: Client) -> Iterator[None]:
    owner = f"{socket.gethostname()} {os.getpid()} {int(time.time())}"
    for attempt in range(2):
        try:
            client.command(f"CREATE TABLE schema_lock (x UInt8) ENGINE = Memory COMMENT '{owner}'")
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
            client.command("DROP TABLE IF EXISTS schema_lock")
    try:
        yield
    finally:
        client.command("DROP TABLE IF EXISTS schema_lock")


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
    command = parser.parse_args().command
    try:
        client = connect(read_settings(Settings).clickhouse_url)
        todo = apply(client) if command == "apply" else pending(client)
    except (MigrationError, ClickHouseError) as error:
        print(f"migrate: {error}", file=sys.stderr)
        return 1
    verb = "applied" if command == "apply" else "would apply"
    for migration in todo:
        print(f"{verb} {migration.name}")
    if not todo:
        print("the schema is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
