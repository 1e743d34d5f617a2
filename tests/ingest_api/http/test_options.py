"""OPTIONS, HEAD and preflights, on every path."""

import pytest

from ingest_api import dialects
from tests.ingest_api.conftest import Door
from tests.ingest_api.wire import EVENT

pytestmark = pytest.mark.stack

PATHS = [f"{path}{end}" for dialect in dialects.load() for path in dialect.routes for end in ("", "/")]


@pytest.mark.parametrize("path", PATHS)
async def test_every_event_path_answers_head_and_options(door: Door, path: str) -> None:
    async with door.client.head(path) as answer:
        assert (answer.status, answer.headers["Allow"]) == (200, "POST, HEAD, OPTIONS")
        assert answer.headers["X-Request-Id"]
    async with door.client.options(path) as answer:
        assert (answer.status, answer.headers["Allow"]) == (204, "POST, HEAD, OPTIONS")
        assert not {"Access-Control-Allow-Origin", "Content-Length"} & answer.headers.keys()


async def test_health_answers_head_as_it_answers_get(door: Door) -> None:
    for path in ("/healthz", "/readyz/"):
        async with door.client.head(path) as answer:
            assert (answer.status, await answer.read()) == (200, b"")


async def test_a_slash_at_the_end_changes_nothing(door: Door) -> None:
    headers = {"Authorization": f"Bearer {door.write_key}"}
    async with door.client.post("/v1/events/", data=EVENT, headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_a_preflight_allows_what_the_browser_will_send(door: Door, path: str) -> None:
    asked = {
        "Origin": "https://shop.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type, x-eventbunker-write-key",
    }
    async with door.client.options(path, headers=asked) as answer:
        assert answer.status == 204
        said = {name.removeprefix("Access-Control-"): value for name, value in answer.headers.items()}
    assert said["Allow-Origin"] == "*"
    assert said["Allow-Methods"] == "POST, HEAD, OPTIONS"
    assert said["Allow-Headers"] == asked["Access-Control-Request-Headers"]
    assert said["Max-Age"] == "86400"


@pytest.mark.parametrize("names", ["", "a b", "x:y", "<x>", "a,,b", "ü", "a;b", "x" * 65, ",".join("x" * 65)])
async def test_names_that_are_no_tokens_are_not_repeated(door: Door, names: str) -> None:
    asked = {"Origin": "null", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": names}
    async with door.client.options("/v1/events", headers=asked) as answer:
        said = answer.headers["Access-Control-Allow-Headers"]
    assert said.startswith("Authorization, Content-Type")
