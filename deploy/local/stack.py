"""Which parts make the stack, in which order, and with which environment."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local import ready, stores
from deploy.local.home import Home, Secrets
from deploy.local.part import Spec
from deploy.local.ports import HOST
from deploy.local.settings import Settings

#: the stack stops within five seconds, so a request in flight cannot have longer
_SHUTDOWN_SECONDS = "2"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where everything is reached."""

    origin: str
    ingest: str
    query: str
    #: without a user and a key
    psql: str
    redis: str
    clickhouse: str


def urls(ports: Mapping[str, int], secrets: Secrets) -> Urls:
    """The URLs of a stack on these ports."""
    return Urls(
        origin=f"http://{HOST}:{ports['origin']}",
        ingest=f"http://{HOST}:{ports['ingest_api']}",
        query=f"http://{HOST}:{ports['queries']}",
        psql=f"postgresql://{HOST}:{ports['psql']}/events",
        redis=stores.redis_url(ports["redis"], secrets),
        clickhouse=stores.clickhouse_url(ports["clickhouse"], secrets),
    )


def specs(home: Home, settings: Settings, ports: Mapping[str, int], secrets: Secrets) -> list[Spec]:
    """The parts in the order of their start."""
    return [*_stores(home, ports, secrets), *_services(settings, ports, urls(ports, secrets))]


def _stores(home: Home, ports: Mapping[str, int], secrets: Secrets) -> list[Spec]:
    redis_port, clickhouse_port = ports["redis"], ports["clickhouse"]
    base, password = stores.clickhouse_base(clickhouse_port), secrets.clickhouse_password
    return [
        Spec(
            "redis",
            stores.redis_command(home),
            ready.redis(stores.redis_url(redis_port, secrets)),
            env=stores.REDIS_ENV,
            port=redis_port,
            store=True,
        ),
        Spec(
            "clickhouse",
            stores.clickhouse_command(home, clickhouse_port),
            ready.clickhouse(base, stores.CLICKHOUSE_USER, password),
            env=stores.clickhouse_env(secrets),
            port=clickhouse_port,
            store=True,
        ),
    ]


def _services(settings: Settings, ports: Mapping[str, int], at: Urls) -> list[Spec]:
    # no file of whoever starts the stack has a say in where its own stores are
    redis = {"HEADRACE_REDIS_URL": at.redis, "HEADRACE_REDIS_URL_FILE": ""}
    clickhouse = {"HEADRACE_CLICKHOUSE_URL": at.clickhouse, "HEADRACE_CLICKHOUSE_URL_FILE": ""}
    demo = {"HEADRACE_DEMO_KEYS": "1", "HEADRACE_SHUTDOWN_SECONDS": _SHUTDOWN_SECONDS}
    ingest_port, query_port = ports["ingest_api"], ports["queries"]
    ingest = {"HEADRACE_INGEST_HOST": HOST, "HEADRACE_INGEST_PORT": str(ingest_port)}
    query = {"HEADRACE_QUERY_HOST": HOST, "HEADRACE_QUERY_PORT": str(query_port)}
    psql = {"HEADRACE_PSQL_PORT": str(ports["psql"])}
    return [
        Spec("migrate", _python("workers.migrate", "apply"), None, env=redis | clickhouse),
        *(
            Spec(
                "ingest_api",
                _python("ingest_api"),
                ready.http(f"{at.ingest}/readyz", ingest_port),
                env=redis | ingest | demo,
                port=ingest_port,
                number=number,
            )
            for number in range(1, settings.ingest_processes + 1)
        ),
        *(
            Spec(
                "worker",
                _python("arq", "workers.worker.WorkerSettings"),
                ready.worker(at.redis),
                env=redis | clickhouse,
                number=number,
            )
            for number in range(1, settings.workers + 1)
        ),
        Spec(
            "queries",
            _python("queries"),
            ready.http(f"{at.query}/readyz", query_port),
            env=redis | clickhouse | query | psql | demo,
            port=query_port,
        ),
        Spec(
            "origin",
            _python("deploy.local.origin", "--port", str(ports["origin"]), "--ingest", at.ingest, "--query", at.query),
            ready.http(f"{at.origin}/healthz", ports["origin"]),
            port=ports["origin"],
        ),
    ]


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
