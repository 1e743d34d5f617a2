"""The feed: the last events, each new one once, also beyond the end of a connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from clients.cli.service import Service
from clients.cli.settings import Settings
from clients.cli.top.feed import Feed
from ingest_api import moment
from tests.clients.cli.asking import Shop
from tests.clients.cli.top.conftest import settings
from tests.waiting import until

pytestmark = pytest.mark.stack


class Watcher:
    """What somebody saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.trouble = "nothing yet"

    def show(self, event: dict[str, str]) -> None:
        self.seen.append(event["user_id"])

    def hear(self, why: str) -> None:
        self.trouble = why

    @contextlib.asynccontextmanager
    async def watching(self, service: Service, event_type: str = "") -> AsyncIterator["asyncio.Task[None]"]:
        running = asyncio.ensure_future(Feed(service, event_type, self.show, self.hear).run())
        yield running
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def saw(self, *users: str) -> None:
        async def all_of_them() -> bool:
            return self.seen == list(users)

        await until(all_of_them)


async def test_the_last_events_come_first_and_new_ones_follow(shop: Shop, service: Service) -> None:
    shop.put(1, 1, user_id="old")
    watcher = Watcher()
    async with watcher.watching(service):
        await watcher.saw("old")
        assert watcher.trouble == ""
        shop.put(1, 1, user_id="new", _stream_ms=moment.now_ms())
        await shop.redis.set("{s00}:floor", f"{moment.now_ms()}-0")
        await watcher.saw("old", "new")


async def test_only_events_of_one_name_are_shown(shop: Shop, service: Service) -> None:
    shop.put(1, 1, user_id="a", name="login")
    shop.put(1, 1, user_id="b", name="signup")
    watcher = Watcher()
    async with watcher.watching(service, "signup"):
        await watcher.saw("b")


async def test_a_service_that_is_away_is_told_and_asked_again() -> None:
    watcher = Watcher()
    gone = Settings(_env_file=None, query_url="http://127.0.0.1:1", query_key="k")
    async with Service(gone) as service, watcher.watching(service) as running:

        async def told() -> bool:
            return "cannot be reached" in watcher.trouble

        await until(told)
        assert not running.done()


async def test_without_a_key_that_opens_events_it_ends_and_says_why(shop: Shop) -> None:
    watcher = Watcher()
    async with Service(settings(shop, "admin")) as service, watcher.watching(service) as running:
        await asyncio.wait_for(running, 15)
    assert "HEADRACE_QUERY_KEY is not set" in watcher.trouble
