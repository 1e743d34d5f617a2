"""Settings of the front door, read whole from the environment at start."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field

from ingest_api.confidential import Confidential, RedisUrl
from ingest_api.durability import Level
from ingest_api.traces.tracing import TracesUrl


def _networks(text: str) -> str:
    for one in text.replace(",", " ").split():
        ipaddress.ip_network(one)
    return text


class Settings(Confidential):
    """Each field is an environment variable: HEADRACE_ and the field's name in capitals."""

    redis_url: RedisUrl = Field(
        default="redis://127.0.0.1:6379/0",
        repr=False,
        description="where Redis is; several, with spaces between, share the shards",
    )
    ingest_host: str = Field(default="127.0.0.1", description="address the front door listens on")
    ingest_port: int = Field(default=8080, ge=0, le=65535, description="port the front door listens on")
    metrics_host: str = Field(default="127.0.0.1", description="address on which Prometheus metrics are offered")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="port for Prometheus metrics; 0 turns it off")
    traces_url: TracesUrl = Field(default="", description="OTLP/HTTP collector that takes spans; empty: no traces")
    traces_sample: float = Field(default=0.01, ge=0, le=1, description="share of requests that are traced, by chance")
    traces_per_second: int = Field(
        default=10, ge=0, description="requests a second traced besides, because their own trace is sampled"
    )
    shards: int = Field(
        default=2,
        ge=1,
        le=256,
        description="number of shards of a new installation; `headrace shards raise` makes more",
    )
    window_seconds: int = Field(
        default=86_400, ge=60, description="how long idempotency keys are remembered, fixed at install"
    )
    durability: Level = Field(
        default=Level.DISK, description="what an acknowledged event outlives: os, disk or replica; kept at install"
    )
    demo_keys: bool = Field(default=False, description="accept the fixed tokens of the local demo; never in production")
    max_body_bytes: int = Field(default=5 * 1024 * 1024, ge=1024, description="largest request body, unpacked")
    max_event_bytes: int = Field(default=256 * 1024, ge=256, description="largest single event")
    max_batch_events: int = Field(default=10_000, ge=1, le=60_000, description="most events in one request")
    max_pending_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="events waiting for Redis in one process before it answers 503"
    )
    shed_memory_percent: int = Field(
        default=80, ge=0, le=95, description="of Redis's maxmemory: from here on events are shed; 0: never for memory"
    )
    shed_lag_seconds: float = Field(
        default=0.0, ge=0, description="the workers this far behind: from here on events are shed; 0: never for lag"
    )
    max_ratio: int = Field(default=100, ge=1, description="a packed body may unpack to this many times its size")
    max_connections: int = Field(default=10_000, ge=1, description="connections to one process; more are answered 503")
    header_timeout_seconds: float = Field(default=10.0, gt=0, description="time a client has for a request's headers")
    body_timeout_seconds: float = Field(default=10.0, gt=0, description="time a client has for sending its body")
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        default="", description="networks of proxies whose X-Forwarded-For is believed, with commas or spaces between"
    )
    keepalive_seconds: float = Field(default=75.0, gt=0, description="idle connections are closed after this")
    shutdown_seconds: float = Field(default=4.0, gt=0, description="requests in flight get this long after SIGTERM")
    past_days: int = Field(
        default=36_500, ge=1, description="events that occurred longer ago are refused, whatever the dialect"
    )
    recent_days: int = Field(default=30, ge=1, description="the same for dialects that take recent events only: pulse")
    future_hours: int = Field(default=24, ge=0, description="events dated further ahead are refused")
    max_name_chars: int = Field(default=255, ge=16, le=1024, description="longest event name")
    max_key_chars: int = Field(default=255, ge=36, le=1024, description="longest idempotency key")
    max_id_chars: int = Field(default=512, ge=36, le=4096, description="longest user, client, session or request id")
    max_text_chars: int = Field(default=8192, ge=256, description="longest url, title, referrer and the like")
    max_depth: int = Field(default=32, ge=1, le=100, description="deepest nesting of properties")
    max_property_key_chars: int = Field(default=256, ge=16, description="longest name of a property")
    max_property_text_chars: int = Field(default=65_536, ge=256, description="longest text inside properties")
