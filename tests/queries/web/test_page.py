"""The page over HTTP: which paths there are, what a browser may keep, and what it is told to let in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from queries.app import build_app
from queries.settings import Settings
from queries.web.page import POLICY, VIEWS, pages

Client = TestClient[web.Request, web.Application]

INDEX = b"<!doctype html><title>Headrace</title>"
SCRIPT = b"console.log('headrace');\n" * 200


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Client]:
    """The page alone, of this folder."""
    app = web.Application()
    for path, handle in pages(folder).items():
        app.router.add_get(path, handle)
    async with TestClient(TestServer(app), auto_decompress=False) as one:
        yield one


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A page that was built."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "assets" / "main-a1.js").write_bytes(SCRIPT)
    async with served(tmp_path) as one:
        yield one


async def test_every_view_is_the_same_document_which_is_asked_for_anew_each_time(client: Client) -> None:
    for path in ("/app", *(f"/app/{name}" for name in VIEWS)):
        async with client.get(path) as answer:
            assert (answer.status, await answer.read()) == (200, INDEX), path
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert answer.headers["Cache-Control"] == "no-cache"


async def test_a_file_with_a_hash_in_its_name_is_kept_for_ever(client: Client) -> None:
    async with client.get("/app/assets/main-a1.js", headers={"Accept-Encoding": "identity"}) as answer:
        assert (answer.status, await answer.read()) == (200, SCRIPT)
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    [
        *("/app/nowhere", "/app/overview/x", "/app/assets/none-1.js", "/app/assets/index.html", "/app/index.html"),
        *("/app/assets/..%2Findex.html", "/app/assets/%2e%2e", "/app/assets/", "/app/assets/main-a1.js%00"),
    ],
)
async def test_everything_else_is_not_there(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 404


async def test_packed_forms_are_told_apart_by_caches(client: Client) -> None:
    tags = set()
    for accepted, encoding in (("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)):
        async with client.get("/app/assets/main-a1.js", headers={"Accept-Encoding": accepted}) as answer:
            assert answer.headers.get("Content-Encoding") == encoding
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert int(answer.headers["Content-Length"]) == len(await answer.read())
            tags.add(answer.headers["ETag"])
    assert len(tags) == 3


async def test_who_has_it_already_is_told_so(client: Client) -> None:
    for path in ("/app/overview", "/app/assets/main-a1.js"):
        async with client.get(path) as answer:
            tag = answer.headers["ETag"]
        async with client.get(path, headers={"If-None-Match": f'"other", W/{tag}'}) as answer:
            assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", tag)
        async with client.get(path, headers={"If-None-Match": '"other"'}) as answer:
            assert answer.status == 200


async def test_head_is_get_without_its_body(client: Client) -> None:
    async with client.head("/app/assets/main-a1.js") as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 0


def test_the_policy_lets_in_nothing_inline_and_nothing_of_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules.pop("img-src") == "'self' data:"
    nowhere = {name for name, sources in rules.items() if sources == "'none'"}
    assert nowhere == {"default-src", "base-uri", "frame-ancestors"}
    assert {sources for name, sources in rules.items() if name not in nowhere} == {"'self'"}
    assert {"script-src", "style-src", "connect-src", "form-action"} <= rules.keys()


async def test_every_answer_of_the_page_carries_the_policy(client: Client) -> None:
    for path in ("/app", "/app/share", "/app/assets/main-a1.js"):
        async with client.get(path) as answer:
            assert answer.headers["Content-Security-Policy"] == POLICY
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_a_page_that_was_not_built_says_what_builds_it(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        for path in ("/app", "/app/overview"):
            async with client.get(path) as answer:
                assert (answer.status, answer.content_type) == (404, "text/html")
                assert "make assets" in await answer.text()
                assert answer.headers["Content-Security-Policy"] == POLICY
                assert answer.headers["Cache-Control"] == "no-store"
        async with client.get("/app/assets/main-a1.js") as answer:
            assert (answer.status, answer.content_type) == (404, "application/json")


@pytest.fixture
async def whole() -> AsyncIterator[Client]:
    """The whole service; neither Redis nor ClickHouse is asked for these."""
    async with TestClient(TestServer(build_app(Settings()))) as one:
        yield one


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/overview", "/app/overview/"])
async def test_the_service_has_the_page_with_and_without_a_slash(whole: Client, path: str) -> None:
    async with whole.get(path) as answer:
        assert (answer.content_type, answer.headers["Content-Security-Policy"]) == ("text/html", POLICY)
        assert answer.headers["X-Request-Id"]
    async with whole.post(path) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_browser_at_the_root_is_led_to_the_page_and_others_are_told_of_routes(whole: Client) -> None:
    browsers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Host": "evil.example", "X-Forwarded-Host": "e"}
    async with whole.get("/", headers=browsers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"], answer.headers["Vary"]) == (302, "/app/", "Accept")
    for accepted in ("*/*", "application/json"):
        async with whole.get("/", headers={"Accept": accepted}) as answer:
            told = {"service": "headrace", "send": "POST /v1/events", "ask": "GET /api/v1/stats"}
            assert (answer.status, await answer.json(), answer.headers["Vary"]) == (200, told, "Accept")


async def test_no_answer_may_be_taken_for_another_type_than_it_says(whole: Client) -> None:
    for path in ("/", "/healthz", "/nowhere", "/app/nowhere", "/openapi.json", "/api/v1/stats"):
        async with whole.get(path) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
