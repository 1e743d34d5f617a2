"""FastAPI, and one ClickHouse insert per event, which the server gathers: acknowledged once it is in a part."""
# FastAPI is installed into build/peers alone, where no type checker looks:
# mypy: disable-error-code="import-not-found, untyped-decorator"

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import clickhouse_connect
from fastapi import FastAPI, Request

from tests.bench.peers.event import Event

SETTINGS = {"async_insert": 1, "wait_for_async_insert": 1}
#: the pool of the driver has 20 for a server, too few where each insert waits
CONNECTIONS = 128


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client, no sessions: its inserts run side by side."""
    client = await clickhouse_connect.get_async_client(
        dsn=os.environ["CLICKHOUSE_URL"],
        autogenerate_session_id=False,
        connector_limit=CONNECTIONS,
        connector_limit_per_host=CONNECTIONS,
    )
    app.state.clickhouse = client
    yield
    await client.close()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/events")
async def collect(event: Event, request: Request) -> dict[str, str]:
    """One event."""
    await request.app.state.clickhouse.raw_insert(
        "peer_events", insert_block=event.model_dump_json(), fmt="JSONEachRow", settings=SETTINGS
    )
    return {"status": "ok"}
