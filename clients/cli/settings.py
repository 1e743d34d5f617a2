"""Where the services are and which keys open them: options, then the environment, then the local stack's demo.env."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict, SettingsError
from yarl import URL

from clients.cli.errors import WrongUsage
from ingest_api.confidential import Confidential
from ingest_api.servers import redis_url
from workers.clickhouse import address

DEMO_ENV = Path(".headrace/demo.env")


class Settings(Confidential):
    """Each field is an environment variable: HEADRACE_ and the field's name in capitals. Empty means not set."""

    model_config = SettingsConfigDict(env_file=DEMO_ENV, env_ignore_empty=True, str_strip_whitespace=True)

    url: str = Field("", description="address of the service, when one address serves everything")
    ingest_url: str = Field("", description="address of the front door, when it has its own")
    query_url: str = Field("", description="address of the query service, when it has its own")
    write_key: str = Field("", repr=False, description="key for sending events")
    query_key: str = Field("", repr=False, description="key for reading events and stats")
    admin_key: str = Field("", repr=False, description="key for rejected, and for managing projects over HTTP")
    delete_key: str = Field("", repr=False, description="key for changing what is stored of people")
    site_id: str = Field("", description="site whose stats are asked for")
    redis_url: str = Field("", repr=False, description="Redis, for project, key, doctor, replay, backup and restore")
    clickhouse_cluster: str = Field("", description="the cluster that ClickHouse is one of")
    clickhouse_url: Annotated[str, AfterValidator(address.placed)] = Field(
        "", repr=False, validate_default=True, description="ClickHouse, for doctor, replay, backup and restore"
    )
    archive: str = Field("", description="the archive of the workers, for replay and restore")
    geo_database: str = Field("", description="the place databases of the workers, for replay")

    @property
    def front_door(self) -> str:
        """Address of the front door, without a slash at the end. Raises `WrongUsage` when none is known."""
        return _address("HEADRACE_INGEST_URL" if self.ingest_url else "HEADRACE_URL", self.ingest_url or self.url)

    @property
    def queries(self) -> str:
        """Address of the query service, without a slash at the end. Raises `WrongUsage` when none is known."""
        return _address("HEADRACE_QUERY_URL" if self.query_url else "HEADRACE_URL", self.query_url or self.url)

    def need(self, field: str, how: str) -> str:
        """The value of a field. Raises `WrongUsage` when it is empty, telling how to get one."""
        value: str = getattr(self, field)
        if not value:
            raise WrongUsage(f"HEADRACE_{field.upper()} is not set, and {DEMO_ENV} does not give it. {how}")
        return value


def load(*, url: str | None = None, key: str | None = None) -> Settings:
    """Settings of this run. `url` and `key` are the options of the command line and win over everything."""
    try:
        stated, found = Settings(_env_file=None), Settings()
    except SettingsError as error:
        raise WrongUsage(str(error)) from error
    changes: dict[str, str] = {}
    if stated.url:  # demo.env must not send one half of somebody's requests elsewhere
        changes |= {"ingest_url": stated.ingest_url, "query_url": stated.query_url}
    if url:
        changes |= {"url": url, "ingest_url": "", "query_url": ""}
    if key:
        changes |= dict.fromkeys(("write_key", "query_key", "admin_key", "delete_key"), key.strip())
    return found.model_copy(update=changes)


def without_password(url: str) -> str:
    """An address fit for a message; of Redis there may be several, with spaces between."""
    try:
        shown = " ".join(redis_url.shown(one) or str(URL(one).with_user(None)) for one in url.split())
    except ValueError:
        shown = "@"
    return "(an address that cannot be read)" if "@" in shown else shown  # half of a password may stand before it


def _address(name: str, value: str) -> str:
    if not value:
        raise WrongUsage(
            f"No address is known: set HEADRACE_URL or pass --url. For a try-out, `make up` starts a local stack "
            f"and writes {DEMO_ENV}, which is read from the current folder."
        )
    try:
        address = URL(value)
        usable = address.scheme in {"http", "https"} and bool(address.host)
    except ValueError:
        usable = False
    if not usable:
        raise WrongUsage(f"The address {value!r} ({name} or --url) cannot be used: write it as http://host:port.")
    return value.rstrip("/")
