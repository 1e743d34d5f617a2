"""python -m ingest_api: one process of the front door. Start as many as you like on one port."""

import asyncio
import importlib.resources
import logging.config
import signal
import sys

import orjson
import uvloop
from aiohttp import web
from prometheus_client import start_http_server

from ingest_api.app import FRONT_DOOR, build_app
from ingest_api.settings import Settings


async def serve(settings: Settings) -> int:
    """Listen until SIGTERM or SIGINT, then finish what is under way. Returns the exit code."""
    app = build_app(settings)
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=settings.keepalive_seconds,
        shutdown_timeout=settings.shutdown_seconds,
    )
    await runner.setup()
    site = web.TCPSite(runner, settings.ingest_host, settings.ingest_port, reuse_port=True)
    await site.start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set() and app[FRONT_DOOR].mismatch is None:
        try:
            await asyncio.wait_for(stop.wait(), 0.5)
        except TimeoutError:
            continue
    await runner.cleanup()
    return 0 if app[FRONT_DOOR].mismatch is None else 1


def main() -> None:
    """Read the settings, set up the log, serve."""
    logging.config.dictConfig(orjson.loads((importlib.resources.files("deploy") / "logging.json").read_bytes()))
    settings = Settings()
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1")
    sys.exit(uvloop.run(serve(settings)))


if __name__ == "__main__":
    main()
