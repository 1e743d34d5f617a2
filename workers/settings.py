"""Settings of a worker, read whole from the environment at start."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is an environment variable: HEADRACE_ and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_", frozen=True, extra="ignore")

    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="where the streams are")
    clickhouse_url: str = Field(
        default="http://default@127.0.0.1:8123/?database=headrace", description="where the events go"
    )
    worker_metrics_port: int = Field(
        default=0, ge=0, le=65535, description="port for the worker's Prometheus metrics on loopback; 0 turns it off"
    )
    batch_events: int = Field(default=10_000, ge=1, le=500_000, description="events that make a batch at once")
    batch_bytes: int = Field(default=32 * 1024 * 1024, ge=1024, description="unpacked bytes that make a batch at once")
    linger_ms: int = Field(default=250, ge=0, le=60_000, description="the oldest event waits this long for company")
    lease_seconds: float = Field(default=6.0, gt=1, description="a dead worker's shards are free after this")
    insert_timeout_seconds: float = Field(default=30.0, gt=0, description="an insert that takes longer is sent again")
    stop_seconds: float = Field(default=3.0, gt=0, description="a stopping worker gives its batches this long")
    keep_minutes: int = Field(default=30, ge=0, description="committed frames stay in Redis this long, for replay")
