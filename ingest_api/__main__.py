"""python -m ingest_api: one process of the front door. Start as many as you like on one port."""

import asyncio
import gc
import signal
import sys

import uvloop
from aiohttp import web

from ingest_api.app import build_server
from ingest_api.front_door import FrontDoor
from ingest_api.process import offer_metrics, read_settings, set_up_log
from ingest_api.settings import Settings


async def serve(settings: Settings) -> int:
    """Listen until SIGTERM or SIGINT, then finish what is under way. Returns the exit code."""
    front_door = FrontDoor(settings)
    front_door.start()
    runner = web.ServerRunner(build_server(front_door), shutdown_timeout=settings.shutdown_seconds)
    await runner.setup()
    await web.TCPSite(runner, settings.ingest_host, settings.ingest_port, reuse_port=True).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    _calm_collector()
    while not stop.is_set() and not front_door.ended:
        try:
            await asyncio.wait_for(stop.wait(), 0.5)
        except TimeoutError:
            continue
    failed = front_door.ended
    await runner.cleanup()
    await front_door.stop()
    return 1 if failed else 0


def _calm_collector() -> None:
    """Requests make no cycles worth a look every 700 objects; left as it is, the collector takes a fifth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def main() -> None:
    """Read the settings, set up the log, serve."""
    set_up_log()
    settings = read_settings(Settings)
    offer_metrics(settings.metrics_port)
    sys.exit(uvloop.run(serve(settings)))


if __name__ == "__main__":
    main()
