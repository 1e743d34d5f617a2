"""Where ClickHouse is: `http://user:password@host:port/?database=name` -> what clickhouse-connect wants to hear."""

from typing import TypedDict
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

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


def address(url: str) -> Address:
    """Read the URL. Raises `ValueError` with what is wrong; the URL itself, which holds a password, is not shown."""
    parts = _parts(url)
    if parts is None:
        raise ValueError(f"HEADRACE_CLICKHOUSE_URL {_SHAPE}")
    return Address(
        interface=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or (8443 if parts.scheme == "https" else 8123),
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=parse_qs(parts.query).get("database", ["default"])[0],
    )


def checked(url: str) -> str:
    """The URL of a setting. Raises `ValueError` with what it must look like."""
    if _parts(url) is None:
        raise ValueError(_SHAPE)
    return url


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # it quotes what may be half of a password
        return None
    stray = parts.fragment or "@" in parts.path + parts.query
    return parts if usable and not stray else None
