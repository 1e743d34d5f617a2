"""arq workers.worker.WorkerSettings: the worker process. The drain does not depend on arq's own writes."""

import asyncio
import logging
import os
from datetime import UTC
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import orjson
from arq.connections import RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,  # noqa: A004  # redis's own, on purpose
    OutOfMemoryError,
    TimeoutError,  # noqa: A004  # redis's own, on purpose
)

from ingest_api.process import calm_collector, offer_metrics, read_settings, set_up_log
from ingest_api.stream import connect
from workers.enduring import take_over
from workers.fleet import Fleet
from workers.jobs import CRON
from workers.settings import Settings

_settings = read_settings(Settings)
take_over()
#: what arq itself gets to end, after the drains
_GRACE_SECONDS = 2.0


def _arq_redis(url: str) -> RedisSettings:
    """arq's connection. Without retries of its own arq ends the process when Redis is away, or full, for once."""
    parts = urlsplit(url)
    return RedisSettings(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 6379,
        username=parts.username or None,
        password=unquote(parts.password) if parts.password else None,
        database=int(parts.path.strip("/") or 0),
        ssl=parts.scheme == "rediss",
        ssl_check_hostname=True,
        conn_retries=1_000_000,
        retry_on_timeout=True,
        retry_on_error=[ConnectionError, TimeoutError, BusyLoadingError, OutOfMemoryError, OSError],
        retry=Retry(ExponentialBackoff(cap=1), 1_000_000),
    )


async def _outlive_outages(redis: Any) -> None:
    """Retry connecting as a whole. redis-py retries the TCP connect alone; a cut during AUTH would end the process."""
    pool = redis.connection_pool
    once = pool.connection_class.connect

    async def connect(self: Any) -> None:
        await self.retry.call_with_retry(lambda: once(self), lambda _error: self.disconnect())

    await pool.disconnect()
    pool.reset()
    pool.connection_class = type("Enduring", (pool.connection_class,), {"connect": connect})


def _leave(_main: "asyncio.Task[Any]") -> None:
    """End soon, whatever happens: arq first says good-bye to Redis, for as long as that takes. No event hangs on it."""
    asyncio.get_running_loop().call_later(_settings.stop_seconds + _GRACE_SECONDS, os._exit, 1)


async def _start(ctx: dict[str, Any]) -> None:
    set_up_log()
    logging.getLogger("arq").handlers.clear()  # arq's command line set one up before; each line would come twice
    offer_metrics(_settings.worker_metrics_port, _settings.metrics_host)
    if (main := asyncio.current_task()) is not None:
        main.add_done_callback(_leave)
    await _outlive_outages(ctx["redis"])
    ctx["settings"] = _settings
    ctx["streams"] = connect(_settings.redis_url)
    ctx["fleet"] = Fleet(ctx["streams"], _settings)
    ctx["fleet"].start()
    calm_collector()


async def _stop(ctx: dict[str, Any]) -> None:
    if "fleet" not in ctx:  # the start failed, and has said why
        return
    await ctx["fleet"].stop()
    await ctx["streams"].aclose()


class WorkerSettings:
    """What arq loads."""

    redis_settings = _arq_redis(_settings.redis_url)
    on_startup = _start
    on_shutdown = _stop
    cron_jobs: ClassVar = CRON
    job_serializer = orjson.dumps
    job_deserializer = orjson.loads
    keep_result = 0
    max_tries = 3
    timezone = UTC
    queue_name = "headrace:jobs"
    health_check_key = "headrace:jobs:health"
