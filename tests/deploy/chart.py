"""The chart as Kubernetes would get it: what a set of values renders to, and how to look things up in it."""

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from pydantic_settings import BaseSettings

import ingest_api.settings
import queries.settings
import workers.settings
from ingest_api.confidential import hidden
from tests.deploy import rendering

Object = dict[str, Any]
#: distribution -> what it is for
NEEDS = {"helm-python-sdk": "Helm's engine", "kubernetes-validate": "the schemas of Kubernetes", "PyYAML": "YAML"}
SECRET = {"existingSecret": "stores"}
#: part -> what it reads
SETTINGS: dict[str, type[BaseSettings]] = {
    "ingest-api": ingest_api.settings.Settings,
    "workers": workers.settings.Settings,
    "queries": queries.settings.Settings,
    "migrations": workers.settings.Settings,
}


def _namespace(name: str) -> list[Object]:
    return [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}]


#: everything that can be turned on
EVERYTHING: Object = {
    **SECRET,
    "ingress": {"enabled": True, "host": "events.shop.example", "className": "traefik", "tlsSecret": "tls"},
    "metrics": {"serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}}},
    "queries": {
        "psql": {"enabled": True, "tlsSecret": "psql-tls"},
        "secretFiles": {"HEADRACE_SQL_CLICKHOUSE_URL": "queries-sql-clickhouse-url"},
    },
    "workers": {
        "autoscaling": {"enabled": True},
        "env": {"HEADRACE_ARCHIVE": "s3://bucket/prefix", "HEADRACE_GEO_DATABASE": "/places/city.mmdb"},
        "secretEnv": {"AWS_SECRET_ACCESS_KEY": {"name": "archive", "key": "secret"}},
        "volumes": [{"name": "places", "persistentVolumeClaim": {"claimName": "places"}}],
        "volumeMounts": [{"name": "places", "mountPath": "/places", "readOnly": True}],
    },
    "networkPolicy": {
        "httpFrom": _namespace("traefik"),
        "psqlFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
        "metricsFrom": _namespace("monitoring"),
        "kedaFrom": _namespace("keda"),
        "operatorsFrom": _namespace("operators"),
        "workersEgress": [{"ports": [{"protocol": "TCP", "port": 443}]}],
    },
    "bundled": {"redis": {"enabled": True}, "clickhouse": {"enabled": True}},
}


@dataclass(frozen=True)
class Rendered:
    """What one set of values gives: manifests by file, or why the values were refused."""

    files: Mapping[str, str]
    findings: tuple[str, ...]
    refused: str

    @cached_property
    def objects(self) -> list[Object]:
        """Every object that Kubernetes gets."""
        yaml = pytest.importorskip("yaml")
        texts = (text for name, text in self.files.items() if not name.endswith("NOTES.txt"))
        return [one for text in texts for one in yaml.safe_load_all(text) if one]

    def of(self, kind: str) -> dict[str, Object]:
        """The objects of a kind, by name without the release's."""
        found = (one for one in self.objects if one["kind"] == kind)
        return {one["metadata"]["name"].removeprefix("headrace").removeprefix("-"): one for one in found}

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Part and spec of each pod that the chart itself describes; the migrations have two."""
        for kind in ("Deployment", "Job"):
            for one in self.of(kind).values():
                pod = one["spec"]["template"]
                yield pod["metadata"]["labels"]["app.kubernetes.io/component"], pod["spec"]


def render(*values: Object) -> list[Rendered]:
    """One for each set of values. Skips the test where the tools are not installed."""
    missing = [f"{name} ({what})" for name, what in NEEDS.items() if not _installed(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}. pip install --require-hashes -r tests/deploy/helm.txt")
    command = [sys.executable, rendering.__file__]
    done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=True, timeout=60)
    return [
        Rendered(one.get("files", {}), tuple(one.get("findings", ())), one.get("refused", ""))
        for one in json.loads(done.stdout)
    ]


def values() -> Object:
    """The chart's own."""
    return dict(pytest.importorskip("yaml").safe_load((rendering.CHART / "values.yaml").read_text()))


def confidential(settings: type[BaseSettings]) -> list[str]:
    """The variables that a file may hold."""
    return [f"HEADRACE_{name.upper()}" for name in hidden(settings)]


def container(rendered: Rendered, service: str) -> Object:
    """The only one of a service's pods."""
    (only,) = rendered.of("Deployment")[service]["spec"]["template"]["spec"]["containers"]
    return dict(only)


def env(one: Object) -> dict[str, str]:
    """The variables of a container that have their value there."""
    return {entry["name"]: entry["value"] for entry in one["env"] if "value" in entry}


def selected(labels: Object, selector: Object) -> bool:
    """Whether a selector finds these labels."""
    return selector.items() <= labels.items()


def service_of(path: Object) -> str:
    """The service behind a path of an Ingress, without the release's name."""
    return str(path["backend"]["service"]["name"]).removeprefix("headrace-")


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
