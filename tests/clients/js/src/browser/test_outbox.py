"""What is on its way when the net fails, an answer is lost or the page is left arrives, and once."""

import pytest
from playwright.async_api import Browser, Page, Request

from tests.chromium import visitor
from tests.clients.js.src.shop import Shop, opened, ready
from tests.waiting import until

pytestmark = pytest.mark.stack

#: browsers that cannot keep a fetch alive have only beacons
NO_KEEPALIVE = "delete Request.prototype.keepalive"
#: tells the next page of the tab how often a beacon was sent
BEACONS = """
const real = navigator.sendBeacon
navigator.sendBeacon = function (...given) {
  sessionStorage.beacons = 1 + +(sessionStorage.beacons ?? 0)
  return real.apply(navigator, given)
};"""
#: the first answer is lost on its way back
LOST_ANSWER = """
const real = window.fetch; let left = 1; window.lost = 0
window.fetch = async (...given) => {
  const answer = await real(...given)
  if (left-- > 0) { window.lost++; throw new TypeError('the answer is lost') }
  return answer
}"""


def setup(shop: Shop, **options: object) -> str:
    """A page that is set up by `init`, and sends nothing by itself before it is left."""
    more = "".join(f", {name}: {value!r}" for name, value in options.items())
    init = f"{{siteId: '{shop.site_id}', apiKey: '{shop.write_key}', flushIntervalMs: 600000{more}}}"
    return f'<script src="{shop.endpoint}/tracker.js"></script><script>PULSE.init({init})</script>'


async def sent(page: Page, shop: Shop) -> list[Request]:
    """Every request with events, as it is made."""
    requests: list[Request] = []
    at = f"{shop.endpoint}/collect/batch"
    page.on("request", lambda one: requests.append(one) if one.url == at and one.method == "POST" else None)
    return requests


@pytest.mark.parametrize("only_beacons", [False, True])
async def test_what_waits_is_sent_when_the_page_is_left(browser: Browser, shop: Shop, *, only_beacons: bool) -> None:
    first, second = shop.page("/", setup(shop)), shop.page("/away", "gone")
    async with visitor(browser) as context:
        await context.add_init_script(BEACONS + (NO_KEEPALIVE if only_beacons else ""))
        page = await context.new_page()
        requests = await sent(page, shop)
        await page.goto(first)
        await ready(page)
        await page.evaluate("PULSE.trackEvent('a'); PULSE.trackEvent('b')")
        assert requests == []
        await page.goto(second)
        await shop.counted("a", 1)
        await shop.counted("b", 1)
        assert await page.evaluate("sessionStorage.beacons ?? null") == ("1" if only_beacons else None)
    assert [row["name"] for row in await shop.rows()] == ["a", "b"]


async def test_what_was_handed_over_when_the_page_was_hidden_is_one_event_when_it_is_sent_again(
    browser: Browser, shop: Shop
) -> None:
    first = shop.page("/", setup(shop))
    async with visitor(browser) as context:
        await context.add_init_script(NO_KEEPALIVE)
        page = await context.new_page()
        requests = await sent(page, shop)
        await page.goto(first)
        await ready(page)
        await page.evaluate("PULSE.trackEvent('a'); window.dispatchEvent(new Event('pagehide')); PULSE.flush()")
        await shop.counted("a", 1)
        await until(lambda: _answered(requests, 2))
    assert sorted(request.resource_type for request in requests) == ["fetch", "ping"]
    assert len(await shop.rows()) == 1


async def test_an_event_whose_answer_was_lost_is_sent_again_and_counted_once(browser: Browser, shop: Shop) -> None:
    first = shop.page("/", shop.tag())
    async with visitor(browser) as context:
        await context.add_init_script(LOST_ANSWER)
        page = await context.new_page()
        requests = await sent(page, shop)
        await page.goto(first)
        await until(lambda: _answered(requests, 2))
        assert await page.evaluate("window.lost") == 1
        await shop.counted("page_view", 1)
        assert requests[0].post_data == requests[1].post_data
    assert len(await shop.rows()) == 1


async def test_with_consent_what_could_not_be_sent_outlives_the_page(browser: Browser, shop: Shop) -> None:
    first = shop.page("/", setup(shop))
    async with visitor(browser) as context:
        page = await context.new_page()
        await page.goto(first)
        await ready(page)
        await page.evaluate("PULSE.setConsent(true)")
        await context.set_offline(True)
        await page.evaluate("PULSE.trackEvent('kept'); PULSE.trackEvent('kept')")
        await page.close()
        await context.set_offline(False)
        assert await shop.count("kept") == 0
        page = await context.new_page()
        await page.goto(first)
        await ready(page)
        await page.evaluate("PULSE.flush()")
        await shop.counted("kept", 2)
        await page.wait_for_function("Object.keys(localStorage).join() === 'headrace.visitor'")
    assert len(await shop.rows()) == 2


async def test_what_is_refused_is_told_on_the_console_and_not_sent_again(browser: Browser, shop: Shop) -> None:
    shop.write_key = "hr_write_wrong"
    first = shop.page("/", shop.tag())
    async with visitor(browser) as context:
        page = await context.new_page()
        requests = await sent(page, shop)
        async with page.expect_console_message(lambda message: message.type == "warning") as told:
            await page.goto(first)
        assert "The key is missing or not valid" in (await told.value).text
        await page.evaluate("PULSE.flush()")
        assert len(requests) == 1


async def test_a_page_of_another_origin_is_turned_away(browser: Browser, shop: Shop) -> None:
    first = shop.page("/", shop.tag()).replace("127.0.0.1", "localhost")
    async with visitor(browser) as context:
        page = await context.new_page()
        async with page.expect_console_message(lambda message: message.type == "warning") as told:
            await page.goto(first)
        assert "Pages of this origin may not send to this project." in (await told.value).text


async def test_an_open_site_needs_no_key_and_no_preflight(browser: Browser, shop: Shop) -> None:
    async with opened(shop.env, public_writes=True) as open_shop:
        first = open_shop.page("/", open_shop.tag(key=False))
        async with visitor(browser) as context:
            page = await context.new_page()
            requests = await sent(page, open_shop)
            await page.goto(first)
            await open_shop.counted("page_view", 1)
            assert "authorization" not in await requests[0].all_headers()
            assert requests[0].headers["content-type"] == "text/plain"


async def _answered(requests: list[Request], count: int) -> bool:
    if len(requests) < count:
        return False
    for request in requests[:count]:
        if await request.response() is None:
            return False
    return True
