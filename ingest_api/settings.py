"""Settings of the front door, read whole from the environment at start."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is an environment variable: HEADRACE_ and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_", frozen=True, extra="ignore")

    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="where the streams are")
    ingest_host: str = Field(default="127.0.0.1", description="address the front door listens on")
    ingest_port: int = Field(default=8080, ge=0, le=65535, description="port the front door listens on")
    metrics_port: int = Field(default=0, ge=0, le=65535, description="port for Prometheus on loopback; 0 turns it off")
    shards: int = Field(default=4, ge=1, le=256, description="number of shards, fixed at install")
    window_seconds: int = Field(
        default=86_400, ge=60, description="how long idempotency keys are remembered, fixed at install"
    )
    demo_keys: bool = Field(default=False, description="accept the fixed tokens of the local demo; never in production")
    max_body_bytes: int = Field(default=5 * 1024 * 1024, ge=1024, description="largest request body, unpacked")
    max_event_bytes: int = Field(default=256 * 1024, ge=256, description="largest single event")
    max_batch_events: int = Field(default=10_000, ge=1, le=60_000, description="most events in one request")
    max_pending_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="events waiting for Redis in one process before it answers 503"
    )
    body_timeout_seconds: float = Field(default=10.0, gt=0, description="time a client has for sending its body")
    keepalive_seconds: float = Field(default=75.0, gt=0, description="idle connections are closed after this")
    shutdown_seconds: float = Field(default=4.0, gt=0, description="requests in flight get this long after SIGTERM")
    past_days: int = Field(
        default=36_500, ge=1, description="events that occurred longer ago are refused by /v1/events"
    )
    future_hours: int = Field(default=24, ge=0, description="events dated further ahead are refused")
