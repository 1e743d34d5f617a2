"""Settings of a worker, read whole from the environment at start."""

from typing import Annotated

from pydantic import AfterValidator, Field

from ingest_api.confidential import Confidential, RedisUrl
from ingest_api.traces.tracing import TracesUrl
from workers.alerts.reach import Reach
from workers.clickhouse import cluster
from workers.clickhouse.address import ClickHouseUrl


def _networks(text: str) -> str:
    Reach.parse(text)
    return text


class Settings(Confidential):
    """Each field is an environment variable: HEADRACE_ and the field's name in capitals."""

    redis_url: RedisUrl = Field(
        default="redis://127.0.0.1:6379/0",
        repr=False,
        description="where Redis is; several, with spaces between, share the shards",
    )
    clickhouse_cluster: cluster.Name = Field(
        default="", description="name of the cluster that ClickHouse is one of; empty: it is one server"
    )
    clickhouse_url: ClickHouseUrl = Field(
        default="http://default@127.0.0.1:8123/?database=headrace",
        repr=False,
        validate_default=True,
        description="where the events go",
    )
    metrics_host: str = Field(default="127.0.0.1", description="address on which Prometheus metrics are offered")
    worker_metrics_port: int = Field(
        default=0, ge=0, le=65535, description="port for the worker's Prometheus metrics; 0 turns it off"
    )
    traces_url: TracesUrl = Field(default="", description="OTLP/HTTP collector that takes spans; empty: no traces")
    batch_events: int = Field(default=20_000, ge=1, le=500_000, description="events that make a batch at once")
    batch_bytes: int = Field(default=32 * 1024 * 1024, ge=1024, description="unpacked bytes that make a batch at once")
    linger_ms: int = Field(default=250, ge=0, le=60_000, description="the oldest event waits this long for company")
    linger_most_ms: int = Field(
        default=1000,
        ge=0,
        le=60_000,
        description="and up to this long, the busier the drain is: see docs/performance.md",
    )
    lease_seconds: float = Field(default=6.0, gt=1, description="a dead worker's shards are free after this")
    insert_timeout_seconds: float = Field(default=30.0, gt=0, description="an insert that takes longer is sent again")
    stop_seconds: float = Field(default=3.0, gt=0, description="a stopping worker gives its batches this long")
    breaker_events: int = Field(default=100, ge=0, description="rejected events of one batch that never halt a shard")
    breaker_percent: int = Field(default=20, ge=0, le=100, description="share of a batch that may be rejected, percent")
    breaker_run: int = Field(default=1000, ge=0, description="events rejected in a row before a shard is halted")
    breaker_retry_seconds: float = Field(default=30.0, gt=0, description="a halted shard looks again after this")
    isolate_after: int = Field(
        default=3, ge=2, description="a batch handed out so often is prepared in a child process first"
    )
    isolate_bytes: int = Field(default=1024**3, ge=64 * 1024 * 1024, description="most memory of that child process")
    keep_minutes: int = Field(default=30, ge=0, description="committed frames stay in Redis this long, for replay")
    archive: str = Field(
        default="", description="what is committed is kept here too: a folder or s3://bucket/prefix; empty: nowhere"
    )
    geo_database: str = Field(
        default="", description="place databases in MaxMind's format, with `:` between; empty: countries alone"
    )
    keep_percent: int = Field(
        default=70, ge=0, le=100, description="of Redis's maxmemory: above this, committed frames stay for less long"
    )
    stuck_seconds: float = Field(
        default=90.0, gt=0, description="a shard that has not moved for so long, and waits for no store, is stuck"
    )
    rollup_minutes: int = Field(
        default=10, ge=1, description="minutes after its end an hour is rolled up; the least between twice of the same"
    )
    webhook_allow: Annotated[str, AfterValidator(_networks)] = Field(
        default="", description="networks that alerts' webhooks may reach although they are not public, by http too"
    )
    mail: str = Field(
        default="",
        repr=False,
        pattern=r"^(mailtos?://.+)?$",
        description="mail server of alerts: mailtos://user:password@host?from=alerts@shop.example; empty: no mail",
    )
