"""What every route has in common: paths, methods, sizes, ids of requests, and how soon a change is seen."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.local.ports import free_port
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Install, Redis
from queries.route import MAX_BYTES
from tests.queries.conftest import Console, Service, Tenant
from tests.queries.visitor import PATH as SESSION
from tests.queries.visitor import Visitor
from tests.waiting import until

pytestmark = pytest.mark.stack

#: headers of requests that no page of the service's own sends
ELSEWHERE: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "{own}"},
    {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "", "Origin": "null"},
    {"Sec-Fetch-Site": "", "Origin": "{own}.evil.example"},
    {"Sec-Fetch-Site": "", "Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "", "Referer": "{own}/app/"},
]
#: what was promised: a change is seen by every process within this
SECONDS = 5.0


async def test_every_path_says_which_methods_it_takes(service: Service) -> None:
    for path, allow in [
        ("/api/v1/stats", "GET, HEAD, OPTIONS"),
        ("/api/v1/projects", "GET, HEAD, OPTIONS, POST"),
        ("/api/v1/projects/shop", "GET, HEAD, OPTIONS, PATCH"),
        ("/api/v1/projects/shop/sites", "OPTIONS, POST"),
        ("/api/v1/projects/shop/sites/web", "DELETE, OPTIONS"),
        ("/api/v1/projects/shop/keys/one", "DELETE, OPTIONS, PATCH"),
        ("/api/v1/projects/shop/keys/one/rotate", "OPTIONS, POST"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
    ]:
        for place in {path, f"{path.rstrip('/')}/"}:
            refused = await service.ask(place, method="PUT")
            assert (refused.status, refused.headers["Allow"], refused.body["status"]) == (405, allow, 405), place
            asked = await service.ask(place, method="OPTIONS")
            assert (asked.status, asked.headers["Allow"], asked.raw) == (204, allow, b"")


async def test_a_slash_at_the_end_changes_nothing(service: Service, tenant: Tenant, console: Console) -> None:
    assert (await service.ask("/api/v1/stats/", tenant.bearer(Kind.QUERY))).status == 200
    assert (await service.ask("/healthz/")).body == {"status": "alive"}
    assert (await console("POST", "/", {"id": "shop"})).status == 201
    assert (await console.done("GET", "/shop/"))["id"] == "shop"
    assert (await service.ask("/api/v1/projects/")).status == 401


async def test_head_is_get_without_its_body(service: Service, tenant: Tenant) -> None:
    for path in ("/api/v1/events", "/api/v1/events/", "/healthz"):
        head = await service.ask(path, tenant.bearer(Kind.QUERY), method="HEAD")
        assert (head.status, head.raw, head.headers["Content-Type"]) == (200, b"", "application/json")
    assert (await service.ask("/api/v1/stats", method="HEAD")).status == 401


async def test_every_answer_has_an_id_of_its_own(service: Service, tenant: Tenant) -> None:
    asked = [("/", "GET"), ("/nowhere", "GET"), ("/", "PUT"), ("/", "OPTIONS"), ("/api/v1/stats", "GET")]
    answers = [await service.ask(path, method=method) for path, method in asked]
    answers.append(await service.ask("/api/v1/stats", tenant.bearer(Kind.QUERY), headers={"X-Request-Id": "mine"}))
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == len(answers)
    assert "mine" not in ids


async def test_a_body_that_is_too_large_packed_or_of_another_type_is_refused(
    console: Console, service: Service, redis: Redis
) -> None:
    _, token = await Projects(redis).create_key("", Kind.ADMIN)
    large = b'{"id":"shop"' + b" " * MAX_BYTES + b"}"
    for data, headers, status in [
        (large, {}, 413),
        (large[: MAX_BYTES - 1] + b"}", {}, 201),
        (b'{"id":"a"}', {"Content-Encoding": "gzip"}, 415),
        (b'{"id":"a"}', {"Content-Type": "text/plain"}, 415),
        (b"nonsense", {}, 400),
    ]:
        path = "/api/v1/projects"
        answer = await service.ask(path, f"Bearer {token}", method="POST", data=data, headers=headers)
        assert (answer.status, answer.body["success"]) == (status, status == 201), answer.raw
    assert [one["id"] for one in (await console.done("GET", ""))["projects"]] == ["shop"]


async def test_without_a_key_a_body_is_not_looked_at(service: Service) -> None:
    answers = [
        await service.ask("/api/v1/projects", method="POST", data=data)
        for data in (b"{}", b"nonsense", b"x" * (MAX_BYTES + 1))
    ]
    assert {answer.status for answer in answers} == {401}


async def test_bytes_that_are_no_text_are_refused_and_harm_nothing(service: Service, console: Console) -> None:
    for path in ("/%FF", "/a%00b", "/%2e%2e", "/a%0Ab/keys"):
        assert (await console("GET", path)).status == 404


@contextlib.asynccontextmanager
async def process(redis_url: str, clickhouse_url: str) -> AsyncIterator[str]:
    """`python -m queries` in a process of its own. Yields its URL."""
    port = free_port()
    env = {"HEADRACE_REDIS_URL": redis_url, "HEADRACE_CLICKHOUSE_URL": clickhouse_url, "HEADRACE_QUERY_PORT": str(port)}
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "queries"), env={**os.environ, **env}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        started.terminate()
        async with asyncio.timeout(15):
            await started.wait()


async def test_a_change_is_seen_by_every_process_within_seconds(
    redis: Redis, redis_url: str, clickhouse_url: str, tenant: Tenant, installed: Install
) -> None:
    projects = Projects(redis)
    key, token = await projects.create_key(tenant.id, Kind.QUERY)
    _, admin = await projects.create_key("", Kind.ADMIN)

    async with (
        process(redis_url, clickhouse_url) as one,
        process(redis_url, clickhouse_url) as other,
        aiohttp.ClientSession() as client,
    ):

        async def statuses(bearer: str, site: str) -> set[int]:
            found = set()
            for url in (one, other):
                asked = f"{url}/api/v1/stats?site_id={site}"
                try:
                    async with client.get(asked, headers={"Authorization": f"Bearer {bearer}"}) as answer:
                        found.add(answer.status)
                except aiohttp.ClientConnectionError:
                    found.add(0)
            return found

        async def all_say(status: int, site: str = tenant.site) -> bool:
            return await statuses(token, site) == {status}

        await until(lambda: all_say(200), within=30)
        assert await all_say(403, "new-site")
        allowed, path = {"Authorization": f"Bearer {admin}"}, f"/api/v1/projects/{tenant.id}"
        async with client.post(f"{one}{path}/sites", json={"site_id": "new-site"}, headers=allowed) as done:
            assert done.status == 201
        await until(lambda: all_say(200, "new-site"), within=SECONDS)
        async with client.delete(f"{other}{path}/keys/{key.id}", headers=allowed) as done:
            assert done.status == 200
        await until(lambda: all_say(401), within=SECONDS)


@pytest.mark.parametrize("headers", ELSEWHERE, ids=json.dumps)
async def test_a_page_of_elsewhere_changes_nothing(service: Service, tenant: Tenant, headers: dict[str, str]) -> None:
    visitor = Visitor(service)
    told = await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    sent = {name: value.format(own=told["origin"]) for name, value in headers.items()}
    for method, path, order in (
        ("POST", SESSION, {"key": tenant.keys[Kind.QUERY]}),
        ("DELETE", SESSION, None),
        ("POST", "/api/v2/query", {"metrics": ["visitors"]}),
        ("PUT", "/api/v1/queries/daily", {"question": {"metrics": ["visitors"]}}),
        ("POST", "/api/v1/shares", {}),
    ):
        refused = await visitor.ask(path, method, order, headers=sent)
        assert (refused.status, refused.headers.get("Set-Cookie")) == (403, None), path
        assert "a page of another origin" in refused.body["error"]
        unsigned = await Visitor(service).ask(path, method, order, headers=sent)
        assert unsigned.status == (403 if path == SESSION else 401), "without a cookie there is nothing to protect"
    assert (await visitor.ask("/api/v1/stats", headers=sent)).status == 200, "what changes nothing is answered"
    assert await visitor.who() == told
    assert (await visitor.ask("/api/v1/queries")).body["data"]["queries"] == []


async def test_an_own_page_of_a_browser_that_sends_no_fetch_metadata_is_known_by_its_origin(
    service: Service, tenant: Tenant
) -> None:
    visitor = Visitor(service)
    told = await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    own = {"Sec-Fetch-Site": "", "Origin": told["origin"]}
    assert (await visitor.ask("/api/v2/query", "POST", {"metrics": ["visitors"]}, headers=own)).status == 200
    behind = {**own, "X-Forwarded-Proto": "https"}
    assert (await visitor.ask(SESSION, "DELETE", headers=behind)).status == 403, "http is not https"
    await visitor.ask(SESSION, "DELETE", headers={**behind, "Origin": told["origin"].replace("http:", "https:")})


async def test_a_header_wins_over_the_cookie_and_needs_no_page(
    service: Service, tenant: Tenant, stranger: Tenant
) -> None:
    visitor = Visitor(service)
    await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    other = {"Authorization": stranger.bearer(Kind.QUERY), "Sec-Fetch-Site": "cross-site"}
    assert (await visitor.ask("/api/v1/stats", params={"site_id": stranger.site}, headers=other)).status == 200
    assert (await visitor.ask("/api/v2/query", "POST", {"metrics": ["visitors"]}, headers=other)).status == 200
    for wrong in ("Bearer hr_query_unknown", "Bearer", "nonsense", "Basic eDp5"):
        answer = await visitor.ask("/api/v1/stats", headers={"Authorization": wrong})
        assert answer.status == 401, "a key that opens nothing does not fall back on the cookie"


async def test_nothing_that_is_secret_stands_in_a_log_line(
    redis_url: str, clickhouse_url: str, tenant: Tenant, installed: Install
) -> None:
    port, secret = free_port(), tenant.keys[Kind.QUERY].split("_")[3]
    env = {"HEADRACE_REDIS_URL": redis_url, "HEADRACE_CLICKHOUSE_URL": clickhouse_url, "HEADRACE_QUERY_PORT": str(port)}
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "queries"),
        env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with aiohttp.ClientSession() as client:
        visitor = Visitor(Service(f"http://127.0.0.1:{port}", client))

        async def answers() -> bool:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                return (await visitor.ask("/readyz")).status == 200
            return False

        await until(answers, within=30)
        await visitor.sign_in(key=tenant.keys[Kind.QUERY])
        session = visitor.token.split("_")[3]
        wrong = [("GET", "/nowhere"), ("POST", SESSION), ("GET", "/api/v1/stats?period=x"), ("PUT", "/api/v1/stats")]
        for method, path in wrong:
            assert (await visitor.ask(path, method)).status >= 400
        for broken in ("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}\x00\r\n\r\n", "{} / HTTP/9.9\r\n\r\n"):
            assert "400" in await told(port, broken.format(visitor.cookie))
    started.terminate()
    log, _ = await asyncio.wait_for(started.communicate(), 15)
    assert [name for name in (secret, session) if name.encode() in log] == []


async def told(port: int, sent: str) -> str:
    """The first line of the answer to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent.encode())
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line.decode()
