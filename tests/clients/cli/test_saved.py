"""`headrace queries` on a real query service."""

from collections.abc import AsyncIterator

import pytest

from ingest_api import moment
from ingest_api.stream import Redis
from tests.clients.cli.asking import Shop, asking
from tests.clients.cli.conftest import Headrace

pytestmark = pytest.mark.stack

QUESTION = b'{"metrics":["event_count"],"dimensions":["event"],"date_range":"7d"}'


@pytest.fixture
async def shop(redis: Redis, redis_url: str, clickhouse_url: str, headrace: Headrace) -> AsyncIterator[Shop]:
    """A project of its own."""
    async with asking(redis, redis_url, clickhouse_url, headrace) as one:
        yield one


async def test_a_query_is_saved_listed_shown_run_and_removed(shop: Shop) -> None:
    shop.put(3, 0, occurred_at=moment.now_ms() - 60_000)
    shop.headrace.write("q.json", QUESTION)
    assert (await shop.headrace("queries", "list")).out == "There is no saved query yet.\n"
    saved = await shop.headrace("queries", "save", "weekly", "q.json", "--description", "of all")
    assert (saved.code, saved.out) == (0, "Query weekly is saved, version 1.\n"), saved.err
    listed = await shop.headrace("queries", "list")
    assert listed.out.splitlines()[1].split() == ["weekly", "event_count", "1", "of", "all"]
    shown = await shop.headrace("queries", "show", "weekly", "--json")
    assert shown.document["question"]["date_range"] == "7d"
    ran = await shop.headrace("queries", "run", "weekly")
    assert [line.split() for line in ran.out.splitlines()] == [["event", "event_count"], ["signup", "3"]]
    assert "Complete up to" in ran.err
    assert (await shop.headrace("queries", "run", "weekly", "--json")).document["results"] == [
        {"dimensions": ["signup"], "metrics": [3]}
    ]
    removed = await shop.headrace("queries", "remove", "weekly")
    assert removed.out == "Query weekly is removed.\n"
    gone = await shop.headrace("queries", "run", "weekly")
    assert (gone.code, "no query named 'weekly'" in gone.err) == (1, True)


async def test_what_cannot_be_asked_is_told(shop: Shop) -> None:
    shop.headrace.write("q.json", b'{"metrics":["visits"]}')
    ended = await shop.headrace("queries", "save", "weekly", "q.json")
    assert (ended.code, "metrics[0]" in ended.err) == (2, True)
    assert (await shop.headrace("queries", "save", "weekly", "nowhere.json")).code == 2
