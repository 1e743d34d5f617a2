"""Who may import what: the doors between packages, the rims of the frameworks, and no cycle."""

import ast
import subprocess
import sys
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest

from tests.house import tree

#: (importer, owner) -> modules of the owner that the importer may know; opening a door is a visible change here
DOORS: dict[tuple[str, str], set[str]] = {
    ("workers", "ingest_api"): {
        *("confidential", "durability", "event", "fault", "frame", "halt", "ledger", "memory", "moment", "process"),
        *("progress", "rate", "runs", "stream", "zstd"),
        *(f"alerts.{name}" for name in ("alert", "notice", "outbox")),
        *(f"projects.{name}" for name in ("backup", "erasures", "project", "projects", "records", "saved")),
        *(f"projects.{name}" for name in ("schema", "schemas", "secret", "shelf", "tombstones", "validation")),
        *(f"servers.{name}" for name in ("layout", "redis_url", "routing")),
        *("rules.normalise", "traces.tracing"),
    },
    ("queries", "ingest_api"): {
        *("access", "confidential", "durability", "errors", "event", "frame", "halt", "ledger", "memory", "moment"),
        *("openapi", "process", "progress", "redrive", "stream"),
        *(f"alerts.{name}" for name in ("alert", "notice", "outbox")),
        *(f"projects.{name}" for name in ("erasures", "keys", "project", "projects", "saved", "schema")),
        *(f"projects.{name}" for name in ("schemas", "secret", "shelf", "tombstones", "validation")),
        *(f"servers.{name}" for name in ("layout", "routing")),
        *(f"traces.{name}" for name in ("traced", "tracing")),
        *("http.request_id", "rules.normalise"),
    },
    ("queries", "workers"): {
        *("health", "heartbeat"),
        *(f"clickhouse.{name}" for name in ("address", "cluster")),
        *(f"rollups.{name}" for name in ("rolled", "stretch")),
    },
    ("workers", "queries"): {"figure"},
    ("deploy", "ingest_api"): {"access", "progress", "projects.keys", "projects.projects", "stream", "zstd"},
    ("clients", "ingest_api"): {
        *("confidential", "durability", "log_line", "moment", "progress", "raising", "stream", "zstd"),
        *(f"projects.{name}" for name in ("backup", "keys", "project", "projects")),
        *(f"servers.{name}" for name in ("layout", "redis_url", "routing")),
    },
    ("clients", "workers"): {
        *("audit", "errors", "heartbeat", "migrate"),
        *(f"archives.{name}" for name in ("archive", "replay")),
        *(f"backups.{name}" for name in ("backup", "depot", "restore", "vault")),
        *(f"clickhouse.{name}" for name in ("address", "cluster", "order", "visit")),
        *(f"rollups.{name}" for name in ("rollup", "upkeep")),
        "erasing.erase",
    },
}
#: framework -> the files that may know it
RIMS: dict[str, tuple[str, ...]] = {
    "aiohttp": (
        *(f"ingest_api/{name}.py" for name in ("__main__", "app", "collect", "health", "tracker")),
        *(f"ingest_api/http/{name}.py" for name in ("answer", "client_address", "connection", "options", "request")),
        *(f"queries/{name}.py" for name in ("__main__", "app", "documents/documents", "handler", "web/page")),
        *("deploy/local/*", "clients/cli/service.py", "workers/alerts/webhook.py"),
    ),
    "arq": ("workers/enduring.py", "workers/jobs.py", "workers/worker.py"),
    "apprise": ("workers/alerts/mail.py",),
    "chdb": ("deploy/local/clickhouse/engine.py",),
    "clickhouse_connect": (
        *(f"workers/{name}.py" for name in ("attach", "catalog", "inventory", "ledger", "migrate", "proof")),
        *("workers/retention.py", "workers/sink.py", "queries/store.py"),
        *(f"workers/backups/{name}.py" for name in ("backup", "depot", "restore", "tables")),
        *("workers/clickhouse/order.py", "workers/clickhouse/visit.py"),
        *("workers/erasing/erase.py", "workers/erasing/erase_rows.py"),
        *(f"workers/rollups/{name}.py" for name in ("builder", "numbers", "rollup", "upkeep")),
        *("deploy/local/*", "clients/cli/checkup.py", "clients/cli/checks/clickhouse.py", "clients/cli/rollups.py"),
        "clients/cli/migrate.py",
    ),
    "iptocc": ("workers/places.py",),
    "maxminddb": ("workers/places.py",),
    "obstore": ("workers/archives/archive.py", "workers/backups/vault.py"),
    "opentelemetry": ("ingest_api/traces/otlp.py",),
    "pygwire": ("queries/psql/*.py",),
    "textual": ("clients/cli/top/screen.py",),
    "pydantic_settings": ("*/settings.py", "ingest_api/confidential.py", "ingest_api/process.py"),
}


def crossings() -> set[tuple[str, str, str, str]]:
    """Every import from one package into another: importer, owner, module of the owner, importing file."""
    found, names = set(), {tree.module(path) for path in tree.python()}
    for path in tree.python():
        for name in tree.imports(tree.parse(path)):
            importer, (owner, _, module) = path.parts[0], (_known(name, names) or name).partition(".")
            if owner in (*tree.PACKAGES, "tests") and owner != importer:
                found.add((importer, owner, module, str(path)))
    return found


def outside(uses: dict[str, set[str]]) -> list[str]:
    """Files that import a framework and do not belong to its rim."""
    return [
        f"{path} imports {framework}"
        for path, names in uses.items()
        for framework in RIMS.keys() & names
        if not any(fnmatch(path, pattern) for pattern in RIMS[framework])
    ]


def graph() -> dict[str, set[str]]:
    """Module -> the project's modules it imports."""
    names = {tree.module(path) for path in tree.python()}
    return {
        tree.module(path): {_known(name, names) for name in tree.imports(tree.parse(path))} - {"", tree.module(path)}
        for path in tree.python()
    }


def _known(name: str, names: set[str]) -> str:
    """The module behind an imported name: itself, or where it is defined; empty for a library's."""
    owner = name.rpartition(".")[0]
    return name if name in names else owner if owner in names else ""


def test_packages_meet_only_at_the_doors() -> None:
    closed = [
        f"{file} imports {owner}.{module}"
        for importer, owner, module, file in sorted(crossings())
        if importer != "tests" and module not in DOORS.get((importer, owner), set())
    ]
    assert closed == []


def test_every_open_door_is_used() -> None:
    used = {(importer, owner, module) for importer, owner, module, _ in crossings()}
    open_doors = {(*pair, module) for pair, modules in DOORS.items() for module in modules}
    assert open_doors - used == set(), "close these"


def test_the_front_door_depends_on_no_other_service() -> None:
    assert {owner for importer, owner, _, _ in crossings() if importer == "ingest_api"} == set()


def test_frameworks_stay_at_the_rim() -> None:
    uses = {
        str(path): {name.split(".")[0] for name in tree.imports(tree.parse(path))}
        for path in tree.python(*tree.PACKAGES)
    }
    assert outside(uses) == []
    assert outside({"workers/drain.py": {"arq"}}) == ["workers/drain.py imports arq"]


def test_no_import_runs_in_a_circle() -> None:
    TopologicalSorter(graph()).prepare()


def test_the_graph_of_imports_knows_the_path_of_an_event() -> None:
    path = ["workers.drain", "workers.batch", "ingest_api.frame", "ingest_api.event"]
    edges = graph()
    assert [(a, b) for a, b in pairwise(path) if b not in edges[a]] == []
    with pytest.raises(CycleError):
        TopologicalSorter({**edges, "ingest_api.event": {"workers.drain"}}).prepare()


def test_a_door_does_not_load_the_framework() -> None:
    doors = sorted(
        {f"ingest_api.{module}" for (_, owner), some in DOORS.items() for module in some if owner == "ingest_api"}
    )
    code = f"import sys, {', '.join(doors)}; sys.exit('aiohttp loaded' if 'aiohttp' in sys.modules else 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tree.ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_imports_inside_functions_count() -> None:
    code = ast.parse("def late():\n    import a.b\n    from c.d import e")
    assert list(tree.imports(code)) == ["a.b", "c.d.e"]
