"""aiohttp, and one ClickHouse insert per event, which the server gathers: acknowledged once it is in a part.

python -m tests.bench.peers.aiohttp_clickhouse PORT
"""

import os
import sys
from collections.abc import AsyncIterator

import clickhouse_connect
import uvloop
from aiohttp import web
from clickhouse_connect.driver.asyncclient import AsyncClient

from tests.bench.peers.event import Event

SETTINGS = {"async_insert": 1, "wait_for_async_insert": 1}
#: the pool of the driver has 20 for a server, too few where each insert waits
CONNECTIONS = 128
CLICKHOUSE = web.AppKey("CLICKHOUSE", AsyncClient)


async def connected(app: web.Application) -> AsyncIterator[None]:
    """One client, no sessions: its inserts run side by side."""
    app[CLICKHOUSE] = await clickhouse_connect.get_async_client(
        dsn=os.environ["CLICKHOUSE_URL"],
        autogenerate_session_id=False,
        connector_limit=CONNECTIONS,
        connector_limit_per_host=CONNECTIONS,
    )
    yield
    await app[CLICKHOUSE].close()


async def collect(request: web.Request) -> web.Response:
    """One event."""
    event = Event.model_validate_json(await request.read())
    await request.app[CLICKHOUSE].raw_insert(
        "peer_events", insert_block=event.model_dump_json(), fmt="JSONEachRow", settings=SETTINGS
    )
    return web.json_response({"status": "ok"})


def main() -> None:
    """Listen on loopback until ended."""
    app = web.Application()
    app.cleanup_ctx.append(connected)
    app.router.add_post("/v1/events", collect)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main()
