"""The matrix: every route, every kind and state of key, as a header and as a session. The default is no."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from ingest_api.projects import keys
from ingest_api.projects.keys import Key, Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from queries.app import build_app
from queries.route import Route
from queries.routes import ROUTES
from queries.settings import Settings
from queries.web.page import VIEWS
from tests.queries.conftest import Answer, Service, Tenant
from tests.queries.visitor import OWN_PAGE, PATH, Visitor

pytestmark = pytest.mark.stack

KEYS = (
    *("none", "malformed", "wrong secret", "relabelled", "revoked", "expired"),
    *("own write", "own query", "own delete", "own share"),
    *("other write", "other query", "other delete", "other share", "admin"),
)


@dataclass(frozen=True)
class Row:
    """Who is let in, and with which status. All others are told 401. Braces stand for what belongs to `own`."""

    lets_in: Mapping[str, int]
    order: bytes | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    #: where a browser's session is told another thing than its key
    signed_in: Mapping[str, int] | None = None

    def by_session(self, route: Route) -> Mapping[str, int]:
        """The same of sessions. A key for sending events has none."""
        told = self.lets_in if self.signed_in is None else self.signed_in
        return {who: status for who, status in told.items() if not (route.kinds and who.endswith("write"))}


DAY = {"from": "2026-01-01", "to": "2026-01-02"}
EVERYBODY = Row(dict.fromkeys(KEYS, 200))
#: who reads numbers of many, each those of the own project
READERS = dict.fromkeys(("own query", "other query", "own share", "other share"), 200)
#: the same where the question names a site of the own project
AT_HOME = {"own query": 200, "own share": 200, "other query": 403, "other share": 403}
ROWS: dict[str, Row] = {
    "GET /api/v1/stats": Row(AT_HOME, params={"site_id": "{site}"}),
    # As GET /api/v1/events, below.
    "POST /api/v2/query": Row(READERS, b'{"metrics":["visitors"]}'),
    # Nothing names a project here: each sees its own events, as test_app.py shows.
    "GET /api/v1/events": Row({"own query": 200, "other query": 200}),
    # Nobody waits here for what comes: whoever is let in is told that the cursor is wrong.
    "GET /api/v1/live": Row({"own query": 400, "other query": 400}, params={"after": "x"}),
    # As above; an operator sees all.
    "GET /api/v1/pipeline": Row({"own query": 200, "other query": 403, "admin": 200}, params={"project": "{id}"}),
    # As above; the event is nobody's.
    "GET /api/v1/ledger": Row({"own query": 200, "other query": 200}),
    "GET /v1/events/{event}": Row(dict.fromkeys(("own query", "own write", "other query", "other write"), 404)),
    # As above: each asks of people of its own, who are not there.
    "GET /api/v1/users/{user}": Row({"own query": 404, "other query": 404}),
    "GET /api/v1/identities": Row({"own query": 200, "other query": 200}),
    "PUT /api/v1/identities/{client_id}": Row({"own delete": 200, "other delete": 200}, b'{"user_id":"ada"}'),
    "DELETE /api/v1/identities/{client_id}": Row({"own delete": 200, "other delete": 200}),
    "POST /api/v1/erasures": Row({"own delete": 200, "other delete": 200}, b'{"user_id":"ada"}'),
    "GET /api/v1/erasures": Row({"own delete": 200, "other delete": 200}),
    "GET /api/v1/erasures/{erasure}": Row({"own delete": 404, "other delete": 404}),
    "GET /api/v1/rejected": Row({"own query": 200, "other query": 403, "admin": 200}, params={"project": "{id}"}),
    "GET /api/v1/rejected/{fingerprint}": Row(dict.fromkeys(("own query", "other query", "admin"), 404)),
    "POST /api/v1/redrive": Row({"admin": 200}, b'{"fingerprint":"nobody"}'),
    "POST /api/v1/shards/{shard}/allow": Row({"admin": 404}, b"{}"),
    # As above: each sees its own.
    "GET /api/v1/catalog": Row({"own query": 200, "other query": 200}),
    "GET /api/v1/catalog/{name}": Row({"own query": 404, "other query": 404}),
    "GET /api/v1/violations": Row({"own query": 200, "other query": 200}),
    "POST /api/v1/reports/funnel": Row(READERS, b'{"steps":[{"event":"a"},{"event":"b"}]}'),
    "POST /api/v1/reports/retention": Row(READERS, b"{}"),
    "POST /api/v1/reports/paths": Row(READERS, b"{}"),
    "GET /api/v1/reports/top": Row(AT_HOME, params={"site_id": "{site}"}),
    "GET /api/v1/reports/realtime": Row(READERS),
    "GET /api/v1/reports/explorer": Row(READERS),
    "GET /api/v1/reports/timeline": Row({"own query": 200, "other query": 200}, params={"user_id": "ada"}),
    "GET /api/v1/projects/{id}/schemas": Row({"admin": 200}),
    "GET /api/v1/projects/{id}/schemas/{name}": Row({"admin": 404}),
    "PUT /api/v1/projects/{id}/schemas/{name}": Row({"admin": 200}, b'{"schema":{}}'),
    "DELETE /api/v1/projects/{id}/schemas/{name}": Row({"admin": 404}),
    "POST /api/v1/projects/{id}/schemas/{name}/check": Row({"admin": 200}, b'{"schema":{}}'),
    # As above: each sees its own.
    # As above.
    "POST /api/v1/sql": Row({"own query": 200, "other query": 200}, b'{"sql":"SELECT count() FROM events"}'),
    "GET /api/v1/export": Row({"own query": 200, "other query": 200}, params=DAY),
    "GET /api/v1/export/hours": Row({"own query": 200, "other query": 200}, params=DAY),
    "GET /api/v1/queries": Row({"own query": 200, "other query": 200}),
    "GET /api/v1/queries/{query}": Row({"own query": 404, "other query": 404}),
    "PUT /api/v1/queries/{query}": Row(
        {"own query": 200, "other query": 200}, b'{"question":{"metrics":["event_count"]}}'
    ),
    "DELETE /api/v1/queries/{query}": Row({"own query": 404, "other query": 404}),
    "POST /api/v1/queries/{query}/run": Row({"own query": 404, "other query": 404}),
    "GET /api/v1/alerts": Row({"own query": 200, "other query": 200}),
    "GET /api/v1/alerts/{alert}": Row({"own query": 404, "other query": 404}),
    "GET /api/v1/projects/{id}/alerts": Row({"admin": 200}),
    "GET /api/v1/projects/{id}/alerts/{alert}": Row({"admin": 404}),
    "PUT /api/v1/projects/{id}/alerts/{alert}": Row(
        {"admin": 200},
        b'{"question":{"metrics":["event_count"]},"condition":"above","webhooks":["https://hooks.shop.example/"]}',
    ),
    "DELETE /api/v1/projects/{id}/alerts/{alert}": Row({"admin": 404}),
    "POST /api/v1/projects/{id}/alerts/{alert}/test": Row({"admin": 404}),
    "GET /api/v1/projects": Row({"admin": 200}),
    "POST /api/v1/projects": Row({"admin": 201}, b'{"id":"new"}'),
    "GET /api/v1/projects/{id}": Row({"admin": 200}),
    "PATCH /api/v1/projects/{id}": Row({"admin": 200}, b'{"past_days":1}'),
    "POST /api/v1/projects/{id}/sites": Row({"admin": 201}, b'{"site_id":"new"}'),
    "DELETE /api/v1/projects/{id}/sites/{site}": Row({"admin": 200}),
    "GET /api/v1/projects/{id}/keys": Row({"admin": 200}),
    "POST /api/v1/projects/{id}/keys": Row({"admin": 201}, b'{"kind":"write"}'),
    "POST /api/v1/projects/{id}/keys/{key}/rotate": Row({"admin": 201}, b"{}"),
    "PATCH /api/v1/projects/{id}/keys/{key}": Row({"admin": 200}, b'{"rate":1}'),
    "DELETE /api/v1/projects/{id}/keys/{key}": Row({"admin": 200}),
    # As above.
    "GET /api/v1/shares": Row({"own query": 200, "other query": 200}),
    "POST /api/v1/shares": Row({"own query": 201, "other query": 201}, b"{}"),
    "DELETE /api/v1/shares/{share}": Row({"own query": 200, "other query": 404}),
    # A header signs nobody in: only who has signed in with an admin key opens a project.
    "GET /api/v1/session": EVERYBODY,
    "POST /api/v1/session": Row({}, b'{"project":"{id}"}', signed_in={"admin": 200}),
    "DELETE /api/v1/session": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /": EVERYBODY,
}


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def forged(key: Key, kind: Kind, secret: str) -> str:
    """A token with a right checksum that was never given out."""
    body = f"hr_{kind}_{key.id}_{secret}"
    return body + keys._checksum(body)


async def ring(redis: Redis, own: Tenant, other: Tenant, kind: Kind) -> dict[str, str]:
    """A token of every sort; those that are closed would be of the right kind."""
    projects = Projects(redis)
    _, admin = await projects.create_key("", Kind.ADMIN)
    key, good = await projects.create_key(own.id, kind)
    gone, revoked = await projects.create_key(own.id, kind)
    await projects.revoke_key(gone.id)
    _, expired = await projects.create_key(own.id, kind, expires_at=1)
    write, token = await projects.create_key(own.id, Kind.WRITE)
    tokens = {
        "none": "",
        "malformed": good[:-1],
        "wrong secret": forged(key, kind, "0" * 27),
        "relabelled": forged(write, kind, token.split("_")[3][:27]),
        "revoked": revoked,
        "expired": expired,
        "admin": admin,
    }
    for whose, tenant in (("own", own), ("other", other)):
        tokens |= {f"{whose} {one}": tenant.keys[one] for one in tenant.keys}
        _, tokens[f"{whose} share"] = await projects.create_key(tenant.id, Kind.SHARE)
    assert set(tokens) == set(KEYS)
    return tokens


@pytest.mark.parametrize("route", ROUTES, ids=name)
async def test_a_key_opens_what_its_row_says_and_nothing_else(
    service: Service, redis: Redis, tenant: Tenant, stranger: Tenant, route: Route
) -> None:
    tokens = await ring(redis, tenant, stranger, route.needs or Kind.QUERY)
    question = asked(route, tenant, tokens)
    told = {
        who: await service.ask(
            question.path,
            f"Bearer {tokens[who]}" if tokens[who] else "",
            question.params,
            route.method,
            data=question.order,
            headers={} if route.kinds else OWN_PAGE,
        )
        for who in last(question.row.lets_in)
    }
    assert statuses(told) == {who: question.row.lets_in.get(who, 401) for who in KEYS}
    await are_alike(service, told)


@pytest.mark.parametrize("route", ROUTES, ids=name)
async def test_a_session_opens_what_its_key_does_and_nothing_else(
    service: Service, redis: Redis, tenant: Tenant, stranger: Tenant, route: Route
) -> None:
    tokens = await ring(redis, tenant, stranger, route.needs or Kind.QUERY)
    visitors = {who: Visitor(service, f"headrace_session={tokens[who]}") for who in KEYS}
    for who in ("admin", *(who for who in KEYS if who.startswith(("own", "other")) and not who.endswith("write"))):
        await visitors[who].sign_in(key=tokens[who])
    question = asked(route, tenant, tokens)
    lets_in = question.row.by_session(route)
    elsewhere = [
        await one.ask(question.path, route.method, question.order, question.params, {"Sec-Fetch-Site": "cross-site"})
        for who, one in visitors.items()
        if route.method != "GET" and who != "none"
    ]
    assert {answer.status for answer in elsewhere} <= {403}
    told = {
        who: await visitors[who].ask(question.path, route.method, question.order, question.params)
        for who in last(lets_in)
    }
    assert statuses(told) == {who: lets_in.get(who, 401) for who in KEYS}
    await are_alike(service, told)


@dataclass(frozen=True)
class Asked:
    """A request to a route, about what belongs to `own`."""

    row: Row
    path: str
    params: Mapping[str, str]
    order: bytes | None


def asked(route: Route, own: Tenant, tokens: Mapping[str, str]) -> Asked:
    """As the row has it."""
    row = ROWS[name(route)]
    ids = {place: keys.key_id(tokens[f"own {kind}"]) or "" for place, kind in (("key", "delete"), ("share", "share"))}
    places = {"id": own.id, "site": own.site, "event": f"evt_{'0' * 32}", **ids}
    places |= {"name": "signup", "client_id": "c1", "shard": "0", "query": "daily", "alert": "quiet"}
    places |= dict.fromkeys(("user", "erasure", "fingerprint"), "nobody")
    params = {what: value.format(**places) for what, value in row.params.items()}
    order = row.order.replace(b"{id}", own.id.encode()) if row.order else row.order
    return Asked(row, route.path.format(**places), params, order)


def last(lets_in: Mapping[str, int]) -> list[str]:
    """Those let in come last: some change what is there."""
    return sorted(KEYS, key=lets_in.__contains__)


def statuses(told: Mapping[str, Answer]) -> dict[str, int]:
    return {who: answer.status for who, answer in told.items()}


async def are_alike(service: Service, told: Mapping[str, Answer]) -> None:
    """What all answers have in common; and whoever is not let in is not told why."""
    kept_out = {answer.raw for answer in told.values() if answer.status == 401}
    nobody = [await service.ask("/api/v1/stats"), await Visitor(service).ask(PATH, "POST", {"project": "x"})]
    assert len(kept_out) <= 1, "one answer for all causes"
    assert kept_out <= {answer.raw for answer in nobody}
    assert all(answer.headers["X-Request-Id"] for answer in told.values())
    assert {answer.headers["Cache-Control"] for answer in told.values()} == {"no-store"}


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    assert sorted(map(name, ROUTES)) == sorted(ROWS)


def test_the_application_serves_the_table_and_nothing_else() -> None:
    served = {
        f"{route.method} {route.resource.canonical}"
        for route in build_app(Settings()).router.routes()
        if route.resource and route.method not in {"HEAD", "*"}
    }
    files = {"GET /openapi.json", "GET /reference", "GET /app", "GET /app/assets/{name}"}
    assert served == {*map(name, ROUTES), *files, *(f"GET /app/{view}" for view in VIEWS)}


def test_a_route_that_takes_orders_needs_a_key() -> None:
    open_ones = [route for route in ROUTES if route.needs is None]
    changing = {name(route) for route in open_ones if route.method != "GET" or route.parameters}
    assert changing == {"POST /api/v1/session", "DELETE /api/v1/session"}, "these ask where the page is from"
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    assert all(route.summary for route in ROUTES)
