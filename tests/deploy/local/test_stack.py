"""The table of parts."""

from pathlib import Path

from deploy.local import stack
from deploy.local.home import Home, Secrets
from deploy.local.part import Spec
from deploy.local.settings import Settings

_PORTS = {"redis": 1, "clickhouse": 2, "ingest_api": 3, "queries": 4, "origin": 5, "psql": 6}
_SECRETS = Secrets("redis-secret", "clickhouse-secret")


def specs(*, ingest_processes: int = 1, workers: int = 1) -> list[Spec]:
    """The table on these ports."""
    settings = Settings(ingest_processes=ingest_processes, workers=workers)
    return stack.specs(Home(Path("/home")), settings, _PORTS, _SECRETS)


def test_stores_come_first_then_the_schema_then_the_services() -> None:
    names = [spec.name for spec in specs()]
    assert names == ["redis", "clickhouse", "migrate", "ingest_api", "worker", "queries", "origin"]
    assert [spec.name for spec in specs() if spec.store] == ["redis", "clickhouse"]
    assert [spec.name for spec in specs() if spec.probe is None] == ["migrate"]


def test_several_front_doors_share_a_port_and_several_workers_need_none() -> None:
    made = specs(ingest_processes=2, workers=3)
    assert [(spec.label, spec.port) for spec in made if spec.name in {"ingest_api", "worker"}] == [
        ("ingest_api", 3),
        ("ingest_api-2", 3),
        ("worker", None),
        ("worker-2", None),
        ("worker-3", None),
    ]


def test_no_password_stands_on_a_command_line() -> None:
    words = [word for spec in specs() for word in spec.command]
    assert not [word for word in words if "secret" in word]


def test_services_are_told_where_the_stores_are_and_accept_the_demo_tokens() -> None:
    by_name = {spec.name: spec.env for spec in specs()}
    redis, clickhouse = "redis://:redis-secret@127.0.0.1:1/0", "http://headrace:clickhouse-secret@127.0.0.1:2/"
    for name in ("ingest_api", "worker", "queries"):
        assert by_name[name]["HEADRACE_REDIS_URL"] == redis
    for name in ("migrate", "worker", "queries"):
        assert by_name[name]["HEADRACE_CLICKHOUSE_URL"] == clickhouse + "?database=headrace"
    assert by_name["ingest_api"]["HEADRACE_INGEST_PORT"] == "3"
    assert by_name["queries"]["HEADRACE_QUERY_PORT"] == "4"
    assert by_name["queries"]["HEADRACE_PSQL_PORT"] == "6"
    assert by_name["ingest_api"]["HEADRACE_DEMO_KEYS"] == by_name["queries"]["HEADRACE_DEMO_KEYS"] == "1"
