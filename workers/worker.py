"""arq workers.worker.WorkerSettings: the worker process. The drain does not depend on arq's own writes."""

import asyncio
import logging
import os
from datetime import UTC
from typing import Any, ClassVar

import orjson
from arq.connections import RedisSettings
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,  # noqa: A004  # redis's own, on purpose
    OutOfMemoryError,
    TimeoutError,  # noqa: A004  # redis's own, on purpose
)

from ingest_api.process import calm_collector, offer_metrics, read_settings, set_up_log
from ingest_api.servers import redis_url, routing
from ingest_api.stream import connect
from ingest_api.traces import tracing
from workers import telemetry
from workers.enduring import take_over
from workers.fleet import Fleet
from workers.jobs import CRON
from workers.settings import Settings

_settings = read_settings(Settings)
take_over()
#: what arq itself gets to end, after the drains
_GRACE_SECONDS = 2.0


def _arq_redis(urls: str) -> RedisSettings:
    """arq's connection, to the control server. arq without retries of its own ends when Redis is away, or full."""
    place = redis_url.places(urls)[0]
    options = place.options
    return RedisSettings(
        host=list(place.hosts) or options.get("host", "127.0.0.1"),
        port=options.get("port", 6379),
        unix_socket_path=options.get("path"),
        username=options.get("username"),
        password=options.get("password"),
        database=options.get("db", 0),
        ssl=place.url.startswith("rediss:"),
        ssl_check_hostname=True,
        sentinel=bool(place.service),
        sentinel_master=place.service,
        conn_retries=1_000_000,
        **_patience(),
    )


def _patience() -> dict[str, Any]:
    """How a connection of arq outlives what it does not expect."""
    return {
        "retry_on_timeout": True,
        "retry_on_error": [ConnectionError, TimeoutError, BusyLoadingError, OutOfMemoryError, OSError],
        "retry": Retry(ExponentialBackoff(cap=1), 1_000_000),
    }


async def _outlive_outages(redis: Any) -> None:
    """Retry connecting as a whole. redis-py retries the TCP connect alone; a cut during AUTH would end the process."""
    if WorkerSettings.redis_settings.sentinel:  # arq's own pool gives up at once, and asks no sentinel for long
        await redis.connection_pool.disconnect()
        redis.connection_pool = routing.control(_settings.redis_url, None).connection_pool
        redis.connection_pool.connection_kwargs |= _patience()
    pool = redis.connection_pool
    once = pool.connection_class.connect

    async def connect(self: Any) -> None:
        # one try at an address each time: behind Sentinel the next one may be at another
        patient, self.retry = self.retry, Retry(NoBackoff(), 0)
        try:
            await patient.call_with_retry(lambda: once(self), lambda _error: self.disconnect())
        finally:
            self.retry = patient

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
    tracing.set_up(_settings.traces_url, "headrace-worker", telemetry.SPANS)
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
    await asyncio.to_thread(tracing.close)


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
