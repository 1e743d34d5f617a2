"""A receiver of webhooks on loopback, and mail servers: real ones, that remember what came."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from aiosmtpd.smtp import SMTP

from tests.listening import listening


@dataclass
class Receiver:
    """Answers with the statuses in turn, then with 204."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    #: headers and body of each call
    calls: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(body, type=dict[str, Any]) for _, body in self.calls]

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append((request.headers, await request.read()))
        status = self.statuses.pop(0) if self.statuses else 204
        return web.Response(status=status, headers=self.headers)


@asynccontextmanager
async def receiving(*statuses: int, headers: Mapping[str, str] | None = None) -> AsyncIterator[Receiver]:
    """Listens until the context ends."""
    one = Receiver(statuses=list(statuses), headers=headers or {})
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", one.take)
    async with listening(web.AppRunner(app, access_log=None)) as address:
        one.url = f"{address}/hook"
        yield one


@dataclass
class Letterbox:
    """What a mail server took: sender, receivers, text."""

    port: int = 0
    answer: str = "250 taken"
    letters: list[tuple[str, list[str], str]] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802  # its name there
        if self.answer.startswith("250"):
            self.letters.append((envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return self.answer


@asynccontextmanager
async def mail_server(answer: str = "250 taken") -> AsyncIterator[Letterbox]:
    """Listens until the context ends."""
    box = Letterbox(answer=answer)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="mail.shop.example"), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
