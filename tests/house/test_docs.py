"""The documents say what the code does: settings, metrics, routes, make targets, links, the lock."""

import importlib
import os
import re
import subprocess
from pathlib import PurePosixPath
from typing import Any

from prometheus_client.registry import Collector
from pydantic_settings import BaseSettings

import clients.cli.settings
import deploy.local.settings
import ingest_api.app
import ingest_api.settings
import queries.app
import queries.settings
import workers.settings
from ingest_api.front_door import FrontDoor
from tests.house import tree

SETTINGS: tuple[type[BaseSettings], ...] = (
    ingest_api.settings.Settings,
    workers.settings.Settings,
    queries.settings.Settings,
    deploy.local.settings.Settings,
    clients.cli.settings.Settings,
)
MAX_README = 150


def pages() -> list[str]:
    """Every Markdown file."""
    return [str(path) for path in tree.files() if path.suffix == ".md"]


def document(name: str) -> str:
    return (tree.ROOT / name).read_text()


def rows(name: str, first: str) -> set[str]:
    """Table rows of a document whose first cell begins so."""
    return {line for line in document(name).splitlines() if line.startswith(f"| `{first}")}


def shown(default: Any) -> str:
    """A default as one writes it in the environment."""
    if isinstance(default, bool):
        return str(int(default))
    return f"{default:g}" if isinstance(default, float) else str(default)


def setting_rows(settings: type[BaseSettings]) -> set[str]:
    """The rows of docs/settings.md that a class of settings asks for."""
    prefix = settings.model_config["env_prefix"]
    return {
        f"| `{prefix}{name.upper()}` | {shown(field.default)} | {field.description} |".replace("|  |", "| |")
        for name, field in settings.model_fields.items()
    }


def metrics(path: PurePosixPath) -> set[str]:
    """The first three cells, name, kind and labels, that a telemetry module asks for in docs/metrics.md."""
    found = vars(importlib.import_module(tree.module(path))).values()
    return {cells(metric) for metric in found if Collector in type(metric).__mro__}


def cells(metric: Collector) -> str:
    family = next(iter(metric.collect()))
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels: tuple[str, ...] = getattr(metric, "_labelnames", ()) or getattr(family, "_labelnames", ())
    return f"| `{name}` | {family.type} | {', '.join(labels)} |".replace("|  |", "| |")


def routes() -> set[str]:
    """Method and path of every route of both services; HEAD comes with GET, and `*` is for what nobody takes."""
    front_door = ingest_api.app.routes(FrontDoor(ingest_api.settings.Settings()))
    taken = {f"{method} {path}" for path, methods in front_door.items() for method in methods}
    for route in queries.app.build_app(queries.settings.Settings()).router.routes():
        if route.resource and route.method not in {"*", "HEAD"}:
            taken.add(f"{route.method} {route.resource.canonical}")
    return taken


def targets(makefile: str) -> set[str]:
    """What `make help` lists."""
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE))


def links(name: str) -> set[str]:
    """Files that a document links to, relative to the root."""
    found = re.findall(r"\]\(([^)#\s]+)", document(name))
    return {str(PurePosixPath(name).parent / link) for link in found if "://" not in link}


def test_every_setting_stands_in_the_docs_with_its_default_and_nothing_else_does() -> None:
    wanted = set().union(*map(setting_rows, SETTINGS))
    written = rows("docs/settings.md", "HEADRACE_")
    assert (wanted - written, written - wanted) == (set(), set())


def test_every_settings_class_is_looked_at() -> None:
    files = {f"{settings.__module__.replace('.', '/')}.py" for settings in SETTINGS}
    assert {str(path) for path in tree.python(*tree.PACKAGES) if path.name == "settings.py"} == files


def test_every_metric_stands_in_the_docs_and_nothing_else_does() -> None:
    modules = [path for path in tree.python(*tree.PACKAGES) if path.name == "telemetry.py"]
    wanted = set().union(*map(metrics, modules))
    written = set().union(*(rows("docs/metrics.md", service) for service in ("ingest_", "worker_", "query_")))
    assert (wanted, len(wanted)) == ({"|".join(row.split("|")[:4]) + "|" for row in written}, len(written))
    assert [row for row in written if not row.split("|")[4].strip()] == [], "each needs its meaning"


def test_every_route_stands_in_the_docs() -> None:
    wanted = routes()
    assert {"POST /v1/events", "GET /api/v1/stats"} <= wanted
    written = "".join(map(document, (f"docs/{page}.md" for page in ("api", "dialects", "projects", "tracker", "web"))))
    assert {route for route in wanted if f"`{route}`" not in written} == set()


def test_every_make_target_stands_in_the_docs() -> None:
    lines = [line for page in pages() for line in document(page).splitlines() if re.search(r"\bmake ", line)]
    named = {word for line in lines for word in re.findall(r"[a-z]+(?:-[a-z]+)*", line)}
    found = targets(document("Makefile"))
    assert {"run", "test"} <= found
    assert found - named == set()


def test_make_help_lists_the_targets() -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # also inside make
    command = ["make", "--no-print-directory", "help"]
    listed = subprocess.run(command, cwd=tree.ROOT, env=plain, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in listed.splitlines()} == targets(document("Makefile"))


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    assert len(document("README.md").splitlines()) <= MAX_README
    dead = {page: {link for link in links(page) if not (tree.ROOT / link).exists()} for page in pages()}
    assert {page: some for page, some in dead.items() if some} == {}


def test_the_lock_pins_every_requirement_by_hash_and_names_no_index() -> None:
    lock = document("requirements.lock")
    pinned = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    assert len(pinned) > 20
    assert [entry.split()[0] for entry in pinned if "==" in entry and "--hash=sha256:" not in entry] == []
    assert [entry.split()[0] for entry in pinned if "==" not in entry.split("\n")[0]] == []
    assert not re.search(r"https?://", lock)
