"""The browser's script at the front door: packed, cached, asked for by any page."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from aiohttp import web

from ingest_api.app import routes
from ingest_api.front_door import FrontDoor
from ingest_api.settings import Settings
from ingest_api.tracker import chosen, packed, tracker
from tests.listening import listening

SCRIPT = b"window.PULSE = {};\n" * 20
PAGE = {"Origin": "https://shop.example"}


@asynccontextmanager
async def served(file: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """The handler of this file behind a real socket."""
    async with (
        listening(web.ServerRunner(web.Server(tracker(file)))) as address,
        aiohttp.ClientSession(address, auto_decompress=False) as client,
    ):
        yield client


@pytest.fixture
async def script(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a front door whose tracker is built."""
    file = tmp_path / "tracker.js"
    file.write_bytes(SCRIPT)
    async with served(file) as client:
        yield client


async def test_any_page_may_load_it_and_keep_it_for_an_hour(script: aiohttp.ClientSession) -> None:
    async with script.get("/tracker.js", headers={**PAGE, "Accept-Encoding": "identity"}) as answer:
        assert (answer.status, await answer.read()) == (200, SCRIPT)
        headers = answer.headers
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert headers["Cache-Control"] == "public, max-age=3600, stale-while-revalidate=86400"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Vary"] == "Accept-Encoding"
    assert headers["X-Request-Id"]
    assert "Content-Encoding" not in headers


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.0, gzip; q=0", ""),
        ("*", "br"),
        ("*;q=0", ""),
        ("identity", ""),
        ("", ""),
        ("gzip;level=9, ü", ""),
    ],
)
async def test_the_smallest_copy_that_is_accepted_is_sent(
    script: aiohttp.ClientSession, accepted: str, encoding: str
) -> None:
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[encoding]
    async with script.get("/tracker.js", headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("Content-Encoding", "") == encoding
        assert unpack(await answer.read()) == SCRIPT
        etag = answer.headers["ETag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        asked = {"Accept-Encoding": accepted, "If-None-Match": known}
        async with script.get("/tracker.js", headers=asked) as answer:
            assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", etag)
            assert answer.headers["Cache-Control"].startswith("public")
    async with script.get("/tracker.js", headers={"Accept-Encoding": accepted, "If-None-Match": '"other"'}) as answer:
        assert answer.status == 200


async def test_head_says_how_long_it_is_and_sends_nothing(script: aiohttp.ClientSession) -> None:
    async with script.head("/tracker.js", headers={"Accept-Encoding": "identity"}) as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert answer.headers["Content-Length"] == str(len(SCRIPT))


async def test_where_it_is_not_built_the_answer_says_how_it_is_made(tmp_path: Path) -> None:
    async with served(tmp_path / "tracker.js") as client, client.get("/tracker.js", headers=PAGE) as answer:
        said = await answer.json()
        assert (answer.status, said["error"]) == (404, "not_built")
        assert "make assets" in said["message"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-store"


def test_each_copy_has_a_tag_of_its_own_and_another_script_has_others() -> None:
    tags = {copy.etag for script in (SCRIPT, SCRIPT + b"\n") for copy in packed(script)}
    assert len(tags) == 6
    assert [copy.etag for copy in packed(SCRIPT)] == [copy.etag for copy in packed(SCRIPT)]
    assert chosen(packed(SCRIPT), "gzip").encoding == "gzip"


async def test_the_front_door_serves_it_at_its_place() -> None:
    assert set(routes(FrontDoor(Settings()))["/tracker.js"]) == {"GET"}
