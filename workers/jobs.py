"""The arq jobs: control work, never events. Each may run twice, or not at all, without harm."""

import logging
import time
from typing import Any

from arq import cron
from redis.exceptions import RedisError

from ingest_api.stream import Redis, read_install
from workers import audit, kept, ledger, retention
from workers.errors import NotNow
from workers.settings import Settings
from workers.source import trim

log = logging.getLogger(__name__)


async def trim_shards(ctx: dict[str, Any]) -> int:
    """Drop frames that were committed long enough ago. Returns how many entries went."""
    redis: Redis = ctx["streams"]
    settings: Settings = ctx["settings"]
    if await redis.exists(kept.IN_USE):  # a replay reads; should memory run short, the fleet trims all the same
        return 0
    install = await read_install(redis)
    dropped = sum([await trim(redis, shard, settings.keep_minutes) for shard in install.shards])
    log.info("trimmed", extra={"action": "trim", "entries": dropped})
    return dropped


async def delete_old_events(ctx: dict[str, Any]) -> int:
    """Delete what projects do not keep any longer. Returns how many projects had something to delete."""
    settings: Settings = ctx["settings"]
    cleaned = await retention.clean(ctx["streams"], settings.clickhouse_url, time.time_ns() // 1_000_000)
    log.info("deleted old events", extra={"action": "retention", "projects": cleaned})
    return cleaned


async def copy_ledger(ctx: dict[str, Any]) -> int:
    """Copy what is settled of the ledger into ClickHouse. Returns how many lines went."""
    settings: Settings = ctx["settings"]
    try:
        copied = await ledger.copy(ctx["streams"], settings.clickhouse_url)
    except (NotNow, RedisError, OSError) as error:
        log.warning("the ledger waits", extra={"action": "ledger", "why": str(error)})
        return 0
    log.info("copied the ledger", extra={"action": "ledger", "lines": copied})
    return copied


async def find_missing_events(ctx: dict[str, Any]) -> int:
    """Audit the tail that is kept. Returns how many events are missing."""
    settings: Settings = ctx["settings"]
    try:
        found = await audit.audit(ctx["streams"], settings.clickhouse_url)
    except (NotNow, RedisError, OSError) as error:
        log.warning("the audit waits", extra={"action": "audit", "why": str(error)})
        return 0
    log.info("audited", extra={"action": "audit", "minutes": found.minutes, "missing": found.missing})
    return found.missing


CRON = (
    cron(copy_ledger, second={10}, unique=True, timeout=50, keep_result=0),
    cron(find_missing_events, minute=set(range(0, 60, 5)), second={40}, unique=True, timeout=240, keep_result=0),
    cron(trim_shards, second={0}, unique=True, timeout=30, keep_result=0),
    cron(delete_old_events, hour={3}, minute={17}, second={0}, unique=True, timeout=3600, keep_result=0),
)
