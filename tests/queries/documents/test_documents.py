"""The document and its page over HTTP: types, caches, and what a browser is told to let in."""

from collections.abc import AsyncIterator

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from queries.app import build_app
from queries.documents import openapi, reference
from queries.routes import ROUTES
from queries.settings import Settings

Client = TestClient[Request, Application]
KINDS = {"/openapi.json": "application/json", "/reference": "text/html"}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """The service; neither Redis nor ClickHouse is asked for these."""
    async with TestClient(TestServer(build_app(Settings()))) as one:
        yield one


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
async def test_each_is_served_with_its_type_and_may_be_kept(client: Client, path: str, kind: str) -> None:
    for asked in (path, f"{path}/"):
        async with client.get(asked) as answer:
            assert (answer.status, answer.content_type, answer.charset) == (200, kind, "utf-8")
            assert answer.headers["Cache-Control"] == "public, max-age=300"
            assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", KINDS)
async def test_who_has_it_already_is_told_so(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        tag = answer.headers["ETag"]
    for known, status in ((tag, 304), (f'"x", W/{tag}', 304), ("*", 304), ('"x"', 200)):
        async with client.get(path, headers={"If-None-Match": known}) as answer:
            assert (answer.status, answer.headers["ETag"]) == (status, tag)
            assert bool(await answer.read()) is (status == 200)


@pytest.mark.parametrize("path", KINDS)
async def test_head_is_answered_and_other_methods_are_not(client: Client, path: str) -> None:
    async with client.head(path) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
    async with client.post(path) as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]


async def test_it_is_the_document_and_its_page(client: Client) -> None:
    document = openapi.document(ROUTES)
    async with client.get("/openapi.json") as answer:
        assert await answer.json() == orjson.loads(orjson.dumps(document))
    async with client.get("/reference") as answer:
        assert await answer.text() == reference.page(document)
        assert answer.headers["Content-Security-Policy"] == reference.POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
