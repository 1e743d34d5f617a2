"""Alerts ask for metrics that there are, fire when they should, and each says what to do."""

import importlib
import re
import shutil
import subprocess
from pathlib import PurePosixPath
from typing import Any

import pytest

from tests.deploy.secrets import DEPLOY, ROOT
from tests.house.test_docs import metrics
from tests.house.tree import PACKAGES, module, python

yaml = pytest.importorskip("yaml", reason="PyYAML reads the rules")

FOLDER = DEPLOY / "prometheus"
RUNBOOKS = (ROOT / "docs/runbooks.md").read_text()
#: of ClickHouse's own endpoint, beside those in system.metrics; and what Prometheus and its client library tell
OTHERS = {
    "ClickHouseAsyncMetrics_MaxPartCountForPartition",
    "ClickHouseAsyncMetrics_DiskAvailable_default",
    "ClickHouseAsyncMetrics_DiskTotal_default",
    "ClickHouseMetrics_MemoryTracking",
    "ClickHouseMetrics_Merge",
    "ClickHouseMetrics_Query",
    "process_cpu_seconds_total",
    "up",
}
_NAME = re.compile(r"\b(?:ingest|worker|query|process|ClickHouse)\w*_\w+|\bup\b")
_QUOTED = re.compile(r'"[^"]*"')


def rules() -> list[dict[str, Any]]:
    """Every alert."""
    loaded = yaml.safe_load((FOLDER / "alerts.yml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def series() -> set[str]:
    """Names of every series of every service, as Prometheus stores them."""
    modules = [path for path in python(*PACKAGES) if path.name == "telemetry.py"]
    found = set(OTHERS)
    for path in modules:
        importlib.import_module(module(PurePosixPath(path)))
        for row in metrics(path):
            name, kind = (cell.strip(" `") for cell in row.split("|")[1:3])
            ends = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
            found |= {name + end for end in ends}
    return found


def asked(expression: str) -> set[str]:
    """Names of series in an expression."""
    return set(_NAME.findall(_QUOTED.sub('""', expression)))


def promtool(*arguments: str) -> None:
    """Run it, or skip the test."""
    command = shutil.which("promtool")
    if command is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run([command, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_asks_for_metrics_that_there_are() -> None:
    known = series()
    assert {"ingest_requests_total", "worker_insert_seconds_bucket", "query_lag_seconds"} <= known
    assert {rule["alert"]: asked(rule["expr"]) - known for rule in rules() if asked(rule["expr"]) - known} == {}
    assert [rule["alert"] for rule in rules() if not asked(rule["expr"])] == []
    assert asked('rate(worker_gone_total{a="up"}[5m])') == {"worker_gone_total"}


def test_every_alert_has_its_entry_in_the_runbooks_and_no_other_has() -> None:
    names = [rule["alert"] for rule in rules()]
    assert re.findall(r"^## (\w+)$", RUNBOOKS, flags=re.MULTILINE) == names
    for entry in re.split(r"^## \w+$", RUNBOOKS, flags=re.MULTILINE)[1:]:
        assert [part in entry for part in ("**Meaning.**", "**Check.**", "**Remedy.**")] == [True] * 3
    pointed = [rule["annotations"]["runbook"] for rule in rules()]
    assert pointed == [f"docs/runbooks.md#{name.lower()}" for name in names]


def test_the_runbooks_name_metrics_and_entries_that_there_are() -> None:
    written = set(re.findall(r"`(?:max|sum|rate)?\(?((?:ingest|worker|query)_\w+)", RUNBOOKS))
    known = series() | {name.removesuffix("_bucket") for name in series()}
    assert written - known - {"ingest_api"} == set()
    heads = {f"#{name.lower()}" for name in re.findall(r"^## (\w+)$", RUNBOOKS, flags=re.MULTILINE)}
    assert set(re.findall(r"\]\((#\w+)\)", RUNBOOKS)) - heads == set()


def test_the_severity_of_an_entry_is_that_of_its_alert() -> None:
    written = re.findall(r"^## (\w+)\n\n(\w+)\.$", RUNBOOKS, flags=re.MULTILINE)
    assert written == [(rule["alert"], rule["labels"]["severity"].capitalize()) for rule in rules()]


def test_every_alert_has_a_test_of_when_it_fires() -> None:
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    fired = [one["alertname"] for test in tests for one in test["alert_rule_test"] if one.get("exp_alerts")]
    silent = [one["alertname"] for one in tests[0]["alert_rule_test"] if not one.get("exp_alerts")]
    names = [rule["alert"] for rule in rules()]
    assert (fired, silent) == (names, names)


def test_alerts_fire_when_they_should_and_not_before() -> None:
    promtool("test", "rules", "alerts_test.yml")


def test_prometheus_takes_its_configuration() -> None:
    promtool("check", "config", "prometheus.yml")


def test_alertmanager_takes_its_configuration_and_silences_alerts_that_there_are() -> None:
    text = (FOLDER / "alertmanager.yml").read_text()
    named = set(re.findall(r"Headrace\w+", text))
    assert named
    assert named - {rule["alert"] for rule in rules()} == set()
    command = shutil.which("amtool")
    if command is None:
        pytest.skip("amtool is not installed (Debian: prometheus-alertmanager)")
    done = subprocess.run([command, "check-config", "alertmanager.yml"], cwd=FOLDER, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
