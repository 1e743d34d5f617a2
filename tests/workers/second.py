"""A second installation's stores, empty: another database of the tests' ClickHouse, another one of the tests' Redis."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.servers import routing
from ingest_api.stream import Redis, connect, read_install
from tests.workers.history import History
from workers import migrate
from workers.backups.backup import Backup
from workers.backups.restore import Report, Restore
from workers.backups.vault import Manifest, Vault
from workers.clickhouse.visit import visit
from workers.erasing.erase import Places
from workers.settings import Settings

DATABASE = "second"


@dataclass
class Second:
    """Where it is, and who asks there."""

    redis: Redis
    redis_url: str
    clickhouse_url: str
    warehouse: AsyncClient

    async def restore(self, folder: Path, *, replace: bool = False, later: Path | None = None) -> Report:
        """Restore what is in a folder."""
        vault = Vault(str(later)) if later else None
        places = Places(self.clickhouse_url, "")
        return await Restore(self.redis, places, Vault(str(folder)), quiet, replace=replace, later=vault).run()

    async def history(self) -> History:
        """The installation that was restored."""
        settings = Settings(redis_url=self.redis_url, clickhouse_url=self.clickhouse_url, linger_ms=20)
        return History(self.redis, await read_install(self.redis), settings, self.warehouse)


@contextlib.asynccontextmanager
async def second(redis_url: str, clickhouse_url: str) -> AsyncIterator[Second]:
    """Its stores, gone at the end."""
    there = clickhouse_url.replace("database=headrace", f"database={DATABASE}")
    assert there != clickhouse_url
    redis_there = " ".join(f"{one.removesuffix('/0')}/1" for one in redis_url.split())
    redis = connect(redis_there)
    await _empty(redis)
    with contextlib.closing(migrate.connect(there)) as admin:
        async with visit(there, 60) as warehouse:
            yield Second(redis, redis_there, there, warehouse)
        admin.command(f"DROP DATABASE {DATABASE} SYNC")
    await _empty(redis)
    await redis.aclose()


async def _empty(redis: Redis) -> None:
    for one in await routing.servers(redis):
        await one.flushdb()


async def back_up(history: History, folder: Path) -> Manifest:
    """A backup of an installation into a folder."""
    return await Backup(history.redis, history.settings.clickhouse_url, Vault(str(folder)), quiet).run()


def quiet(_what: str, _share: float) -> None:
    """Nobody looks."""
