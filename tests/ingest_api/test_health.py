"""Alive and ready."""

import pytest

from tests.ingest_api.conftest import Door

pytestmark = pytest.mark.stack


async def test_alive_and_ready_are_two_questions(door: Door) -> None:
    for path in ("/healthz", "/readyz"):
        async with door.client.get(path) as answer:
            assert answer.status == 200
            assert answer.headers["X-Request-Id"]
