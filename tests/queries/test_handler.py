"""What every route has in common: paths, methods, sizes, ids of requests, and how soon a change is seen."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest

from deploy.local.ports import free_port
from ingest_api.keys import Kind
from ingest_api.projects import Projects
from ingest_api.stream import Install, Redis
from queries.route import MAX_BYTES
from tests.queries.conftest import Console, Service, Tenant
from tests.waiting import until

pytestmark = pytest.mark.stack

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
