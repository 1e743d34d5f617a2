"""What the chart's objects do, held to what the services really have: commands, routes, settings, times to end."""

import importlib.util
import re
from pathlib import PurePosixPath

import pytest

import ingest_api.app
import ingest_api.settings
from deploy.local.origin import Services
from ingest_api.front_door import FrontDoor
from queries.pipeline.flow import Pipeline
from queries.routes import ROUTES
from tests.deploy.chart import (
    EVERYTHING,
    SECRET,
    SETTINGS,
    Object,
    Rendered,
    confidential,
    container,
    env,
    render,
    selected,
    service_of,
)
from tests.house import tree

SERVICES = ("ingest-api", "workers", "queries")
SLOW = {"shutdownSeconds": 50}
PROMETHEUS = {"serverAddress": "http://prometheus.monitoring.svc:9090"}
CASES: dict[str, Object] = {
    "plain": SECRET,
    "everything": EVERYTHING,
    "slow": {**SECRET, "ingest_api": SLOW, "queries": SLOW, "workers": {"stopSeconds": 40}, "drainSeconds": 0},
    "asked": {**SECRET, "workers": {"autoscaling": {"enabled": True, "prometheus": PROMETHEUS}}},
    "fixed": {**SECRET, "queries": {"replicas": 3, "autoscaling": {"enabled": False}}, "metrics": {"enabled": False}},
}


@pytest.fixture(scope="module")
def cases() -> dict[str, Rendered]:
    """What the values of CASES give."""
    return dict(zip(CASES, render(*CASES.values()), strict=True))


@pytest.fixture
def plain(cases: dict[str, Rendered]) -> Rendered:
    return cases["plain"]


@pytest.fixture
def everything(cases: dict[str, Rendered]) -> Rendered:
    return cases["everything"]


def pod_labels(rendered: Rendered, service: str) -> Object:
    return dict(rendered.of("Deployment")[service]["spec"]["template"]["metadata"]["labels"])


def ways(rendered: Rendered) -> list[tuple[str, str, str]]:
    """Path, kind of path and service of each rule of the Ingress."""
    (rule,) = rendered.of("Ingress")[""]["spec"]["rules"]
    return [(one["path"], one["pathType"], service_of(one)) for one in rule["http"]["paths"]]


def routed(path: str, rules: list[tuple[str, str, str]]) -> str:
    """Who gets a path by the rules of an Ingress: an exact match, or else the longest prefix of whole elements."""
    for rule, kind, service in rules:
        if kind == "Exact" and rule == path:
            return service
    elements = [part for part in path.split("/") if part]
    fitting = [
        (len(parts), service)
        for rule, kind, service in rules
        if kind == "Prefix" and (parts := [part for part in rule.split("/") if part]) == elements[: len(parts)]
    ]
    return max(fitting)[1]


def inward(rendered: Rendered, name: str) -> dict[int, list[str]]:
    """Who reaches the pods of a part, by port: namespaces, or networks."""
    found: dict[int, list[str]] = {}
    for rule in rendered.of("NetworkPolicy")[name]["spec"]["ingress"] or ():
        for peer in rule["from"]:
            space = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
            found.setdefault(rule["ports"][0]["port"], []).append(space or peer["ipBlock"]["cidr"])
    return found


def test_no_pod_runs_as_root_writes_its_image_or_holds_a_token(cases: dict[str, Rendered]) -> None:
    pods = [pod for rendered in cases.values() for _, pod in rendered.pods()]
    assert len(pods) == 5 * len(CASES)
    for pod in pods:
        assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (only,) = pod["containers"]
        context = only["securityContext"]
        assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False)
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert only["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in only["resources"]["limits"]


def test_each_part_has_an_account_without_token_and_rights(everything: Rendered) -> None:
    accounts = everything.of("ServiceAccount")
    assert sorted(accounts) == sorted(SETTINGS)
    assert [name for name, one in accounts.items() if one["automountServiceAccountToken"] is not False] == []
    assert {name: pod["serviceAccountName"] for name, pod in everything.pods()} == {
        name: accounts[name]["metadata"]["name"] for name in SETTINGS
    }
    assert [one["kind"] for one in everything.objects if "Role" in one["kind"]] == []


def test_what_is_confidential_is_a_file_and_each_pod_has_its_own_alone(cases: dict[str, Rendered]) -> None:
    for rendered in cases.values():
        assert rendered.of("Secret") == {}
        for name, pod in rendered.pods():
            (only,) = pod["containers"]
            volume = next(one["secret"] for one in pod["volumes"] if one["name"] == "secrets")
            mounted = {f"/run/secrets/headrace/{item['path']}": item["key"] for item in volume["items"]}
            files = {key.removesuffix("_FILE"): value for key, value in env(only).items() if key.endswith("_FILE")}
            assert volume["secretName"] == "stores"
            assert sorted(files.values()) == sorted(mounted)
            assert files.keys() <= set(confidential(SETTINGS[name]))
            assert [key for key in mounted.values() if not key.startswith(f"{name}-")] == []


def test_every_variable_is_a_setting_of_its_service_with_a_value_it_takes(cases: dict[str, Rendered]) -> None:
    for rendered in cases.values():
        for name in SERVICES:
            said = {key: value for key, value in env(container(rendered, name)).items() if not key.endswith("_FILE")}
            fields = {key.removeprefix("HEADRACE_").lower(): value for key, value in said.items()}
            assert fields.keys() <= SETTINGS[name].model_fields.keys()
            assert SETTINGS[name].model_validate(fields).model_fields_set >= fields.keys()


def test_commands_and_probes_are_what_the_services_have(plain: Rendered) -> None:
    front_door = ingest_api.app.routes(FrontDoor(ingest_api.settings.Settings()))
    served = {
        "ingest-api": {path for path, methods in front_door.items() if "GET" in methods},
        "queries": {route.path for route in ROUTES if route.method == "GET"},
    }
    for name, paths in served.items():
        one = container(plain, name)
        assert one["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
        assert one["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
        assert {"/healthz", "/readyz"} <= paths
    health = container(plain, "workers")["livenessProbe"]["exec"]["command"]
    migrate = [pod["containers"][0]["command"] for part, pod in plain.pods() if part == "migrations"]
    assert migrate == [["python", "-m", "workers.migrate", "apply", "--phase", phase] for phase in ("pre", "post")]
    assert health == ["python", "-m", "workers.health"]
    assert None not in [importlib.util.find_spec(module) for module in (health[2], migrate[0][2])]
    assert [container(plain, name)["command"] for name in SERVICES] == [
        ["python", "-m", "ingest_api"],
        ["arq", "workers.worker.WorkerSettings"],
        ["python", "-m", "queries"],
    ]


def test_everything_that_selects_pods_finds_those_of_its_part_alone(everything: Rendered) -> None:
    for name in SERVICES:
        selectors = [
            everything.of("Service")[name]["spec"]["selector"],
            everything.of("NetworkPolicy")[name]["spec"]["podSelector"]["matchLabels"],
            *(
                everything.of(kind)[name]["spec"]["selector"]["matchLabels"]
                for kind in ("Deployment", "PodDisruptionBudget")
            ),
        ]
        pod = everything.of("Deployment")[name]["spec"]["template"]["spec"]
        selectors += [one["labelSelector"]["matchLabels"] for one in pod["topologySpreadConstraints"]]
        for selector in selectors:
            assert [other for other in SERVICES if selected(pod_labels(everything, other), selector)] == [name]
        ports = {one["name"] for one in container(everything, name)["ports"]}
        assert {one["targetPort"] for one in everything.of("Service")[name]["spec"]["ports"]} == ports


def test_one_origin_sends_each_path_where_the_local_one_does(everything: Rendered) -> None:
    here, there = ways(everything), Services("http://ingest-api", "http://queries")
    paths = {*ingest_api.app.routes(FrontDoor(ingest_api.settings.Settings())), *(route.path for route in ROUTES)}
    paths |= {"/app", "/app/assets/main.js", "/openapi.json", "/reference", "/dash", "/v1/events/evt_1", "/v1/events/"}
    assert {"/", "/v1/events", "/v1/events/", "/tracker.js", "/api/v1/stats"} <= paths
    assert {path: routed(path, here) for path in paths} == {
        path: there.of(path)[1].removeprefix("http://") for path in paths
    }


@pytest.mark.parametrize(("case", "drain"), [("plain", 5), ("slow", 0)])
def test_a_pod_has_the_time_to_end_that_its_service_takes(cases: dict[str, Rendered], case: str, drain: int) -> None:
    for name in SERVICES:
        one = container(cases[case], name)
        waits = one.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        said = env(one)
        takes = waits + float(said.get("HEADRACE_SHUTDOWN_SECONDS") or float(said["HEADRACE_STOP_SECONDS"]) + 2)
        grace = cases[case].of("Deployment")[name]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert waits == (0 if name == "workers" else drain)
        assert takes + 2 <= grace <= takes + 10


def test_workers_are_scaled_on_a_lag_that_the_query_service_tells(everything: Rendered) -> None:
    lag, cpu = everything.of("ScaledObject")["workers"]["spec"]["triggers"]
    port = everything.of("Service")["queries"]["spec"]["ports"][0]["port"]
    assert lag["metadata"]["url"] == f"http://headrace-queries.shop.svc:{port}/api/v1/pipeline"
    field = re.fullmatch(r"data\.(\w+)", lag["metadata"]["valueLocation"])
    assert field is not None
    assert Pipeline.__annotations__[field[1]] is float
    assert (lag["metricType"], lag["metadata"]["targetValue"], cpu["type"]) == ("Value", "10", "cpu")
    (token,) = everything.of("TriggerAuthentication")["workers"]["spec"]["secretTargetRef"]
    assert (token["parameter"], token["name"]) == ("token", "stores")
    assert "replicas" not in everything.of("Deployment")["workers"]["spec"]


def test_lag_may_come_from_prometheus_by_the_name_of_the_metric(cases: dict[str, Rendered]) -> None:
    lag = cases["asked"].of("ScaledObject")["workers"]["spec"]["triggers"][0]
    asked = re.fullmatch(r'max\((\w+)\{namespace="shop"\}\)', lag["metadata"]["query"])
    assert asked is not None
    assert f"| `{asked[1]}` | gauge |" in tree.read(PurePosixPath("docs/metrics.md"))
    assert (lag["type"], lag["metricType"], lag["metadata"]["threshold"]) == ("prometheus", "Value", "10")
    assert cases["asked"].of("TriggerAuthentication") == {}


def test_http_services_are_scaled_on_cpu_unless_told_otherwise(cases: dict[str, Rendered]) -> None:
    plain, fixed = cases["plain"], cases["fixed"]
    for name, scaler in plain.of("HorizontalPodAutoscaler").items():
        assert scaler["spec"]["scaleTargetRef"]["name"] == plain.of("Deployment")[name]["metadata"]["name"]
        assert "replicas" not in plain.of("Deployment")[name]["spec"]
    assert set(plain.of("HorizontalPodAutoscaler")) == {"ingest-api", "queries"}
    assert set(fixed.of("HorizontalPodAutoscaler")) == {"ingest-api"}
    assert fixed.of("Deployment")["queries"]["spec"]["replicas"] == 3


def test_each_part_reaches_its_stores_alone_and_nobody_reaches_it_unasked(plain: Rendered) -> None:
    policies = plain.of("NetworkPolicy")
    outward = {
        name: sorted({port["port"] for rule in one["spec"]["egress"] for port in rule["ports"]})
        for name, one in policies.items()
    }
    both = [53, 6379, 8123]
    assert outward == {"ingest-api": [53, 6379], "workers": both, "queries": both, "migrations": both}
    assert {name: inward(plain, name) for name in policies} == {name: {} for name in policies}
    assert {tuple(one["spec"]["policyTypes"]) for one in policies.values()} == {("Ingress", "Egress")}


def test_who_is_named_gets_in_at_his_port_alone(everything: Rendered) -> None:
    assert inward(everything, "ingest-api") == {8080: ["traefik"], 9101: ["monitoring"]}
    assert inward(everything, "workers") == {9102: ["monitoring"]}
    assert inward(everything, "queries") == {8090: ["traefik", "keda"], 5433: ["10.0.0.0/8"], 9103: ["monitoring"]}


def test_metrics_are_scraped_where_they_are_offered(cases: dict[str, Rendered]) -> None:
    everything, off = cases["everything"], cases["fixed"]
    monitor = everything.of("ServiceMonitor")[""]["spec"]
    jobs = [one["metadata"]["labels"][monitor["jobLabel"]] for one in everything.of("Service").values()]
    known = re.findall(r"job_name: (\w+)", tree.read(PurePosixPath("deploy/prometheus/prometheus.yml")))
    assert sorted(jobs) == ["ingest_api", "queries", "worker"]
    assert set(jobs) <= set(known)
    for name in SERVICES:
        service = everything.of("Service")[name]
        assert selected(service["metadata"]["labels"], monitor["selector"]["matchLabels"])
        (port,) = [one["port"] for one in service["spec"]["ports"] if one["name"] == monitor["endpoints"][0]["port"]]
        said = [env(container(one, name)) for one in (everything, off)]
        assert [value for one in said for key, value in one.items() if "METRICS_PORT" in key] == [str(port), "0"]


def test_bundled_stores_keep_what_was_acknowledged(everything: Rendered) -> None:
    redis, clickhouse = everything.of("Redis")["redis"], everything.of("ClickHouseInstallation")[""]
    said = everything.of("ConfigMap")["redis"]["data"]["redis-additional.conf"].splitlines()
    wanted = {"appendonly yes", "appendfsync always", "maxmemory-policy noeviction", "no-appendfsync-on-rewrite no"}
    assert wanted <= set(said)
    assert redis["spec"]["redisConfig"]["additionalRedisConfig"] == "headrace-redis"
    assert redis["spec"]["storage"]["keepAfterDelete"] is True
    assert [one["reclaimPolicy"] for one in clickhouse["spec"]["templates"]["volumeClaimTemplates"]] == ["Retain"]
    for one in (redis, clickhouse):
        assert one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_accounts_of_the_bundled_clickhouse_are_by_reference_and_may_what_others_may(everything: Rendered) -> None:
    users = everything.of("ClickHouseInstallation")[""]["spec"]["configuration"]["users"]
    passwords = [value["valueFrom"]["secretKeyRef"]["name"] for key, value in users.items() if "password" in key]
    assert passwords == ["stores", "stores"]
    grants = [f"<query>{one}</query>" for key, value in users.items() if key.endswith("/grants/query") for one in value]
    assert [one for one in grants if one not in tree.read(PurePosixPath("deploy/clickhouse/users.xml"))] == []
