"""Page views by themselves: one for each page, whichever way it was come to."""

import pytest
from playwright.async_api import Browser

from tests.chromium import visitor
from tests.clients.js.src.shop import Shop, ready

pytestmark = pytest.mark.stack


async def viewed(shop: Shop, count: int) -> list[str]:
    """Paths and queries of so many page views and no more, in their order."""
    await shop.counted("page_view", count)
    return [row["url"].removeprefix(shop.origin) for row in await shop.rows()]


async def test_each_change_of_the_address_is_one_page_view(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag())
    async with visitor(browser) as context:
        page = await context.new_page()
        await page.goto(home)
        await ready(page)
        await page.evaluate("history.pushState({}, '', '/a')")
        await page.evaluate("history.replaceState({state: 1}, '')")  # the same page
        await page.evaluate("history.pushState({}, '', '/a#part')")  # still the same
        await page.evaluate("history.pushState({}, '', '/old'); history.replaceState({}, '', '/new')")  # redirected
        await page.evaluate("history.replaceState({}, '', '/new?page=2')")
        await page.evaluate("history.back()")
        await page.wait_for_url("**/a#part")
        assert await viewed(shop, 5) == ["/", "/a", "/new", "/new?page=2", "/a#part"]


async def test_what_follows_the_hash_is_a_page_where_the_tag_says_so(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag("data-hash") + '<a href="#/two">two</a>')
    async with visitor(browser) as context:
        page = await context.new_page()
        await page.goto(home)
        await ready(page)
        await page.click("a")
        assert await viewed(shop, 2) == ["/", "/#/two"]


async def test_a_tag_may_leave_page_views_to_the_page_and_two_tags_count_once(browser: Browser, shop: Shop) -> None:
    quiet = shop.page("/quiet", shop.tag('data-auto="false"'))
    twice = shop.page("/twice", shop.tag() + shop.tag())
    async with visitor(browser) as context:
        page = await context.new_page()
        await page.goto(quiet)
        await ready(page)
        await page.evaluate("history.pushState({}, '', '/unseen')")
        await page.evaluate("PULSE.trackPageView({url: '/own', referrer: 'https://a.example/', deviceType: 'tablet'})")
        await shop.counted("page_view", 1)
        await page.goto(twice)
        await shop.counted("page_view", 2)
    first, second = await shop.rows()
    assert (first["url"], first["referrer"], first["device_type"]) == ("/own", "https://a.example/", "tablet")
    assert second["path"] == "/twice"
