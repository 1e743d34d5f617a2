"""The depot: where ClickHouse puts backups of its own, and its statements BACKUP and RESTORE.

It is `disk:NAME[/path]`, `file:/path` or `s3://bucket/prefix`, as the server knows it.
"""

import asyncio
import os
import re
from collections.abc import Callable, Sequence

from clickhouse_connect.driver.asyncclient import AsyncClient

from workers.errors import NotNow

_PLACE = re.compile(r"(?P<kind>disk|file|s3):(//)?(?P<path>[^\s'\\]+)")
_PAUSE = 0.2
_STATE = "SELECT status, error, num_files, files_read FROM system.backups WHERE id = {id:String}"


class Depot:
    """One place. Raises `ValueError` for a text that names none."""

    def __init__(self, where: str) -> None:
        found = _PLACE.fullmatch(where)
        if found is None or (found["kind"] == "file" and not found["path"].startswith("/")):
            raise ValueError(
                f"{where} is no place for ClickHouse's own backup: disk:NAME, file:/path or s3://bucket/prefix"
            )
        self.where = where.rstrip("/")
        self._kind, self._path = found["kind"], found["path"].rstrip("/")

    async def backup(
        self,
        client: AsyncClient,
        name: str,
        tables: Sequence[tuple[str, str]],
        base: str,
        tell: Callable[[float], None],
    ) -> None:
        """Back up tables, (as it is called here, as it is called in the backup), on top of `base`. Raises `NotNow`."""
        database = await _database(client)
        some = ", ".join(f"TABLE {database}.{here} AS {database}.{there}" for here, there in tables)
        settings = f" SETTINGS base_backup = {self._sql(base)}" if base else ""
        await _run(client, f"BACKUP {some} TO {self._sql(name)}{settings}", tell)

    async def restore(
        self, client: AsyncClient, name: str, tables: Sequence[str], origin: str, tell: Callable[[float], None]
    ) -> None:
        """Restore tables into empty ones. `origin`: the database as it was called then. Raises `NotNow`."""
        database = await _database(client)
        some = ", ".join(f"TABLE {_quoted(origin)}.{one} AS {database}.{one}" for one in tables)
        settings = "allow_different_table_def = 1"  # of one schema; another ClickHouse may write it otherwise
        await _run(client, f"RESTORE {some} FROM {self._sql(name)} SETTINGS {settings}", tell)

    def _sql(self, name: str) -> str:
        """The place as ClickHouse writes it. Keys come from the environment, and are in no file of a backup."""
        if self._kind == "disk":
            disk, _, path = self._path.partition("/")
            return f"Disk('{disk}', '{f'{path}/{name}'.lstrip('/')}')"
        if self._kind == "file":
            return f"File('{self._path}/{name}')"
        bucket, _, prefix = self._path.partition("/")
        region = os.environ.get("AWS_REGION", "us-east-1")
        endpoint = os.environ.get("AWS_ENDPOINT_URL", f"https://s3.{region}.amazonaws.com").rstrip("/")
        url = "/".join(part for part in (endpoint, bucket, prefix, name) if part)
        key, secret = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")
        keys = f", {_text(key)}, {_text(secret)}" if key else ""
        return f"S3({_text(url)}{keys})"


async def _run(client: AsyncClient, statement: str, tell: Callable[[float], None]) -> None:
    """Begin it, and wait for its end: longer than any answer may take."""
    (begun,) = (await client.query(f"{statement} ASYNC")).result_rows
    while True:
        (state,) = (await client.query(_STATE, {"id": begun[0]})).result_rows
        status, error, files, done = str(state[0]), str(state[1]), int(state[2]), int(state[3])
        if status in {"BACKUP_CREATED", "RESTORED"}:
            return
        if not status.startswith(("CREATING", "RESTORING")):
            raise NotNow(f"ClickHouse could not do it ({status}): {error.partition(', Stack trace')[0][:500]}")
        tell(done / files if files else 0.0)
        await asyncio.sleep(_PAUSE)


async def _database(client: AsyncClient) -> str:
    return _quoted(str(await client.command("SELECT currentDatabase()")))


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
