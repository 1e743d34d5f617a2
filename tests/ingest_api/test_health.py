"""Alive, ready, and paths that nobody takes."""

import pytest

from tests.ingest_api.conftest import Door

pytestmark = pytest.mark.stack


async def test_alive_and_ready_are_two_questions(door: Door) -> None:
    for path in ("/healthz", "/readyz"):
        async with door.client.get(path) as answer:
            assert answer.status == 200


async def test_an_unknown_path_is_a_404_in_json(door: Door) -> None:
    async with door.client.post("/v1/nothing", data=b"{}") as answer:
        assert answer.status == 404
        assert (await answer.json())["error"] == "not_found"


async def test_another_method_is_a_405_that_names_the_right_one(door: Door) -> None:
    async with door.client.get("/v1/events") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
