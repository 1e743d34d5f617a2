"""FastAPI, and FastStream, which publishes each event to a Redis stream: acknowledged once Redis has it."""
# FastAPI and FastStream are installed into build/peers alone, where no type checker looks:
# mypy: disable-error-code="import-not-found, untyped-decorator"

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from faststream.redis import RedisBroker

from tests.bench.peers.event import Event

broker = RedisBroker(os.environ["REDIS_URL"])


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """The broker is connected while the application runs."""
    async with broker:
        await broker.start()
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/v1/events")
async def collect(event: Event) -> dict[str, str]:
    """One event."""
    await broker.publish(event, stream="events")
    return {"status": "ok"}
