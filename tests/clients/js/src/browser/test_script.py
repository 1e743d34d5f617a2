"""tracker.js on a page: as the document writes it, before it has come, and under a strict policy."""

import pytest
from playwright.async_api import Browser

from tests.chromium import visitor
from tests.clients.js.program import printed
from tests.clients.js.src.shop import Shop

pytestmark = pytest.mark.stack


async def test_the_document_s_snippet_runs_as_it_is_printed(browser: Browser, shop: Shop) -> None:
    snippet = printed("page.html", shop.endpoint, shop.write_key, shop.site_id)
    home = shop.page("/", snippet)
    async with visitor(browser) as context:
        page = await context.new_page()
        await page.goto(home, referer="https://google.com/")
        await shop.counted("page_view", 1)
        await shop.counted("user_signup", 1)
    view, signup = await shop.rows()
    assert (view["url"], view["referrer"], view["device_type"]) == (home, "https://google.com/", "desktop")
    assert (signup["user_id"], signup["properties"], signup["url"]) == ("user_123", {"plan": "premium"}, home)
    assert view["session_id"] == signup["session_id"] != ""


async def test_calls_that_come_before_the_script_are_made_when_it_comes(browser: Browser, shop: Shop) -> None:
    stub = f"""<script>
      window.PULSE = window.PULSE || []
      PULSE.push(['trackEvent', 'before_init', {{n: 1}}])
      PULSE.push(['init', {{siteId: '{shop.site_id}', apiKey: '{shop.write_key}'}}], ['trackPageView'])
    </script>"""
    late = f"""<script async src="{shop.endpoint}/tracker.js"
      onload="PULSE.push(['trackEvent', 'after_load']); PULSE.push(['no_such_call'])"></script>"""
    home = shop.page("/", stub + late)
    async with visitor(browser) as context:
        page = await context.new_page()
        await page.goto(home)
        await shop.counted("after_load", 1)
    rows = await shop.rows()
    assert [row["name"] for row in rows] == ["before_init", "page_view", "after_load"]
    assert rows[0]["properties"] == {"n": 1}


async def test_a_page_s_policy_needs_to_name_the_front_door_and_nothing_else(browser: Browser, shop: Shop) -> None:
    policy = f"default-src 'none'; img-src data:; script-src {shop.endpoint}; connect-src {shop.endpoint}"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    home = shop.page("/", shop.tag("data-outbound data-forms"), meta)
    complaints: list[str] = []
    async with visitor(browser) as context:
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(home)
        await shop.counted("page_view", 1)
    assert complaints == []


async def test_what_cannot_be_sent_breaks_nothing_on_the_page(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag('data-auto="false"'))
    async with visitor(browser) as context:
        page = await context.new_page()
        await page.goto(home)
        await page.wait_for_function("!!window.PULSE?.init")
        await page.evaluate("const a = {}; a.a = a; PULSE.trackEvent('circle', a)")
        await page.evaluate("PULSE.trackEvent('big', {n: 1n}); PULSE.trackEvent(7); PULSE.trackEvent('right')")
        await page.evaluate("PULSE.trackPageView({url: '/' + 'x'.repeat(10000)})")
        await shop.counted("right", 1)
        await shop.counted("page_view", 1)
    assert sorted(row["name"] for row in await shop.rows()) == ["page_view", "right"]
