"""What the document promises, asked of the whole stack: of every operation, inside and outside of what it describes."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from redis import Redis
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.local.running import RunningStack
from ingest_api.halt import FORGOTTEN_MS, Halt
from ingest_api.stream import Shard
from queries.documents import openapi
from queries.routes import ROUTES
from tests.examples import examples
from workers import migrate

pytestmark = pytest.mark.stack

EXAMPLES = examples(8)
#: a stream of events has no end that could be waited for
DOCUMENT = openapi.document([route for route in ROUTES if "text/event-stream" not in route.media])
OPERATIONS = {
    operation["operationId"]: (path, method)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
WITH_BODY = [name for name, (path, method) in OPERATIONS.items() if "requestBody" in DOCUMENT["paths"][path][method]]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


@dataclass(frozen=True)
class Tenant:
    """A project to send to, to ask about and to harm."""

    url: str
    session: requests.Session
    id: str
    #: by security scheme
    headers: dict[str, dict[str, str]]
    #: the stack's addresses
    stores: Mapping[str, str]

    def order(self, method: str, path: str, body: Any) -> Any:
        """Ask the management API, which must do it."""
        url = f"{self.url}/api/v1/projects{path}"
        answer = self.session.request(method, url, json=body, headers=self.headers["admin_key"], timeout=10)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def new_key(self, kind: str) -> Any:
        return self.order("POST", f"/{self.id}/keys", {"kind": kind})


@pytest.fixture(scope="module")
def tenant(stack: RunningStack) -> Iterator[Tenant]:
    """A throwaway project with a site of its own name."""
    env = stack.env
    headers = {"admin_key": {"Authorization": f"Bearer {env['HEADRACE_ADMIN_KEY']}"}}
    with requests.Session() as session:
        one = Tenant(env["HEADRACE_URL"], session, f"throwaway-{secrets.token_hex(4)}", headers, env)
        one.order("POST", "", {"id": one.id, "site_ids": [one.id], "public_writes": True})
        write, query = one.new_key("write")["token"], one.new_key("query")["token"]
        headers["write_key"] = {"Authorization": f"Bearer {write}"}
        headers["eventbunker_write_key"] = {"x-eventbunker-write-key": write}
        headers["query_key"] = {"Authorization": f"Bearer {query}"}
        headers["delete_key"] = {"Authorization": f"Bearer {one.new_key('delete')['token']}"}
        headers["share_key"] = {"Authorization": f"Bearer {one.new_key('share')['token']}"}
        yield one


def key_of(operation_id: str, tenant: Tenant) -> dict[str, str]:
    """The headers with the key that an operation needs; without any it is asked by a page of the service's own."""
    path, method = OPERATIONS[operation_id]
    schemes = [name for one in DOCUMENT["paths"][path][method]["security"] for name in one]
    return tenant.headers[schemes[0]] if schemes else {"Sec-Fetch-Site": "same-origin"}


def at_home(body: Any, tenant: Tenant) -> Any:
    """A body that speaks of the tenant's site, and of now."""
    if isinstance(body, list):
        return [at_home(item, tenant) for item in body]
    if not isinstance(body, dict):
        return body
    now = {"site_id": tenant.id, "website": tenant.id, "timestamp": int(time.time() * 1000)}
    return {
        name: now[name] if name in now and isinstance(value, str | float | int) else at_home(value, tenant)
        for name, value in body.items()
    }


def places(operation_id: str, tenant: Tenant) -> dict[str, str]:
    """Values of a path's braces: of the throwaway project, and of a key and a site made for this one call."""
    path, _ = OPERATIONS[operation_id]
    makers: dict[str, Callable[[Tenant], str]] = {
        "id": lambda one: one.id,
        "key": lambda one: one.new_key("write")["id"],
        "client_id": lambda _one: f"c_{secrets.token_hex(8)}",
        "site": sited,
        "event": sent,
        "fingerprint": rejected,
        "user": seen,
        "erasure": erasing,
        "shard": halted,
        "name": described,
        "query": saved,
        "alert": saved,
        "share": lambda one: one.new_key("share")["id"],
    }
    return {name: make(tenant) for name, make in makers.items() if f"{{{name}}}" in path}


def sited(tenant: Tenant) -> str:
    """A site of the project."""
    site = f"site-{secrets.token_hex(4)}"
    tenant.order("POST", f"/{tenant.id}/sites", {"site_id": site})
    return site


def sent(tenant: Tenant) -> str:
    """The id of an event that was acknowledged just now."""
    event = {"event_type": "signup", "occurred_at": "2026-01-01T00:00:00Z"}
    url, headers = f"{tenant.url}/v1/events", tenant.headers["write_key"]
    answer = tenant.session.post(url, json=event, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    event_id: str = answer.json()["event_id"]
    return event_id


def seen(tenant: Tenant) -> str:
    """A user, as the insert of an event leaves it."""
    row = {"project": tenant.id, "user_id": "ada@shop.example", "first_seen": 1_795_000_000, "last_seen": 1_795_000_000}
    with migrate.connect(tenant.stores["HEADRACE_CLICKHOUSE_URL"]) as client:
        client.insert("sightings", [list(row.values())], column_names=list(row))
    return str(row["user_id"])


def erasing(tenant: Tenant) -> str:
    """The id of an erasure that counts and does nothing."""
    url = f"{tenant.url}/api/v1/erasures"
    answer = tenant.session.post(
        url, json={"user_id": "ada", "dry_run": True}, headers=tenant.headers["delete_key"], timeout=10
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


def described(tenant: Tenant) -> str:
    """The name of events that have a schema and are in the catalog."""
    name = secrets.token_hex(4)
    url = f"{tenant.url}/api/v1/projects/{tenant.id}/schemas/{name}"
    answer = tenant.session.put(url, json={"schema": {}}, headers=tenant.headers["admin_key"], timeout=10)
    assert answer.status_code == 200, answer.text
    now = int(time.time() * 1000)
    row = {"project": tenant.id, "name": name, "day": now // 86_400_000, "events": 1, "first_ms": now, "last_ms": now}
    with migrate.connect(tenant.stores["HEADRACE_CLICKHOUSE_URL"]) as client:
        client.insert("catalog_events", [list(row.values())], column_names=list(row))
    return name


def saved(tenant: Tenant) -> str:
    """The name of a query and of an alert that is paused."""
    name, question = secrets.token_hex(4), {"question": {"metrics": ["event_count"]}}
    hooks = {"condition": "above", "webhooks": ["https://hooks.shop.example/"], "paused": True}
    orders: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("query", "queries", question),
        ("admin", f"projects/{tenant.id}/alerts", question | hooks),
    )
    for kind, path, order in orders:
        answer = tenant.session.put(
            f"{tenant.url}/api/v1/{path}/{name}", json=order, headers=tenant.headers[f"{kind}_key"], timeout=10
        )
        assert answer.status_code == 200, answer.text
    return name


def rejected(tenant: Tenant) -> str:
    """The fingerprint of an event that could not be stored, as a worker writes it."""
    fingerprint = secrets.token_hex(8)
    row = {"project": tenant.id, "reason": "event: odd", "raw": b"odd", "kind": "event", "fingerprint": fingerprint}
    with migrate.connect(tenant.stores["HEADRACE_CLICKHOUSE_URL"]) as client:
        client.insert("rejected_events", [list(row.values())], column_names=list(row))
    return fingerprint


def halted(tenant: Tenant) -> str:
    """A shard that stands still, as its worker says it."""
    told = Halt(0, int(time.time() * 1000), "1-0:2-0:2", "half of it would be rejected")
    with Redis.from_url(tenant.stores["HEADRACE_REDIS_URL"]) as redis:
        redis.set(Shard(0).halted, msgspec.json.encode(told), px=FORGOTTEN_MS)
    return "0"


def run(operation_id: str, tenant: Tenant, mode: GenerationMode) -> None:
    path, method = OPERATIONS[operation_id]
    home = places(operation_id, tenant)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(SCHEMA[path][method].as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE and not path.startswith("/api"):
            case.body = at_home(case.body, tenant)
        case.path_parameters = {**case.path_parameters, **home}
        headers = key_of(operation_id, tenant)
        case.call_and_validate(tenant.url, tenant.session, headers=headers, checks=CHECKS, timeout=20)

    ask()


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_what_the_document_describes_is_answered_as_it_says(tenant: Tenant, operation_id: str) -> None:
    run(operation_id, tenant, GenerationMode.POSITIVE)


@pytest.mark.parametrize("operation_id", WITH_BODY)
def test_what_the_document_does_not_describe_is_answered_as_it_says(tenant: Tenant, operation_id: str) -> None:
    run(operation_id, tenant, GenerationMode.NEGATIVE)


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_what_the_document_shows_is_done(tenant: Tenant, operation_id: str) -> None:
    path, method = OPERATIONS[operation_id]
    operation = DOCUMENT["paths"][path][method]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    body = at_home(content.get("example"), tenant)
    if operation_id == "create_project":
        body = {**body, "id": f"shop-{tenant.id}", "site_ids": [f"shop-{tenant.id}"]}
    if operation_id == "sign_in":
        body = {"key": tenant.new_key("query")["token"]}
    sent = {"body": body, "media_type": "application/json"} if content else {}
    case = SCHEMA[path][method].Case(path_parameters=places(operation_id, tenant), **sent)
    headers = key_of(operation_id, tenant)
    answer = case.call_and_validate(tenant.url, tenant.session, headers=headers, checks=CHECKS, timeout=20)
    assert answer.status_code in {200, 201}, answer.text
