"""What is kept in the browser and told of the visitor: as little as the visitor wants."""

from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.chromium import visitor
from tests.clients.js.src.shop import Shop, opened, ready

pytestmark = pytest.mark.stack

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', {get: () => '1'})"
#: tells whether anybody asked for the storage, be it to read
TOUCHED = """
window.touched = []
for (const area of ['localStorage', 'sessionStorage']) {
  const real = window[area]
  Object.defineProperty(window, area, {get() { window.touched.push(area); return real }})
}"""


async def stored(page: Page) -> dict[str, list[str]]:
    """Names in both storages of the page."""
    found: dict[str, list[str]] = await page.evaluate(
        "({local: Object.keys(localStorage).sort(), session: Object.keys(sessionStorage).sort()})"
    )
    return found


async def at(context: BrowserContext, url: str) -> Page:
    """A page with the tracker in place."""
    page = await context.new_page()
    await page.goto(url)
    await ready(page)
    return page


def who(row: dict[str, Any]) -> dict[str, str]:
    """What a row tells of the visitor."""
    named = ("user_id", "client_id", "session_id", "ip", "visitor_id", "user_agent")
    return {name: row[name] for name in named if row[name]}


@pytest.mark.parametrize("signal", [GPC, DNT], ids=["gpc", "dnt"])
async def test_who_does_not_want_to_be_tracked_leaves_and_finds_nothing(
    browser: Browser, shop: Shop, signal: str
) -> None:
    home = shop.page("/", shop.tag())
    async with visitor(browser) as context:
        await context.add_init_script(signal)
        await context.add_init_script(TOUCHED)
        page = await at(context, home)
        await page.evaluate("PULSE.setConsent(true)")
        await page.evaluate("PULSE.identify('ada', {plan: 'pro'})")
        await page.evaluate("PULSE.trackEvent('buy', {userId: 'ada', client_id: 'c', sessionId: 's', price: 7})")
        await page.evaluate("PULSE.reset(); PULSE.setConsent(false)")
        await shop.counted("page_view", 1)
        await shop.counted("buy", 1)
        assert await page.evaluate("window.touched") == []
        assert await stored(page) == {"local": [], "session": []}
        assert await context.cookies() == []
    rows = await shop.rows()
    assert [(row["name"], row["properties"]) for row in rows] == [("page_view", {}), ("buy", {"price": 7})]
    assert [who(row).keys() & {"user_id", "client_id", "session_id"} for row in rows] == [set(), set()]


async def test_a_project_that_honours_the_signal_keeps_nothing_else_of_the_visitor(
    browser: Browser, shop: Shop
) -> None:
    async with opened(shop.env, do_not_track=True) as strict:
        home = strict.page("/", strict.tag())
        async with visitor(browser, extra_http_headers={"Sec-GPC": "1"}) as context:
            await context.add_init_script(GPC)
            await at(context, home)
            await strict.counted("page_view", 1)
        assert [who(row) for row in await strict.rows()] == [{}]


async def test_without_a_word_on_consent_there_is_a_session_of_the_tab_alone(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag())
    async with visitor(browser) as context:
        page = await at(context, home)
        await shop.counted("page_view", 1)
        assert await stored(page) == {"local": [], "session": ["headrace.session"]}
        await page.evaluate("""() => {
            const session = JSON.parse(sessionStorage['headrace.session'])
            session.at -= 30 * 60 * 1000
            sessionStorage['headrace.session'] = JSON.stringify(session)
        }""")
        await page.evaluate("PULSE.trackEvent('after_a_rest'); PULSE.trackEvent('at_once')")
        await shop.counted("at_once", 1)
    before, rested, after = await shop.rows()
    assert before["session_id"] != rested["session_id"] == after["session_id"]
    assert who(before).keys() == {"session_id", "visitor_id", "user_agent"}


async def test_where_consent_is_required_nothing_happens_before_it(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag('data-consent="required"'))
    async with visitor(browser) as context:
        page = await at(context, home)
        await page.evaluate("PULSE.trackEvent('early', {n: 1}); PULSE.flush()")
        assert await stored(page) == {"local": [], "session": []}
        asked = await page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
        assert [url for url in asked if "/collect" in url] == []
        await page.evaluate("PULSE.setConsent(true)")
        await shop.counted("early", 1)
        await shop.counted("page_view", 1)
        again = await at(context, home)  # the answer is remembered
        await shop.counted("page_view", 2)
        await again.evaluate("PULSE.setConsent(false); PULSE.trackEvent('late'); PULSE.flush()")
        assert await stored(again) == {"local": [], "session": []}
    rows = await shop.rows()
    assert [row["name"] for row in rows] == ["page_view", "early", "page_view"]
    (client_id,) = {row["client_id"] for row in rows}
    assert client_id


async def test_who_refuses_is_counted_without_ids_where_consent_is_not_required(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag('data-auto="false"'))
    async with visitor(browser) as context:
        page = await at(context, home)
        await page.evaluate("PULSE.setConsent(true); PULSE.trackEvent('before')")
        await page.evaluate("PULSE.setConsent(false); PULSE.trackEvent('after')")
        await shop.counted("after", 1)
        assert await stored(page) == {"local": [], "session": []}
    before, after = await shop.rows()
    assert who(before).keys() >= {"client_id", "session_id"}
    assert who(after).keys() == {"visitor_id", "user_agent"}


async def test_a_user_who_is_known_stays_known_until_somebody_else_comes(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag('data-auto="false"'))
    async with visitor(browser) as context:
        page = await at(context, home)
        await page.evaluate("PULSE.setConsent(true); PULSE.identify('ada', {plan: 'pro'}); PULSE.trackEvent('a')")
        page = await at(context, home)
        await page.evaluate("PULSE.identify('ada'); PULSE.trackEvent('b'); PULSE.reset(); PULSE.trackEvent('c')")
        await shop.counted("c", 1)
        await shop.counted("a", 1)
    rows = await shop.rows()
    assert [(row["name"], row["user_id"]) for row in rows] == [
        ("identify", "ada"),
        ("a", "ada"),
        ("b", "ada"),
        ("c", ""),
    ]
    assert rows[0]["properties"] == {"plan": "pro"}
    assert rows[0]["client_id"] == rows[1]["client_id"] == rows[2]["client_id"] != rows[3]["client_id"]
    assert rows[2]["session_id"] != rows[3]["session_id"]
