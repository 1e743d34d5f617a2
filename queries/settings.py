"""Settings of the query service, read whole from the environment at start."""

from pydantic import Field

from ingest_api.confidential import Confidential, RedisUrl
from ingest_api.traces.tracing import TracesUrl
from workers.clickhouse import cluster
from workers.clickhouse.address import ClickHouseUrl, MaybeClickHouseUrl


class Settings(Confidential):
    """Each field is an environment variable: HEADRACE_ and the field's name in capitals."""

    redis_url: RedisUrl = Field(
        default="redis://127.0.0.1:6379/0", repr=False, description="where Redis is, the same as for the front door"
    )
    clickhouse_cluster: cluster.Name = Field(
        default="", description="name of the cluster that ClickHouse is one of; empty: it is one server"
    )
    clickhouse_url: ClickHouseUrl = Field(
        default="http://default@127.0.0.1:8123/?database=headrace",
        repr=False,
        validate_default=True,
        description="where the events are",
    )
    sql_clickhouse_url: MaybeClickHouseUrl = Field(
        default="",
        repr=False,
        description="the same for SQL of analysts, by the account of deploy/clickhouse; empty: no other account",
    )
    query_host: str = Field(default="127.0.0.1", description="address the query service listens on")
    query_port: int = Field(default=8090, ge=0, le=65535, description="port the query service listens on")
    metrics_host: str = Field(default="127.0.0.1", description="address on which Prometheus metrics are offered")
    query_metrics_port: int = Field(
        default=0, ge=0, le=65535, description="port for the query service's Prometheus metrics; 0: off"
    )
    traces_url: TracesUrl = Field(default="", description="OTLP/HTTP collector that takes spans; empty: no traces")
    traces_sample: float = Field(default=0.01, ge=0, le=1, description="share of requests that are traced, by chance")
    traces_per_second: int = Field(
        default=10, ge=0, description="requests a second traced besides, because their own trace is sampled"
    )
    query_timeout_seconds: float = Field(default=10.0, gt=0, description="a question that takes longer is ended")
    query_places: int = Field(default=8, ge=1, description="questions that run at a time; a project takes half at most")
    live_readers: int = Field(default=500, ge=1, description="live tails at a time in one process")
    live_project_readers: int = Field(default=100, ge=1, description="live tails of one project in one process")
    live_buffer_bytes: int = Field(
        default=1024 * 1024, ge=1024, description="a live tail that has so much to take, and does not, is dropped"
    )
    live_patience_seconds: float = Field(
        default=10.0, gt=0, description="a live tail that takes nothing for so long is cut"
    )
    live_heartbeat_seconds: float = Field(default=15.0, gt=0, description="a live tail without news hears so often")
    session_seconds: int = Field(default=43_200, ge=1, description="a browser that signed in stays so for this long")
    psql_port: int = Field(default=0, ge=0, le=65535, description="port of the PSQL wire; 0: off")
    psql_tls_cert: str = Field(default="", description="certificate of the PSQL wire, PEM; empty: no TLS")
    psql_tls_key: str = Field(default="", description="its private key, PEM; empty: in the same file")
    psql_plain: bool = Field(default=False, description="take keys without TLS from other machines, too")
    psql_connections: int = Field(default=100, ge=1, description="PSQL clients at a time; a project takes half at most")
    psql_idle_seconds: float = Field(
        default=600.0, gt=0, description="a PSQL client that asks nothing for so long is cut"
    )
    demo_keys: bool = Field(default=False, description="accept the fixed tokens of the local demo; never in production")
    shutdown_seconds: float = Field(default=4.0, gt=0, description="requests in flight get this long after SIGTERM")
