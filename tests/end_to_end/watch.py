"""What a page must never do, and what it costs on the wire."""

import asyncio

from playwright.async_api import Page, Response


class Watch:
    """Watches a page from before its first request."""

    def __init__(self, page: Page, origin: str) -> None:
        self.wrong: list[str] = []
        self.bytes = 0
        self._sizes: set[asyncio.Task[None]] = set()
        self._origin = origin
        page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", lambda asked: self._foreign(asked.url))
        page.on("response", self._weigh)

    def _foreign(self, url: str) -> None:
        if not url.startswith((self._origin, "data:")):
            self.wrong.append(f"asked {url}")

    def _weigh(self, response: Response) -> None:
        async def weigh() -> None:
            if "text/event-stream" in response.headers.get("content-type", ""):
                return
            sizes = await response.request.sizes()
            self.bytes += sizes["responseBodySize"] + sizes["responseHeadersSize"]

        task = asyncio.ensure_future(weigh())
        self._sizes.add(task)
        task.add_done_callback(self._sizes.discard)

    async def settled(self) -> int:
        """Bytes since the beginning, once nothing is on its way."""
        while self._sizes:
            await asyncio.gather(*tuple(self._sizes), return_exceptions=True)
        return self.bytes
