"""Where ClickHouse is: `http://user:password@host:port/?database=name` -> what clickhouse-connect wants to hear.

`&cluster=name` tells the cluster of which that server is one; settings of processes take it from a variable of its own.
"""

from typing import Annotated, NotRequired, TypedDict
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from pydantic import AfterValidator, ValidationInfo

from workers.clickhouse import cluster

_SHAPE = (
    "must look like http://user:password@host:8123/?database=headrace; "
    "write @ : / ? # inside a password as %40 %3A %2F %3F %23"
)


class Address(TypedDict):
    """Arguments of `clickhouse_connect.get_client` and `get_async_client`."""

    interface: str
    host: str
    port: int
    username: str
    password: str
    database: str
    #: of every statement; on a cluster alone
    settings: NotRequired[dict[str, str | int]]


def address(url: str) -> Address:
    """Read the URL. Raises `ValueError` with what is wrong; the URL itself, which holds a password, is not shown."""
    parts = _parts(url)
    if parts is None:
        raise ValueError(f"HEADRACE_CLICKHOUSE_URL {_SHAPE}")
    fields = parse_qs(parts.query)
    found = Address(
        interface=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or (8443 if parts.scheme == "https" else 8123),
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=fields.get("database", ["default"])[0],
    )
    if name := fields.get("cluster", [""])[0]:
        found["settings"] = cluster.session(cluster.checked(name))
    return found


def traced(where: Address) -> dict[str, str | int]:
    """What a span of a call tells of it: no user, no password."""
    return {
        "db.system.name": "clickhouse",
        "db.namespace": where["database"],
        "server.address": where["host"],
        "server.port": where["port"],
    }


def checked(url: str) -> str:
    """The URL of a setting. Raises `ValueError` with what it must look like."""
    if _parts(url) is None:
        raise ValueError(_SHAPE)
    return url


def placed(url: str, info: ValidationInfo) -> str:
    """The URL of a setting, if any, with the cluster that the setting `clickhouse_cluster` before it names, if any."""
    name = "" if "cluster" in parse_qs(url.partition("?")[2]) else str(info.data.get("clickhouse_cluster", ""))
    return f"{url}{'&' if '?' in url else '?'}cluster={quote(name)}" if name and url else url


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # it quotes what may be half of a password
        return None
    stray = parts.fragment or "@" in parts.path + parts.query
    return parts if usable and not stray else None


#: a setting that says where ClickHouse is; the URL may hold a password
ClickHouseUrl = Annotated[str, AfterValidator(checked), AfterValidator(placed)]
#: the same where it may be empty
MaybeClickHouseUrl = Annotated[str, AfterValidator(lambda url: url and checked(url)), AfterValidator(placed)]
