"""Settings of the local stack, read whole from the environment at start."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is an environment variable: HEADRACE_LOCAL_ and the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="HEADRACE_LOCAL_", frozen=True, extra="ignore")

    port: int = Field(8000, ge=0, le=65535, description="port of the one origin in front of all services; 0: any")
    ingest_port: int = Field(8080, ge=0, le=65535, description="port of the front door; 0: any")
    query_port: int = Field(8090, ge=0, le=65535, description="port of the query service; 0: any")
    psql_port: int = Field(5433, ge=0, le=65535, description="port of the query service's PSQL wire; 0: any")
    redis_port: int = Field(6390, ge=0, le=65535, description="port of Valkey; 0: any")
    clickhouse_port: int = Field(8124, ge=0, le=65535, description="port of ClickHouse's HTTP interface; 0: any")
    strict_ports: bool = Field(False, description="a taken port is an error, not a reason to use another one")
    ingest_processes: int = Field(1, ge=1, le=64, description="front door processes, all on one port")
    workers: int = Field(1, ge=1, le=64, description="worker processes")
    redis_maxmemory: str = Field("1gb", pattern=r"^\d+([kmg]b?)?$", description="most memory that Valkey may use")
    start_seconds: float = Field(30.0, gt=0, description="a part that is not ready after this fails the start")
    demo_events: int = Field(2_000, ge=0, le=1_000_000, description="events that `run` sends as demo traffic")

    @property
    def ports(self) -> dict[str, int]:
        """The wanted port of each part that listens; 0 for any."""
        return {
            "redis": self.redis_port,
            "clickhouse": self.clickhouse_port,
            "ingest_api": self.ingest_port,
            "queries": self.query_port,
            "psql": self.psql_port,
            "origin": self.port,
        }


def variable(field: str) -> str:
    """The environment variable of a field."""
    return f"HEADRACE_LOCAL_{field.upper()}"
