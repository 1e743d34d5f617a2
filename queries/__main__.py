"""python -m queries: one process of the query service."""

import asyncio
import signal

import uvloop
from aiohttp import web

from ingest_api.process import offer_metrics, read_settings, set_up_log
from ingest_api.traces import tracing
from queries import telemetry
from queries.app import build_runner
from queries.settings import Settings


async def serve(settings: Settings) -> None:
    """Listen until SIGTERM or SIGINT."""
    runner = build_runner(settings)
    await runner.setup()
    await web.TCPSite(runner, settings.query_host, settings.query_port, reuse_port=True).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Read the settings, set up the log, serve."""
    set_up_log()
    settings = read_settings(Settings)
    offer_metrics(settings.query_metrics_port, settings.metrics_host)
    tracing.set_up(settings.traces_url, "headrace-query", telemetry.SPANS)
    uvloop.run(serve(settings))
    tracing.close()


if __name__ == "__main__":
    main()
