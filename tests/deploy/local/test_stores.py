"""The stores' configuration."""

from deploy.local import stores
from deploy.local.home import Home, Secrets

_SECRETS = Secrets("redis-secret", "clickhouse-secret")


def test_valkey_keeps_every_acknowledged_write_and_its_password_private(home: Home) -> None:
    stores.write_redis_conf(home, 6390, _SECRETS, "1gb")
    conf = home.redis / "valkey.conf"
    assert conf.stat().st_mode & 0o777 == 0o600
    lines = conf.read_text().splitlines()
    for line in (
        "bind 127.0.0.1",
        "port 6390",
        "requirepass redis-secret",
        "appendonly yes",
        "appendfsync always",
        "maxmemory 1gb",
        "maxmemory-policy noeviction",
        "daemonize no",
    ):
        assert line in lines
    assert stores.redis_command(home)[1] == str(conf)


def test_valkey_keeps_pieces_of_memory_at_hand() -> None:
    assert "glibc.malloc.tcache_count" in stores.REDIS_ENV["GLIBC_TUNABLES"]


def test_urls_carry_the_credentials() -> None:
    assert stores.redis_url(6390, _SECRETS) == "redis://:redis-secret@127.0.0.1:6390/0"
    url = stores.clickhouse_url(8124, _SECRETS)
    assert url == "http://headrace:clickhouse-secret@127.0.0.1:8124/?database=headrace"


def test_the_engine_reads_its_password_from_the_environment(home: Home) -> None:
    assert stores.clickhouse_env(_SECRETS)["HEADRACE_CLICKHOUSE_PASSWORD"] == "clickhouse-secret"
    assert "clickhouse-secret" not in stores.clickhouse_command(home, 8124)
