"""The web page as an analyst meets it: from the first event to a funnel, in a real browser. Keeps screenshots."""

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from deploy.local.running import RunningStack
from queries.web.page import VIEWS
from tests.chromium import visitor
from tests.end_to_end.shop import Shop, visits
from tests.end_to_end.watch import Watch
from tests.waiting import until

pytestmark = pytest.mark.stack

AXE = Path("clients/web/node_modules/axe-core/axe.min.js")
PAGE, SHOTS = Path("queries/web/assets/index.html"), Path("build/screenshots")
MAX_WIRE = 300_000
WAYS_IN = {"sign-in", "share"}
STEPS = ("page_view", "user_signup", "purchase")


@pytest.fixture
async def shop(stack: RunningStack, request: pytest.FixtureRequest) -> Shop:
    return await Shop(stack.env, re.sub(r"[^a-z]", "", request.node.name)[-40:]).make()


@pytest.fixture(scope="module", autouse=True)
def axe() -> str:
    """The script that looks for faults of access. The page must be built, and screenshots have their folder."""
    if not PAGE.exists() or not AXE.exists():
        pytest.skip("the page is not built: `make assets`, which needs npm or PyPI")
    SHOTS.mkdir(parents=True, exist_ok=True)
    return AXE.read_text()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with visitor(browser, color_scheme="light") as made:
        yield made


async def signed_in(context: BrowserContext, shop: Shop) -> Page:
    page = await context.new_page()
    await page.goto(f"{shop.url}/app/")
    await page.get_by_label("Key").fill(shop.query_key)
    await page.get_by_role("button", name="Sign in").click()
    return page


async def faults(page: Page, axe: str) -> list[str]:
    """What axe calls serious or critical. Evaluated, not added as a tag: the page's policy lets no script in."""
    await page.evaluate(axe)
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


async def test_from_the_first_event_to_a_funnel(shop: Shop, context: BrowserContext) -> None:
    page = await signed_in(context, shop)
    watch = Watch(page, shop.url)
    await page.get_by_text("Waiting for the first event").wait_for()
    command = await page.locator("pre", has_text="curl").first.inner_text()
    await page.screenshot(path=SHOTS / "empty.png")
    done = await asyncio.to_thread(
        subprocess.run,
        ("bash", "-c", command),
        env={"HEADRACE_WRITE_KEY": shop.write_key, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert json.loads(done.stdout)["status"] == "ok"
    await page.get_by_role("button", name="Visitors").wait_for()  # turned live by itself

    await shop.send(visits(int(await page.evaluate("Date.now()"))))
    await page.reload()
    pages = page.locator(".card", has=page.get_by_role("heading", name="Content"))
    assert await figure(page, "Page views") == "41"
    await pages.get_by_role("button", name="/pricing").click()
    await page.get_by_text("Page is /pricing").wait_for()
    await shows(page, "Page views", "20")
    await page.screenshot(path=SHOTS / "overview.png", full_page=True)
    await page.get_by_role("button", name=re.compile("Remove the filter")).click()
    await shows(page, "Page views", "41")

    await page.goto(f"{shop.url}{funnel_link()}")
    for count in ("20", "10", "5"):
        await page.locator("main").get_by_text(count, exact=True).first.wait_for()
    await page.screenshot(path=SHOTS / "funnel.png", full_page=True)
    assert watch.wrong == []


async def figure(page: Page, name: str) -> str:
    tile = page.locator(".figure", has_text=name).locator(".value")
    await tile.wait_for()

    async def there() -> str:
        return "" if (text := await tile.inner_text()) == "…" else text

    return str(await until(there))


async def shows(page: Page, name: str, wanted: str) -> None:
    """Wait until a figure is this one."""
    await page.locator(".figure", has_text=name).locator(".value", has_text=re.compile(f"^{wanted}$")).wait_for()


def funnel_link() -> str:
    return f"/app/funnel?{urlencode({'steps': json.dumps(STEPS), 'by': 'visitor'})}"


@pytest.mark.parametrize(
    ("width", "themes"), [(1440, ("light", "dark")), (390, ("dark", "light"))], ids=["wide", "phone"]
)
async def test_every_view_is_whole_light_and_can_be_used_by_everybody(
    shop: Shop, browser: Browser, width: int, themes: Any, axe: str
) -> None:
    """No console error, no foreign address, no serious fault of access, no scrolling sideways, 300 KB at most.

    Each is opened in one theme, and the other one is chosen while it is open.
    """
    async with visitor(browser, color_scheme=themes[0], viewport={"width": width, "height": 900}) as context:
        page = await signed_in(context, shop)
        await shop.send(visits(int(await page.evaluate("Date.now()"))))
        await also_as_admin(page, shop.admin_key)
        for view in (one for one in VIEWS if one not in WAYS_IN):
            fresh = await context.new_page()
            watch = Watch(fresh, shop.url)
            await fresh.goto(f"{shop.url}/app/{view}")
            await fresh.locator("main h1").wait_for()
            await settled(fresh)
            assert await watch.settled() <= MAX_WIRE, view
            for theme in themes:
                await fresh.emulate_media(color_scheme=theme)
                await fresh.screenshot(path=SHOTS / f"{view}-{theme}-{width}.png", full_page=True)
                assert await fresh.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{view} is too wide"
                assert await faults(fresh, axe) == [], (view, theme)
            assert watch.wrong == [], view
            await fresh.close()


async def settled(page: Page) -> None:
    """Nothing waits for an answer any more."""
    await page.locator(".skeleton, [aria-busy=true]").first.wait_for(state="detached")


async def also_as_admin(page: Page, key: str) -> None:
    await page.locator("main h1").wait_for()
    said = await page.evaluate(
        "key => fetch('/api/v1/session', {method: 'POST', body: JSON.stringify({key}),"
        " headers: {'Content-Type': 'application/json'}}).then(answer => answer.status)",
        key,
    )
    assert said == 200


async def test_a_share_link_shows_sums_and_nothing_else(shop: Shop, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(shop.url)
    await shop.send(visits(int(await page.evaluate("Date.now()"))))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    token = await shop.share()
    await page.goto(f"{shop.url}/app/share#{token}")
    await page.get_by_text("Read-only").wait_for()
    await shows(page, "Page views", "40")
    assert token not in page.url
    assert not [url for url in asked if token in url.partition("#")[0]]
    names = await page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    assert names == ["Overview", "Funnel", "Retention", "Paths"]
    refused = await page.evaluate("fetch('/api/v1/events').then(answer => answer.status)")
    assert refused in {401, 403}


async def test_the_policy_lets_in_no_script_and_no_style_but_its_own(shop: Shop, context: BrowserContext) -> None:
    page = await context.new_page()
    answer = await page.goto(f"{shop.url}/app/")
    assert answer is not None
    policy = (await answer.all_headers())["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    refused = await page.evaluate(
        """() => new Promise(done => {
            document.addEventListener('securitypolicyviolation', event => done(event.violatedDirective));
            const script = document.createElement('script'); script.textContent = 'window.in = 1';
            document.head.append(script);
        })"""
    )
    assert refused.startswith("script-src")
    assert await page.evaluate("window.in") is None
