"""The demo as one sees it."""

import io
import re

import pytest
from aiohttp import web
from rich.console import Console

from deploy.local.ports import HOST, free_port
from deploy.local.running import RunningStack
from deploy.local.show import demo
from tests.listening import listening


@pytest.mark.stack
async def test_without_a_terminal_the_demo_prints_plain_lines_and_the_counts(local_stack: RunningStack) -> None:
    output = io.StringIO()
    await demo(Console(file=output, width=100), local_stack.env, 200)
    text = output.getvalue()
    assert "sending: 200 of 200 events" in text
    assert "200 events acknowledged in " in text
    assert "all of them can be queried " in text
    assert re.search(r"page_view +\d+ +\d+", text)
    assert re.search(r"all +200 +[\d,]+", text)
    assert re.search(r"intake lines +28", text)
    assert "\x1b" not in text


async def test_a_demo_that_cannot_work_says_so_and_does_not_raise() -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=401, text="no such key")

    app = web.Application()
    app.router.add_post("/{path:.*}", refuse)
    output, nothing = io.StringIO(), f"redis://{HOST}:{free_port()}/0"
    async with listening(web.AppRunner(app)) as address:
        env = {"HEADRACE_URL": str(address), "HEADRACE_WRITE_KEY": "k", "HEADRACE_REDIS_URL": nothing}
        await demo(Console(file=output, width=300), env, 1)
    text = output.getvalue()
    assert "0 events acknowledged" in text
    assert re.search("refused: .*: 401 no such key", text)
    assert "The demo did not finish: " in text
