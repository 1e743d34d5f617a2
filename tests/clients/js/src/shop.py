"""A shop: a project of its own in the stack, and its web site, which is another origin on loopback."""

import itertools
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import clickhouse_connect
from aiohttp import web
from playwright.async_api import Page

from deploy.local import demo
from deploy.local.ports import HOST
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import Settings
from ingest_api.projects.projects import Projects
from ingest_api.stream import connect
from tests.waiting import until
from workers.clickhouse.address import address

_numbers = itertools.count(time.time_ns())


@dataclass
class Shop:
    """The project's keys, and the pages of its site."""

    env: Mapping[str, str]
    project: str
    site_id: str
    write_key: str
    query_key: str
    #: where its pages are
    origin: str
    #: path -> HTML; of a path that is not here it is an empty page
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """Where events go."""
        return self.env["HEADRACE_URL"]

    def tag(self, attributes: str = "", *, key: bool = True) -> str:
        """The script tag as a site owner pastes it."""
        data = f'data-site="{self.site_id}"' + (f' data-key="{self.write_key}"' if key else "")
        return f'<script async src="{self.endpoint}/tracker.js" {data} {attributes}></script>'

    def page(self, path: str, body: str, head: str = "") -> str:
        """Put a page there. Returns its address."""
        head = f'<title>{path}</title><link rel="icon" href="data:,">{head}'
        self.pages[path] = f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'
        return self.origin + path

    async def count(self, event_type: str) -> int:
        """What the stats say of an event type, over the last day."""
        asked = {"site_id": self.site_id, "metric": "event_count", "event_type": event_type}
        headers = {"Authorization": f"Bearer {self.query_key}"}
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{self.endpoint}/api/v1/stats", params=asked, headers=headers) as answer,
        ):
            assert answer.status == 200
            return int((await answer.json())["data"]["value"])

    async def counted(self, event_type: str, count: int) -> None:
        """Wait until exactly so many are counted."""

        async def enough() -> bool:
            return await self.count(event_type) >= count

        await until(enough, within=20)
        assert await self.count(event_type) == count

    async def rows(self) -> list[dict[str, Any]]:
        """Every row, doubles included, oldest first, once all that arrived is visible."""
        await demo.until_queryable(self.env["HEADRACE_REDIS_URL"], timeout=15)
        client = await clickhouse_connect.get_async_client(
            **address(self.env["HEADRACE_CLICKHOUSE_URL"]), autogenerate_session_id=False
        )
        query = "SELECT * FROM events WHERE project = {project:String}"
        result = await client.query(query, parameters={"project": self.project})
        await client.close()
        # ClickHouse compares UUIDs otherwise than by their bytes
        return sorted(result.named_results(), key=lambda row: (row["occurred_at"], row["event_id"].bytes))


@asynccontextmanager
async def opened(env: Mapping[str, str], **settings: Any) -> AsyncIterator[Shop]:
    """A shop whose project takes events from its own pages alone, with further settings."""
    pages: dict[str, str] = {}

    async def serve(request: web.Request) -> web.Response:
        return web.Response(
            text=pages.get(request.path, "<!doctype html><title>empty</title>"), content_type="text/html"
        )

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    origin = f"http://{HOST}:{runner.addresses[0][1]}"
    name = f"shop{next(_numbers)}"
    redis = connect(env["HEADRACE_REDIS_URL"])
    projects = Projects(redis)
    try:
        await projects.create(name, (f"{name}-web",), Settings(origins=(origin,), **settings))
        _, write_key = await projects.create_key(name, Kind.WRITE, label="pages")
        _, query_key = await projects.create_key(name, Kind.QUERY, label="analyst")
        yield Shop(env, name, f"{name}-web", write_key, query_key, origin, pages)
    finally:
        await redis.aclose()
        await runner.cleanup()


async def ready(page: Page) -> None:
    """Wait until the page's tracker is there."""
    await page.wait_for_function("!!window.PULSE?.init")
