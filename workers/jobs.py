"""The arq jobs: control work, never events. Each may run twice, or not at all, without harm."""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from arq import cron
from redis.exceptions import RedisError

from ingest_api import moment
from ingest_api.stream import Redis, read_install
from workers import audit, catalog, kept, ledger, retention, salts
from workers.alerts import watch
from workers.alerts.deliver import Courier
from workers.alerts.mail import Mail
from workers.alerts.reach import Reach
from workers.erasing import erase
from workers.erasing.erase import Places
from workers.errors import NotNow
from workers.rollups import rollup
from workers.settings import Settings
from workers.source import trim

log = logging.getLogger(__name__)

J = TypeVar("J", bound=Callable[[dict[str, Any]], Awaitable[int]])


def patient(job: J) -> J:
    """A job that a store keeps from its work says so, and is begun again at its next time."""

    @functools.wraps(job)
    async def begun(ctx: dict[str, Any]) -> int:
        try:
            return await job(ctx)
        except (NotNow, RedisError, OSError) as error:
            log.warning("a job waits", extra={"action": job.__name__, "why": str(error)})
            return 0

    return cast("J", begun)


@patient
async def trim_shards(ctx: dict[str, Any]) -> int:
    """Drop frames that were committed long enough ago. Returns how many entries went."""
    redis: Redis = ctx["streams"]
    settings: Settings = ctx["settings"]
    if await redis.exists(kept.IN_USE):  # a replay reads; should memory run short, the fleet trims all the same
        return 0
    install = await read_install(redis)
    parts = (trim(redis, shard, settings.keep_minutes) for shard in install.shards)
    ended = await asyncio.gather(*parts, return_exceptions=True)
    dropped = sum(one for one in ended if isinstance(one, int))
    log.info("trimmed", extra={"action": "trim", "entries": dropped})
    for wrong in (one for one in ended if isinstance(one, BaseException)):
        raise wrong
    return dropped


@patient
async def delete_old_events(ctx: dict[str, Any]) -> int:
    """Delete what projects do not keep any longer. Returns how many projects had something to delete."""
    settings: Settings = ctx["settings"]
    now_ms = moment.now_ms()
    cleaned = await retention.clean(ctx["streams"], settings.clickhouse_url, now_ms)
    log.info("deleted old events", extra={"action": "retention", "projects": cleaned})
    lines = await retention.clean_archive(ctx["streams"], settings.archive, now_ms)
    log.info("cleaned the archive", extra={"action": "retention", "lines": lines})
    return cleaned


@patient
async def copy_ledger(ctx: dict[str, Any]) -> int:
    """Copy what is settled of the ledger into ClickHouse. Returns how many lines went."""
    settings: Settings = ctx["settings"]
    copied = await ledger.copy(ctx["streams"], settings.clickhouse_url)
    log.info("copied the ledger", extra={"action": "ledger", "lines": copied})
    return copied


@patient
async def find_missing_events(ctx: dict[str, Any]) -> int:
    """Audit the tail that is kept. Returns how many events are missing."""
    settings: Settings = ctx["settings"]
    found = await audit.audit(ctx["streams"], settings.clickhouse_url)
    log.info("audited", extra={"action": "audit", "minutes": found.minutes, "missing": found.missing})
    return found.missing


@patient
async def destroy_salts(ctx: dict[str, Any]) -> int:
    """Destroy the salts of days that are over. Returns how many went."""
    redis: Redis = ctx["streams"]
    settings: Settings = ctx["settings"]
    if await redis.exists(kept.IN_USE):  # what a replay reads may still need them
        return 0
    gone = await salts.destroy(redis, await read_install(redis), settings.keep_minutes)
    log.info("destroyed salts", extra={"action": "salts", "days": gone})
    return gone


@patient
async def count_catalog(ctx: dict[str, Any]) -> int:
    """Count which events and properties were seen since the last run. Returns how many pages of them there were."""
    settings: Settings = ctx["settings"]
    pages = await catalog.count(ctx["streams"], settings.clickhouse_url)
    log.info("counted the catalog", extra={"action": "catalog", "pages": pages})
    return pages


@patient
async def roll_up_hours(ctx: dict[str, Any]) -> int:
    """Work out the rollups of hours that are over, or have changed. Returns how many hours were rolled up."""
    settings: Settings = ctx["settings"]
    return await rollup.build(ctx["streams"], settings.clickhouse_url, settings.rollup_minutes)


@patient
async def check_rollups(ctx: dict[str, Any]) -> int:
    """Look whether numbers of visitors can be trusted. Returns of how many projects they cannot, and are renewed."""
    settings: Settings = ctx["settings"]
    return await rollup.check(settings.clickhouse_url)


@patient
async def erase_what_was_ordered(ctx: dict[str, Any]) -> int:
    """Go on with erasures, and look whether anything has come back. Returns how many came to their end."""
    settings: Settings = ctx["settings"]
    return await erase.erase(ctx["streams"], Places(settings.clickhouse_url, settings.archive))


@patient
async def check_alerts(ctx: dict[str, Any]) -> int:
    """Ask what the alerts whose time has come want to know. Returns how many were checked."""
    settings: Settings = ctx["settings"]
    return await watch.check(ctx["streams"], settings.redis_url, settings.clickhouse_url, moment.now_ms())


@patient
async def deliver_messages(ctx: dict[str, Any]) -> int:
    """Tell the receivers of alerts what waits for them. Returns how many messages arrived."""
    settings: Settings = ctx["settings"]
    courier = Courier(ctx["streams"], Reach.parse(settings.webhook_allow), Mail(settings.mail))
    return await courier.deliver(moment.now_ms())


CRON = (
    cron(copy_ledger, second={10}, unique=True, timeout=50, keep_result=0),
    cron(count_catalog, second={20}, unique=True, timeout=170, keep_result=0),
    cron(find_missing_events, minute=set(range(0, 60, 5)), second={40}, unique=True, timeout=240, keep_result=0),
    cron(destroy_salts, minute={7}, second={30}, unique=True, timeout=60, keep_result=0),
    cron(erase_what_was_ordered, second=set(range(2, 60, 5)), unique=True, timeout=3600, keep_result=0),
    cron(roll_up_hours, second={50}, unique=True, timeout=240, keep_result=0),
    cron(check_rollups, hour={4}, minute={17}, second=0, unique=True, timeout=900, keep_result=0),
    cron(check_alerts, second={5}, unique=True, timeout=170, keep_result=0),
    cron(deliver_messages, second=set(range(4, 60, 5)), unique=True, timeout=90, keep_result=0),
    cron(trim_shards, second={0}, unique=True, timeout=30, keep_result=0),
    cron(delete_old_events, hour={3}, minute={17}, second={0}, unique=True, timeout=3600, keep_result=0),
)
