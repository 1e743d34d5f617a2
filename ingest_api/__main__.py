"""python -m ingest_api: one process of the front door. Start as many as you like on one port."""

import asyncio
import logging
import resource
import signal
import sys

import uvloop
from aiohttp import http, web

from ingest_api import telemetry
from ingest_api.app import build_server
from ingest_api.front_door import FrontDoor
from ingest_api.process import calm_collector, offer_metrics, read_settings, set_up_log
from ingest_api.settings import Settings
from ingest_api.traces import tracing

log = logging.getLogger(__name__)

#: files that a process needs beside its connections
_OTHER_FILES = 100
#: what is still under way after `shutdown_seconds` is cut off within this
_CUT_SECONDS = 0.5


async def serve(settings: Settings) -> int:
    """Listen until SIGTERM or SIGINT, then finish what is under way. Returns the exit code."""
    front_door = FrontDoor(settings)
    front_door.start()
    server = build_server(front_door)
    runner = web.ServerRunner(server, shutdown_timeout=_CUT_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, settings.ingest_host, settings.ingest_port, reuse_port=True).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    calm_collector()
    while not stop.is_set() and not front_door.ended:
        try:
            await asyncio.wait_for(stop.wait(), 0.5)
        except TimeoutError:
            continue
    failed = front_door.ended
    front_door.wind_down()
    for site in list(runner.sites):
        await site.stop()
    await server.finish(settings.shutdown_seconds)
    await runner.cleanup()
    await front_door.stop()
    return 1 if failed else 0


def _check_parser() -> None:
    """End the process where aiohttp fell back to its parser in Python: slower by far, and with a record of its own."""
    if not http.HttpRequestParser.__module__.endswith("._http_parser"):
        log.critical("aiohttp runs without its C parser", extra={"action": "start"})
        sys.exit(1)


def _make_room(connections: int) -> None:
    """Let the process open as many files as it takes connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft < wanted:
        log.warning("fewer files than connections", extra={"action": "start", "files": soft, "wanted": wanted})


def main() -> None:
    """Read the settings, set up the log, serve."""
    set_up_log()
    settings = read_settings(Settings)
    _check_parser()
    _make_room(settings.max_connections)
    offer_metrics(settings.metrics_port, settings.metrics_host)
    tracing.set_up(settings.traces_url, "headrace-ingest", telemetry.SPANS)
    code = uvloop.run(serve(settings))
    tracing.close()
    sys.exit(code)


if __name__ == "__main__":
    main()
