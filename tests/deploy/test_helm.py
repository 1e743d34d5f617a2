"""The chart as a whole: Helm and Kubernetes take it, its schema is strict, and what cannot work is refused."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.chart import EVERYTHING, SECRET, SETTINGS, Object, Rendered, confidential, env, render, values
from tests.deploy.rendering import CHART
from tests.house import tree

#: the oldest that the chart takes, and the newest that the schemas know
OLDEST, NEWEST = "1.30", "1.37"
#: described by their operators, whose schemas no registry has
CUSTOM = {"ScaledObject", "TriggerAuthentication", "ServiceMonitor", "Redis", "ClickHouseInstallation"}
#: values -> what is said of them
REFUSED: list[tuple[Object, str]] = [
    ({}, "existingSecret is empty"),
    ({**SECRET, "ingestApi": {}}, "'ingestApi' not allowed"),
    ({**SECRET, "workers": {"replica": 3}}, "'replica' not allowed"),
    ({**SECRET, "installation": {"durability": "none"}}, "durability"),
    ({**SECRET, "ingest_api": {"env": {"HEADRACE_SHARDS": "8"}}}, "HEADRACE_SHARDS"),
    ({**SECRET, "ingest_api": {"env": {"HEADRACE_MAX_BODY_BYTES": 5}}}, "HEADRACE_MAX_BODY_BYTES"),
    ({**SECRET, "workers": {"env": {"HEADRACE_REDIS_URL": "redis://:secret@redis"}}}, "HEADRACE_REDIS_URL"),
    ({**SECRET, "workers": {"secretFiles": {"HEADRACE_SHARDS": "shards"}}}, "HEADRACE_SHARDS"),
    ({**SECRET, "runAsUser": 0}, "runAsUser"),
    ({**SECRET, "workers": {"replicas": 17}}, "17 workers for 16 shards"),
    ({**SECRET, "queries": {"autoscaling": {"minReplicas": 9}}}, "minReplicas 9 is more than maxReplicas 6"),
    ({**SECRET, "ingress": {"enabled": True, "host": "a.example"}}, "networkPolicy.httpFrom is empty"),
    ({**EVERYTHING, "ingress": {"enabled": True}}, "ingress.host is empty"),
    ({**SECRET, "workers": {"autoscaling": {"enabled": True}}}, "networkPolicy.kedaFrom is empty"),
    ({**EVERYTHING, "queries": {"psql": {"enabled": True}}}, "queries.psql.tlsSecret is empty"),
    ({**EVERYTHING, "metrics": {"enabled": False, "serviceMonitor": {"enabled": True}}}, "nothing to scrape"),
    ({**SECRET, "bundled": {"redis": {"enabled": True}}}, "networkPolicy.operatorsFrom is empty"),
    ({**EVERYTHING, "clickhouse": {"cluster": "main"}}, "bundled.clickhouse is one server"),
    ({**SECRET, "clickhouse": {"cluster": "a`b"}}, "cluster"),
    ({**SECRET, "workers": {"env": {"HEADRACE_CLICKHOUSE_CLUSTER": "main"}}}, "HEADRACE_CLICKHOUSE_CLUSTER"),
]


@pytest.fixture(scope="module")
def rendered() -> list[Rendered]:
    """With nothing but a Secret, with everything, and what is refused."""
    return render(SECRET, EVERYTHING, *(wrong for wrong, _ in REFUSED))


def faults(version: str, objects: list[Object]) -> list[str]:
    """What Kubernetes would say of these objects."""
    schemas = pytest.importorskip("kubernetes_validate")
    found = []
    for one in objects:
        try:
            schemas.validate(one, version, strict=True)
        except schemas.ValidationError as error:
            found.append(f"{one['kind']} {one['metadata']['name']}: {list(error.path)} {error.message}")
    return found


def known(rendered: Rendered) -> list[Object]:
    return [one for one in rendered.objects if one["kind"] not in CUSTOM]


def objects_of_schema(schema: Any) -> Iterator[Object]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for below in schema.values():
            yield from objects_of_schema(below)


def test_helm_finds_nothing_wrong_with_the_chart(rendered: list[Rendered]) -> None:
    assert [(one.refused, one.findings) for one in rendered[:2]] == [("", ()), ("", ())]


def test_kubernetes_takes_every_object(rendered: list[Rendered]) -> None:
    plain, everything = rendered[:2]
    assert (faults(OLDEST, known(plain)), faults(NEWEST, known(everything))) == ([], [])
    assert {one["kind"] for one in everything.objects} >= CUSTOM
    assert {one["kind"] for one in plain.objects} & CUSTOM == set()


def test_a_misspelt_field_would_be_seen(rendered: list[Rendered]) -> None:
    deployment = json.loads(json.dumps(rendered[0].of("Deployment")["workers"]))
    deployment["spec"]["template"]["spec"]["terminationGracePeriod"] = 5
    assert "terminationGracePeriod" in "".join(faults(NEWEST, [deployment]))


def test_no_name_is_given_twice_and_all_is_in_one_namespace(rendered: list[Rendered]) -> None:
    objects = rendered[1].objects
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert len(names) == len(set(names))
    assert {one["metadata"]["namespace"] for one in objects} == {"shop"}


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=[said for _, said in REFUSED])
def test_what_cannot_work_is_refused_with_a_reason(rendered: list[Rendered], number: int) -> None:
    assert REFUSED[number][1] in rendered[2 + number].refused


def test_the_schema_knows_every_value_and_refuses_all_others() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    strict = [one.get("additionalProperties") for one in objects_of_schema(schema) if "properties" in one]
    assert len(strict) > 30
    assert set(strict) == {False}
    assert schema["properties"].keys() - {"global"} == values().keys()


def test_the_schema_takes_the_files_of_confidential_settings_alone() -> None:
    parts = json.loads((CHART / "values.schema.json").read_text())["properties"]
    for service in ("ingest-api", "workers", "queries"):
        taken = parts[service.replace("-", "_")]["properties"]["secretFiles"]["properties"]
        assert sorted(taken) == sorted(confidential(SETTINGS[service]))


def test_the_version_is_the_projects() -> None:
    chart = pytest.importorskip("yaml").safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_guide_names_every_key_of_the_secret_and_every_value() -> None:
    guide = (tree.ROOT / "docs" / "kubernetes.md").read_text()
    keys = [key for part in values().values() if isinstance(part, dict) for key in part.get("secretFiles", {}).values()]
    assert len(keys) == 7
    assert [key for key in keys if f"`{key}`" not in guide] == []
    assert [name for name in values() if f"`{name}" not in guide] == []


def test_a_cluster_of_clickhouse_is_told_to_whoever_speaks_to_it() -> None:
    (rendered,) = render({**SECRET, "clickhouse": {"cluster": "main"}})
    told = {
        name: env(only).get("HEADRACE_CLICKHOUSE_CLUSTER")
        for name, pod in rendered.pods()
        for only in pod["containers"]
    }
    assert told == {"ingest-api": None, "workers": "main", "queries": "main", "migrations": "main"}
