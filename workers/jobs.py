"""The arq jobs: control work, never events. Each may run twice, or not at all, without harm."""

import logging
from typing import Any

from ingest_api.stream import Redis, read_install
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
