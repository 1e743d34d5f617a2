"""Two tenants on one installation: whatever the one asks, of any route and in any field, the other's data stays away.

The route table is read, so that a new route is asked, too, from the day on which it is made.
"""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
import pytest
from yarl import URL

from deploy.local.running import RunningStack
from ingest_api.keys import Kind
from queries import openapi
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
#: orders that change the asker's own project for good
NOT_ASKED = {"order_erasure"}


@dataclass(frozen=True)
class Tenant:
    """A project and its keys."""

    id: str
    keys: Mapping[Kind, str]


async def _tenant(session: aiohttp.ClientSession, env: Mapping[str, str]) -> Tenant:
    admin = {"Authorization": f"Bearer {env['HEADRACE_ADMIN_KEY']}"}
    projects = f"{env['HEADRACE_URL']}/api/v1/projects"
    name = f"tenant-{secrets.token_hex(4)}"

    async def order(path: str, body: object) -> Any:
        async with session.post(projects + path, json=body, headers=admin) as answer:
            assert answer.status == 201, await answer.text()
            return (await answer.json())["data"]

    await order("", {"id": name, "site_ids": [name]})
    keys = {kind: (await order(f"/{name}/keys", {"kind": kind}))["token"] for kind in KINDS}
    return Tenant(name, keys)


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


async def ask(session: aiohttp.ClientSession, url: str, question: Question, key: str) -> tuple[int, bytes]:
    """Status and the bytes that came; of an answer without end those of its first moment."""
    path = question.route.path
    for name, value in question.path.items():
        path = path.replace(f"{{{name}}}", quote(value or "x", safe=""))
    target = f"{url}{path}?{urlencode(question.params)}"
    headers = {"Authorization": f"Bearer {key}"}
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


ASKED = [route for route in ROUTES if route.kinds & set(KINDS) and route.name not in NOT_ASKED]


@pytest.mark.parametrize("route", ASKED, ids=lambda route: route.name)
async def test_nothing_that_is_asked_shows_the_other_ones_data(
    stack: RunningStack, tenants: tuple[aiohttp.ClientSession, Tenant, Tenant], route: Route
) -> None:
    session, asker, other = tenants
    seed = random.randrange(2**32)
    waiting = questions(route, _texts(random.Random(seed), other))
    kind = next(kind for kind in KINDS if kind in route.kinds)

    async def go_on() -> None:
        for question in waiting:
            status, read = await ask(session, stack.env["HEADRACE_QUERY_URL"], question, asker.keys[kind])
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
        status, read = await ask(
            session, stack.env["HEADRACE_QUERY_URL"], Question(events, {}, {}), one.keys[Kind.QUERY]
        )
        assert (status, SENTINEL.encode() in read, len(read) > 500) == (200, found, True)
