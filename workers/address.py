"""Where ClickHouse is: `http://user:password@host:port/?database=name` -> what clickhouse-connect wants to hear."""

from typing import TypedDict
from urllib.parse import parse_qs, unquote, urlsplit


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
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("HEADRACE_CLICKHOUSE_URL must look like http://user:password@host:8123/?database=headrace")
    return Address(
        interface=parts.scheme,
        host=parts.hostname,
        port=parts.port or (8443 if parts.scheme == "https" else 8123),
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=parse_qs(parts.query).get("database", ["default"])[0],
    )
