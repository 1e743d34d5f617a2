"""The command, and the services it talks to."""

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from clients.cli.app import run
from ingest_api.stream import Redis
from tests.clients.cli.double import QUERY_KEY, WRITE_KEY, Double
from tests.clients.cli.rejecting import Rejecting, rejecting

#: a command that takes longer hangs
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return orjson.loads(self.out)


@dataclass
class Headrace:
    """Runs `headrace` in its own folder, with no settings but those given."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    env: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, content: bytes) -> Path:
        """A file in the folder of the command."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    async def start(self, *arguments: str, **env: str) -> asyncio.subprocess.Process:
        """A running command with pipes on all three."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from clients.cli.app import main; main()", *arguments),
            cwd=self.folder,
            env={**kept, **self.env, **env},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *arguments: str, stdin: bytes = b"", **env: str) -> Ended:
        """Run a command to its end: in a thread, for a process takes half a second to start; with stdin in one."""
        if stdin:
            return await self.finish(await self.start(*arguments, **env), stdin)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in [name for name in os.environ if name.startswith("HEADRACE_")]:
                patch.delenv(name)
            for name, value in {**self.env, **env}.items():
                patch.setenv(name, value)
            self.capture.readouterr()
            async with asyncio.timeout(DEADLINE_SECONDS):
                code = await asyncio.to_thread(run, list(arguments))
            seen = self.capture.readouterr()
        return Ended(code, seen.out, seen.err)

    @staticmethod
    async def finish(process: asyncio.subprocess.Process, stdin: bytes | None = None) -> Ended:
        """Wait for the end of a running command; it is ended when it takes too long."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                out, err = await process.communicate(stdin)
        except TimeoutError:
            process.kill()
            raise
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    async def interrupt(self, process: asyncio.subprocess.Process) -> Ended:
        """Press Ctrl-C, leaving stdin open as a terminal does, and wait for the end."""
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            out, err = await asyncio.gather(process.stdout.read(), process.stderr.read())
            code = await process.wait()
        return Ended(code, out.decode(), err.decode())


@pytest.fixture
def headrace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Headrace:
    """The command, knowing no service."""
    return Headrace(tmp_path, capsys)


@pytest.fixture
async def double() -> AsyncIterator[Double]:
    """Both services, in memory."""
    served = Double()
    runner = web.AppRunner(served.app(), shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


@pytest.fixture
def connected(headrace: Headrace, double: Double) -> Headrace:
    """The command, knowing both services and keys that open them."""
    headrace.env = {"HEADRACE_URL": double.url, "HEADRACE_WRITE_KEY": WRITE_KEY, "HEADRACE_QUERY_KEY": QUERY_KEY}
    return headrace


@pytest.fixture
def operator(headrace: Headrace, redis_url: str) -> Headrace:
    """The command, knowing Redis."""
    headrace.env = {"HEADRACE_REDIS_URL": redis_url}
    return headrace


@pytest.fixture
def shop() -> str:
    """A project id that nobody has."""
    return f"shop-{secrets.token_hex(4)}"


@pytest.fixture
async def bench(
    headrace: Headrace, redis: Redis, redis_url: str, clickhouse_url: str, shop: str
) -> AsyncIterator[Rejecting]:
    """Rejected events, and the command knows where."""
    async with rejecting(redis, redis_url, clickhouse_url, shop) as one:
        headrace.env = one.env
        yield one
