"""A visitor's way through a shop with one tag: everything that is done there is counted exactly once."""

import pytest
from playwright.async_api import Browser

from tests.chromium import visitor
from tests.clients.js.src.shop import Shop, ready

pytestmark = pytest.mark.stack

BUTTON = """<button onclick="PULSE.trackEvent('add_to_cart', {sku: 'x-1', price: 9.5})">add</button>"""
LEAVE = """<a id="leave" href="/thanks" onclick="PULSE.trackEvent('checkout', {total: 9.5})">pay</a>"""


async def test_a_visit_is_counted_once_from_the_first_page_to_the_last_click(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag() + BUTTON + LEAVE)
    shop.page("/thanks", "no tag here")
    complaints: list[str] = []
    async with visitor(browser) as context:
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{home}?utm_source=news&utm_campaign=autumn")
        await ready(page)
        await page.evaluate("history.pushState({}, '', '/products')")
        await page.click("button")
        await shop.counted("page_view", 2)
        await shop.counted("add_to_cart", 1)
        assert complaints == []

        await context.set_offline(True)
        for _ in range(3):
            await page.click("button")
        await page.evaluate("history.pushState({}, '', '/products/x-1'); PULSE.flush()")
        await context.set_offline(False)
        await shop.counted("add_to_cart", 4)
        await shop.counted("page_view", 3)

        await page.click("#leave")
        await page.wait_for_url("**/thanks")
        await shop.counted("checkout", 1)

    rows = await shop.rows()
    names = sorted(row["name"] for row in rows)
    assert names == [*["add_to_cart"] * 4, "checkout", *["page_view"] * 3]
    assert {row["session_id"] for row in rows} == {rows[0]["session_id"]}
    assert {(row["site_id"], row["dialect"], row["device_type"]) for row in rows} == {
        (shop.site_id, "pulse", "desktop")
    }
    views = [row for row in rows if row["name"] == "page_view"]
    assert [row["path"] for row in views] == ["/", "/products", "/products/x-1"]
    assert [row["referrer"].removeprefix(shop.origin) for row in views] == [
        "",
        "/?utm_source=news&utm_campaign=autumn",
        "/products",
    ]
    assert (views[0]["utm_source"], views[0]["utm_campaign"]) == ("news", "autumn")
    assert next(row for row in rows if row["name"] == "checkout")["properties"] == {"total": 9.5}
