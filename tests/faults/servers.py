"""The two stores of a stage: a Redis with a configuration of its own, and a ClickHouse for many stages."""

from pathlib import Path

from deploy.local import ready
from deploy.local import stores as local
from deploy.local.home import Home, Secrets
from deploy.local.ports import HOST, free_port
from tests.faults.actor import Actor

_SECRETS = Secrets(redis_password="redis-of-the-faults", clickhouse_password="clickhouse-of-the-faults")


def redis_url(port: int) -> str:
    """Where a Redis of these is, or the proxy in front of it."""
    return local.redis_url(port, _SECRETS)


def redis_server(name: str, folder: Path, port: int, *, conf: str = "", follows: int = 0) -> Actor:
    """As durable as in production unless `conf` says otherwise; a replica of the port that it follows."""
    home = Home(folder / name)
    home.make()
    local.write_redis_conf(home, port, _SECRETS, "256mb")
    with (home.redis / "valkey.conf").open("a") as file:
        file.write(conf)
    command = (*local.redis_command(home), *(following(follows) if follows else ()))
    return Actor(name, command, ready.redis(redis_url(port)), folder / f"{name}.log", local.REDIS_ENV)


def following(port: int) -> tuple[str, ...]:
    """What makes a Redis a replica of the one on this port."""
    return ("--replicaof", HOST, str(port), "--masterauth", _SECRETS.redis_password)


class Warehouse:
    """One ClickHouse engine for many stages; each has a database of its own."""

    def __init__(self, folder: Path) -> None:
        home, self.port = Home(folder), free_port()
        home.make()
        base = local.clickhouse_base(self.port)
        probe = ready.clickhouse(base, local.CLICKHOUSE_USER, _SECRETS.clickhouse_password)
        command = local.clickhouse_command(home, self.port)
        self.actor = Actor("clickhouse", command, probe, folder / "clickhouse.log", local.clickhouse_env(_SECRETS))

    def url(self, database: str, port: int = 0) -> str:
        """Where one database is, through a proxy when its port is given."""
        return local.clickhouse_url(port or self.port, _SECRETS).replace(f"={local.DATABASE}", f"={database}")
