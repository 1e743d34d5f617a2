"""Settings of the query service, read whole from the environment at start."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is an environment variable: HEADRACE_ and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_", frozen=True, extra="ignore")

    redis_url: str = Field(default="redis://127.0.0.1:6379/0", description="where keys and the drain's progress are")
    clickhouse_url: str = Field(
        default="http://default@127.0.0.1:8123/?database=headrace", description="where the events are"
    )
    query_host: str = Field(default="127.0.0.1", description="address the query service listens on")
    query_port: int = Field(default=8090, ge=0, le=65535, description="port the query service listens on")
    query_metrics_port: int = Field(
        default=0, ge=0, le=65535, description="port for the query service's Prometheus metrics on loopback; 0: off"
    )
    query_timeout_seconds: float = Field(default=10.0, gt=0, description="a question that takes longer is ended")
    query_places: int = Field(default=8, ge=1, description="questions that run at a time; a project takes half at most")
    demo_keys: bool = Field(default=False, description="accept the fixed tokens of the local demo; never in production")
    shutdown_seconds: float = Field(default=4.0, gt=0, description="requests in flight get this long after SIGTERM")
