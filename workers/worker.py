"""arq workers.worker.WorkerSettings: the worker process. The drain does not depend on arq's own writes."""

import logging
from datetime import UTC
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import orjson
from arq.connections import RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError  # noqa: A004  # redis's own, on purpose

from ingest_api.process import offer_metrics, read_settings, set_up_log
from ingest_api.stream import connect
from workers.fleet import Fleet
from workers.jobs import CRON
from workers.settings import Settings

_settings = read_settings(Settings)


def _arq_redis(url: str) -> RedisSettings:
    """arq's connection. Without retries of its own arq ends the process at the first outage of Redis."""
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
        retry_on_error=[ConnectionError, TimeoutError, BusyLoadingError, OSError],
        retry=Retry(ExponentialBackoff(cap=1), 1_000_000),
    )


async def _start(ctx: dict[str, Any]) -> None:
    set_up_log()
    logging.getLogger("arq").handlers.clear()  # arq's command line set one up before; each line would come twice
    offer_metrics(_settings.worker_metrics_port)
    ctx["settings"] = _settings
    ctx["streams"] = connect(_settings.redis_url)
    ctx["fleet"] = Fleet(ctx["streams"], _settings)
    ctx["fleet"].start()


async def _stop(ctx: dict[str, Any]) -> None:
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
