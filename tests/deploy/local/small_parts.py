"""Small real processes that stand where services will stand, and a way to wait for a condition."""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local import ready
from deploy.local.part import Spec
from deploy.local.ports import HOST, free_port


class MakeSpec:
    """Makes the spec of a part that runs some Python; without code it serves an empty folder on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, code: str = "", *, store: bool = False, env: dict[str, str] | None = None) -> Spec:
        """`code` finds its port in the environment as PORT."""
        port = free_port()
        server = ("-m", "http.server", str(port), "--bind", HOST, "--directory", str(self._folder))
        command = (sys.executable, "-c", code) if code else (sys.executable, *server)
        probe = ready.http(f"http://{HOST}:{port}/", port)
        return Spec(name, command, probe, {"PORT": str(port), **(env or {})}, port, store)


async def eventually(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Return when the condition holds; raises `TimeoutError` when it does not in time."""
    async with asyncio.timeout(timeout):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


def wait_until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """`eventually` for tests that are not async."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout:g} s")
        time.sleep(0.01)
