"""Redis, as commands for projects and keys find it or do not."""

import pytest

from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack


async def test_what_redis_does_not_hold_ends_with_one(operator: Headrace, shop: str) -> None:
    for arguments in (("key", "create", shop, "--kind", "write"), ("key", "list", shop), ("key", "revoke", "nope")):
        ended = await operator(*arguments)
        assert (ended.code, ended.out) == (1, "")
        assert "There is no" in ended.err


async def test_redis_away_ends_with_three_and_hides_the_password(headrace: Headrace) -> None:
    ended = await headrace("project", "list", HEADRACE_REDIS_URL="redis://:secret@127.0.0.1:1/0")
    assert ended.code == 3
    assert "redis://127.0.0.1:1/0 does not answer" in ended.err
    assert "secret" not in ended.err


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "redis://host:port/0"])
async def test_an_address_that_cannot_be_used_is_wrong_usage(headrace: Headrace, url: str) -> None:
    ended = await headrace("project", "list", HEADRACE_REDIS_URL=url)
    assert ended.code == 2
    assert "HEADRACE_REDIS_URL" in ended.err


async def test_an_address_of_http_does_not_lead_to_redis(operator: Headrace) -> None:
    ended = await operator("project", "list", "--url", "https://prod")
    assert ended.code == 2
    assert "set HEADRACE_REDIS_URL" in ended.err
