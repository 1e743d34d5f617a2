"""Two tenants on one installation: whatever the one asks, of any route, in any field, the other's data stays away.

The route table is read, so that a new route is asked, too, from the day on which it is made.
"""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
import pytest
from yarl import URL

from deploy.local.running import RunningStack
from ingest_api.projects.keys import Kind
from queries.documents import openapi
from queries.route import Route
from queries.routes import ROUTES
from tests.ingest_api.corpora.packages import naughty_strings
from tests.queries.hostile import INJECTIONS

pytestmark = pytest.mark.stack

#: stands in everything that the other tenant stored, and in nothing that is asked
SENTINEL = "s3ntinel-of-the-other"
#: of each field of each route so many texts are tried, others in each run of the suite
TRIES = 12
#: keys that a tenant may hold
KINDS = (Kind.QUERY, Kind.DELETE, Kind.WRITE)
#: orders that change the asker's own project for good, or end her session
NOT_ASKED = {"order_erasure", "sign_out"}
#: routes of a session, which need no key
SESSION = {"sign_in", "show_session"}
#: headers: a key, or the cookie of a browser and where its page is from
Credentials = Mapping[str, str]


@dataclass(frozen=True)
class Tenant:
    """A project and its keys."""

    id: str
    keys: Mapping[Kind, str]
    #: of a browser that signed in with all of them
    session: Credentials
    #: a share link, as a key and as a session
    shares: tuple[Credentials, Credentials]

    def credentials(self, route: Route) -> list[Credentials]:
        """All that may open a route."""
        found = [_bearer(self.keys[kind]) for kind in KINDS if kind in route.kinds]
        shares = self.shares if Kind.SHARE in route.kinds else ()
        return [*found, self.session, *shares]


async def _tenant(session: aiohttp.ClientSession, env: Mapping[str, str]) -> Tenant:
    admin = {"Authorization": f"Bearer {env['HEADRACE_ADMIN_KEY']}"}
    projects = f"{env['HEADRACE_URL']}/api/v1/projects"
    name = f"tenant-{secrets.token_hex(4)}"

    async def order(path: str, body: object) -> Any:
        async with session.post(projects + path, json=body, headers=admin) as answer:
            assert answer.status == 201, await answer.text()
            return (await answer.json())["data"]

    await order("", {"id": name, "site_ids": [name]})
    keys = {kind: (await order(f"/{name}/keys", {"kind": kind}))["token"] for kind in (*KINDS, Kind.SHARE)}
    share = keys.pop(Kind.SHARE)
    signed_in = await _signed_in(session, env["HEADRACE_URL"], keys[Kind.QUERY], keys[Kind.DELETE])
    return Tenant(name, keys, signed_in, (_bearer(share), await _signed_in(session, env["HEADRACE_URL"], share)))


async def _signed_in(session: aiohttp.ClientSession, url: str, *keys: str) -> Credentials:
    """What a browser sends that signed in with these keys."""
    sent = {"Sec-Fetch-Site": "same-origin"}
    for key in keys:
        async with session.post(f"{url}/api/v1/session", json={"key": key}, headers=sent) as answer:
            assert answer.status == 200, await answer.text()
            (cookie,) = answer.cookies.values()
            sent = {**sent, "Cookie": f"{cookie.key}={cookie.value}"}
    return sent


def _bearer(key: str) -> Credentials:
    return {"Authorization": f"Bearer {key}"}


async def _fill(session: aiohttp.ClientSession, env: Mapping[str, str], tenant: Tenant, mark: str) -> None:
    """Events that say `mark` wherever an event may say something, good ones and one for the rejected."""
    events = [
        {
            "event_type": name,
            "occurred_at": "2026-11-20T10:00:00Z",
            "user_id": f"{mark}-user" if number % 2 else "",
            "client_id": f"{mark}-client",
            "session_id": f"{mark}-session-{number}",
            "url": f"https://{mark}.example/{mark}?utm_source={mark}&utm_campaign={mark}",
            "referrer": f"https://{mark}.example/from",
            "title": mark,
            "data": {"said": mark, mark: {"deep": [mark]}, "price": number, "plan": mark},
        }
        for number, name in enumerate(("page_view", "identify", mark, "purchase"))
    ]
    url = f"{env['HEADRACE_INGEST_URL']}/v1/events?ack=queryable"
    headers = {"Authorization": f"Bearer {tenant.keys[Kind.WRITE]}"}
    async with session.post(url, data=orjson.dumps(events), headers=headers) as answer:
        told = await answer.json()
        assert (answer.status, told["accepted"]) == (200, len(events)), told


def _texts(dice: random.Random, stranger: Tenant) -> Iterator[str]:
    """Without end: injections, naughty strings, the other tenant's names."""
    naughty = naughty_strings()
    while True:
        yield dice.choice((dice.choice(INJECTIONS), dice.choice(naughty), stranger.id))


def _leaves(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a body something stands."""
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield (*path, key)
            yield from _leaves(value, (*path, key))


def _with(document: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = _with(copy[path[0]], path[1:], value)
    return copy


@dataclass(frozen=True)
class Question:
    """One request."""

    route: Route
    path: Mapping[str, str]
    params: Mapping[str, str]
    body: Any = None


def questions(route: Route, texts: Iterator[str]) -> Iterator[Question]:
    """Each field of a route in turn with each of some texts; the others are left out, or as in its example."""
    names = [name.partition("}")[0] for name in route.path.split("{")[1:]]
    example = openapi.EXAMPLES.get(route.name, {}) if route.request else None
    plain = dict.fromkeys(names, "x")
    yield Question(route, plain, {}, example)
    for _ in range(TRIES):
        for name in names:
            yield Question(route, {**plain, name: next(texts)}, {}, example)
        for parameter in route.parameters:
            yield Question(route, plain, {parameter.name: next(texts)}, example)
        yield Question(route, plain, {one.name: next(texts) for one in route.parameters}, example)
        for leaf in _leaves(example):
            text = next(texts)
            yield Question(route, plain, {}, _with(example, leaf, text))
            yield Question(route, plain, {}, _with(example, leaf, [text]))


async def ask(
    session: aiohttp.ClientSession, url: str, question: Question, credentials: Credentials
) -> tuple[int, bytes]:
    """Status and the bytes that came; of an answer without end those of its first moment."""
    path = question.route.path
    for name, value in question.path.items():
        path = path.replace(f"{{{name}}}", quote(value or "x", safe=""))
    target = f"{url}{path}?{urlencode(question.params)}"
    headers = dict(credentials)
    data = None
    if question.body is not None:
        headers["Content-Type"] = "application/json"
        data = orjson.dumps(question.body)
    read = bytearray()
    async with session.request(question.route.method, URL(target, encoded=True), data=data, headers=headers) as answer:
        endless = answer.content_type == "text/event-stream"
        try:
            async with asyncio.timeout(0.3 if endless else 60):
                async for chunk in answer.content.iter_any():
                    read += chunk
        except TimeoutError:
            assert endless
        return answer.status, bytes(read)


@pytest.fixture(scope="module")
async def tenants(stack: RunningStack) -> AsyncIterator[tuple[aiohttp.ClientSession, Tenant, Tenant]]:
    """Who asks, and the other one, both with events; only the other's hold the sentinel."""
    async with aiohttp.ClientSession() as session:
        asker, other = await _tenant(session, stack.env), await _tenant(session, stack.env)
        await _fill(session, stack.env, asker, "own-words")
        await _fill(session, stack.env, other, SENTINEL)
        yield session, asker, other


ASKED = [
    route for route in ROUTES if (route.kinds & set(KINDS) or route.name in SESSION) and route.name not in NOT_ASKED
]


@pytest.mark.parametrize("route", ASKED, ids=lambda route: route.name)
async def test_nothing_that_is_asked_shows_the_other_ones_data(
    stack: RunningStack, tenants: tuple[aiohttp.ClientSession, Tenant, Tenant], route: Route
) -> None:
    session, asker, other = tenants
    seed = random.randrange(2**32)
    waiting = questions(route, _texts(random.Random(seed), other))
    turns = cycle(asker.credentials(route))

    async def go_on() -> None:
        for question in waiting:
            status, read = await ask(session, stack.env["HEADRACE_QUERY_URL"], question, next(turns))
            told = (seed, question.path, question.params, question.body, read[:500])
            assert status < 500, told
            assert SENTINEL.encode() not in read, told

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(go_on())


async def test_the_other_one_finds_her_own_data(
    stack: RunningStack, tenants: tuple[aiohttp.ClientSession, Tenant, Tenant]
) -> None:
    """The control: the sentinel is there to be found."""
    session, asker, other = tenants
    events = next(route for route in ROUTES if route.path == "/api/v1/events")
    for one, found in ((other, True), (asker, False)):
        for credentials in (_bearer(one.keys[Kind.QUERY]), one.session):
            status, read = await ask(session, stack.env["HEADRACE_QUERY_URL"], Question(events, {}, {}), credentials)
            assert (status, SENTINEL.encode() in read, len(read) > 500) == (200, found, True)


async def test_a_session_is_of_its_project_and_of_the_query_service_alone(
    stack: RunningStack, tenants: tuple[aiohttp.ClientSession, Tenant, Tenant]
) -> None:
    session, asker, other = tenants
    url = stack.env["HEADRACE_URL"]
    for credentials in (asker.session, asker.shares[1]):
        async with session.get(f"{url}/api/v1/session", headers=credentials) as answer:
            assert (await answer.json())["data"]["project"]["id"] == asker.id
        async with session.post(f"{url}/api/v1/session", json={"project": other.id}, headers=credentials) as answer:
            assert answer.status == 401
        params = {"site_id": other.id}
        async with session.get(f"{url}/api/v1/stats", params=params, headers=credentials) as answer:
            assert answer.status == 403
        token = credentials["Cookie"].partition("=")[2]
        event = {"event_type": "signup", "occurred_at": "2026-11-20T10:00:00Z"}
        for headers in (credentials, _bearer(token), {**credentials, "x-eventbunker-write-key": token}):
            for path, body in (("/v1/events", event), ("/collect", event), ("/post", {"event_name": "signup"})):
                async with session.post(url + path, json=body, headers=headers) as answer:
                    assert answer.status == 401, (path, await answer.text())


async def test_no_log_of_any_process_has_a_cookie_or_a_key(
    stack: RunningStack, tenants: tuple[aiohttp.ClientSession, Tenant, Tenant]
) -> None:
    """Also where what is sent is no HTTP, which errors like to quote."""
    session, asker, _ = tenants
    sent = [value for one in (asker.session, *asker.shares) for name, value in one.items() if "Sec" not in name]
    for name in ("HEADRACE_URL", "HEADRACE_QUERY_URL", "HEADRACE_INGEST_URL"):
        url = URL(stack.env[name])
        for value in sent:
            assert b" 400 " in await _no_http(url, f"Cookie: {value}\x00\r\nAuthorization: {value}\x00")
    async with session.get(f"{stack.env['HEADRACE_URL']}/nowhere", headers=asker.session) as answer:
        assert answer.status == 404
    secrets_sent = {value.rpartition("_")[2].encode() for value in sent}
    logs = {log.name: log.read_bytes() for log in stack.home.logs.iterdir() if log.is_file()}
    assert len(logs) > 4
    assert [(name, len(log)) for name, log in logs.items() if any(secret in log for secret in secrets_sent)] == []
    assert any(b"Error handling request" in log for log in logs.values()), "they do say that something was wrong"


async def _no_http(url: URL, header: str) -> bytes:
    """The first line of the answer to a request with this header."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"GET /api/v1/stats HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line
