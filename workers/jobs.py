"""The arq jobs: control work, never events. Each may run twice, or not at all, without harm."""

import logging
import time
from typing import Any

from arq import cron

from ingest_api.stream import Redis, read_install
from workers import retention
from workers.settings import Settings
from workers.source import trim

log = logging.getLogger(__name__)


async def trim_shards(ctx: dict[str, Any]) -> int:
    """Drop frames that were committed long enough ago. Returns how many entries went."""
    redis: Redis = ctx["streams"]
    settings: Settings = ctx["settings"]
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


CRON = (
    cron(trim_shards, second={0}, unique=True, timeout=30, keep_result=0),
    cron(delete_old_events, hour={3}, minute={17}, second={0}, unique=True, timeout=3600, keep_result=0),
)
