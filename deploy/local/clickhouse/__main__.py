"""`python -m deploy.local.clickhouse --path DIR --port N`: serve the ClickHouse engine over HTTP on loopback."""

import argparse
import asyncio
import ipaddress
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web

from deploy.local.clickhouse.access import Access
from deploy.local.clickhouse.endpoint import Endpoint
from deploy.local.clickhouse.engine import Engine

_CLOSE_GRACE = 0.7  # seconds; what the engine has not closed by then is what a crash would leave, and is kept


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT; exits with a sentence where it cannot."""
    options = _options(arguments)
    access = _access(environ)
    options.path.mkdir(parents=True, exist_ok=True)
    try:
        engine = Engine(options.path, options.database)
    except RuntimeError as error:
        sys.exit(f"Cannot open {options.path}: {error}\nIf another process has it open, stop that one first.")
    asyncio.run(_serve(engine, access, options.host, options.port, options.path))
    closing = threading.Thread(target=engine.close, daemon=True)
    closing.start()
    closing.join(_CLOSE_GRACE)
    if closing.is_alive():
        os._exit(0)  # a statement that cannot be killed holds its thread; an ordinary exit would wait for it


async def _serve(engine: Engine, access: Access, host: str, port: int, path: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = Endpoint(engine, access).runner()
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        sys.exit(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.")
    print(f"ClickHouse {engine.version} ready at http://{host}:{runner.addresses[0][1]}, data in {path}", flush=True)
    await stop.wait()
    await runner.cleanup()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.clickhouse", description=__doc__)
    parser.add_argument("--path", required=True, type=_folder, help="folder of the data, made when absent")
    parser.add_argument("--port", required=True, type=int, help="TCP port; 0 takes a free one and prints it")
    parser.add_argument("--host", default="127.0.0.1", type=_loopback, help="loopback address (default %(default)s)")
    parser.add_argument("--database", default="headrace", help="made when absent (default %(default)s)")
    return parser.parse_args(arguments)


def _access(environ: Mapping[str, str]) -> Access:
    user, password = environ.get("HEADRACE_CLICKHOUSE_USER"), environ.get("HEADRACE_CLICKHOUSE_PASSWORD")
    if not user or not password:
        sys.exit("Set HEADRACE_CLICKHOUSE_USER and HEADRACE_CLICKHOUSE_PASSWORD in the environment, both not empty.")
    return Access(user, password)


def _folder(text: str) -> Path:
    if set(text) & set("?&"):
        raise argparse.ArgumentTypeError("the engine cannot open a path with ? or & in it")
    return Path(text).absolute()


def _loopback(text: str) -> str:
    try:
        if ipaddress.ip_address(text).is_loopback:
            return text
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not a loopback address such as 127.0.0.1")


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
