"""The live screen, driven key by key against a real service."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from textual.pilot import Pilot

from clients.cli.errors import CliError, Unreachable
from clients.cli.service import Service
from clients.cli.settings import Settings
from clients.cli.top.feed import Feed
from clients.cli.top.screen import Top
from ingest_api import moment
from tests.clients.cli.asking import Shop
from tests.clients.cli.top.conftest import settings
from tests.waiting import until

pytestmark = pytest.mark.stack


class Watched:
    """A screen, and somebody before it."""

    def __init__(self, app: Top, pilot: Pilot[CliError]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def text(self) -> str:
        """What stands there now, line by line."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def sees(self, text: str) -> str:
        """Wait for it."""

        async def there() -> bool:
            return text in self.text

        try:
            await until(there)
        except TimeoutError as error:
            raise AssertionError(f"{text!r} is not in\n{self.text}") from error
        return self.text

    async def misses(self, text: str) -> None:
        """Wait until it is gone."""

        async def gone() -> bool:
            return text not in self.text

        await until(gone)


@contextlib.asynccontextmanager
async def watched(
    service: Service, size: tuple[int, int] = (80, 24), params: dict[str, str] | None = None, event_type: str = ""
) -> AsyncIterator[Watched]:
    app = Top(service, 0.5, params or {}, event_type)
    async with app.run_test(size=size) as pilot:
        yield Watched(app, pilot)


async def test_on_80x24_everything_an_operator_watches_is_there(shop: Shop, service: Service) -> None:
    shop.put(1, 1, user_id="ada", name="signup")
    async with watched(service) as screen:
        text = await screen.sees("signup  ada")
        await screen.sees("accepted  ▁")
        text = screen.text
    lines = text.splitlines()
    assert len(lines) == 24
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("headrace  all projects  durability disk")
    assert lines[1].startswith("✗ No worker is alive.")
    assert "✗ No worker holds shard 0" in text
    assert "s00" in text
    assert "q Quit  p Pause  f Filter events  ? Help" in lines[-1]


async def test_what_is_heard_after_the_screen_was_closed_is_shown_nowhere(shop: Shop, service: Service) -> None:
    shop.put(1, 1, user_id="ada", name="signup")
    heard: list[dict[str, Any]] = []
    async with watched(service) as screen:
        await screen.sees("signup  ada")
    await Feed(service, "", heard.append, screen.app._head)._latest()
    assert heard
    screen.app._show(heard[0])


async def test_a_query_key_alone_is_enough(shop: Shop) -> None:
    async with Service(settings(shop, "query")) as service, watched(service) as screen:
        text = await screen.sees(f"project {shop.id}")
        assert "redis" not in text
        await screen.sees("-> Tell whoever runs this installation.")


async def test_an_admin_key_alone_shows_the_pipeline_and_says_why_there_are_no_events(shop: Shop) -> None:
    async with Service(settings(shop, "admin")) as service, watched(service, (200, 40)) as screen:
        await screen.sees("all projects")
        await screen.sees("HEADRACE_QUERY_KEY is not set")


async def test_f_shows_events_of_one_name_alone_and_escape_leaves_it(shop: Shop, service: Service) -> None:
    shop.put(1, 1, user_id="ada", name="login")
    shop.put(1, 1, user_id="bob", name="signup")
    async with watched(service) as screen:
        await screen.sees("login  ada")
        await screen.pilot.press("f", *"signup", "enter")
        text = await screen.sees("events named signup")
        await screen.sees("signup  bob")
        await screen.misses("login  ada")
        await screen.pilot.press("slash", *"xyz", "escape")
        text = screen.text
        assert "events named signup" in text
        assert "xyz" not in text


async def test_p_holds_everything_still_until_it_is_pressed_again(shop: Shop, service: Service) -> None:
    async with watched(service) as screen:
        await screen.sees("No worker holds shard 0")
        await screen.pilot.press("p")
        await screen.sees("paused: p goes on")
        shop.put(1, 1, user_id="late", _stream_ms=moment.now_ms())
        await shop.redis.set("{s00}:floor", f"{moment.now_ms()}-0")

        async def held() -> bool:
            return bool(screen.app._held)

        await until(held)
        assert "late" not in screen.text
        await screen.pilot.press("space")
        await screen.sees("late")
        await screen.misses("paused")


async def test_what_is_wrong_goes_when_it_is_mended(shop: Shop, service: Service) -> None:
    async with watched(service) as screen:
        await screen.sees("✗ No worker holds shard 0")
        await shop.redis.set("{s00}:lease", "db1:42:abcdef")
        now = moment.now_ms()
        beat = {"id": "db1:42:abcdef", "pid": 42, "host": "db1", "started_at": now, "seen_at": now + 60_000}
        said = {**beat, "shards": [0], "state": "draining", "problem": "", "moved_at": now}
        await shop.redis.hset("headrace:workers", "db1:42:abcdef", orjson.dumps(said).decode())  # type: ignore[misc]  # redis-py 5: awaitable or not
        text = await screen.sees("✓ nothing is wrong")
        assert "db1 42" in text


async def test_the_question_mark_helps_and_any_key_closes_it(shop: Shop, service: Service) -> None:
    async with watched(service) as screen:
        await screen.pilot.press("question_mark")
        await screen.sees("Any key closes this.")
        await screen.pilot.press("x")
        await screen.misses("Any key closes this.")


async def test_a_service_that_is_away_is_said_and_asked_again() -> None:
    gone = Settings(_env_file=None, query_url="http://127.0.0.1:1", query_key="k")
    async with Service(gone) as service, watched(service, (120, 24)) as screen:
        text = await screen.sees("Connection refused. Trying again every 0.5 s.")
        assert "nothing is wrong" not in text


async def test_a_key_that_opens_nothing_ends_it_with_the_reason(shop: Shop) -> None:
    wrong = settings(shop, "query").model_copy(update={"query_key": "hr_query_x"})
    async with Service(wrong) as service:
        app = Top(service, 0.5, {}, "")
        async with app.run_test():

            async def ended() -> bool:
                return app.return_value is not None

            await until(ended)
    assert isinstance(app.return_value, Unreachable)


async def test_q_quits(shop: Shop, service: Service) -> None:
    async with watched(service) as screen:
        await screen.pilot.press("q")
    assert screen.app.return_value is None
