"""Clicks that lead elsewhere and forms that are sent, where the tag asks for them."""

import pytest
from playwright.async_api import Browser

from tests.chromium import visitor
from tests.clients.js.src.shop import Shop, ready

pytestmark = pytest.mark.stack


async def test_outbound_clicks_and_forms_are_events_and_what_was_typed_is_not(browser: Browser, shop: Shop) -> None:
    body = f"""
      <a id="out" href="{shop.endpoint}/healthz"><b>elsewhere</b></a> <a id="in" href="/inside">here</a>
      <form id="login" name="sign_in" action="/sent"><input name="password"><button id="send">go</button></form>"""
    home = shop.page("/", shop.tag('data-auto="false" data-outbound data-forms') + body)
    async with visitor(browser) as context:
        page = await context.new_page()
        for target in ("#in", "#out b", "#send"):
            await page.goto(home)
            await ready(page)
            await page.fill("input", "s3cret")
            await page.click(target)
            await page.wait_for_url(lambda url: url != home)
        await shop.counted("click", 1)
        await shop.counted("form_submit", 1)
    rows = await shop.rows()
    assert [(row["name"], row["properties"], row["url"]) for row in rows] == [
        ("click", {"kind": "outbound", "target": f"{shop.endpoint}/healthz"}, home),
        ("form_submit", {"form_id": "login", "form_name": "sign_in", "target": "/sent"}, home),
    ]


async def test_without_a_word_in_the_tag_neither_is_looked_at(browser: Browser, shop: Shop) -> None:
    home = shop.page("/", shop.tag('data-outbound="false"') + f'<a href="{shop.endpoint}/healthz">elsewhere</a>')
    async with visitor(browser) as context:
        page = await context.new_page()
        await page.goto(home)
        await ready(page)
        await page.click("a")
        await page.wait_for_url("**/healthz")
        await shop.counted("page_view", 1)
    assert [row["name"] for row in await shop.rows()] == ["page_view"]
