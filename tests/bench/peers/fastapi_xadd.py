"""FastAPI, and one XADD per event: acknowledged once Redis has it."""
# FastAPI is installed into build/peers alone, where no type checker looks:
# mypy: disable-error-code="import-not-found, untyped-decorator"

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from redis.asyncio import Redis

from tests.bench.peers.event import Event

redis = Redis.from_url(os.environ["REDIS_URL"])


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """The pool makes its connections as they are needed."""
    yield
    await redis.aclose()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/events")
async def collect(event: Event) -> dict[str, str]:
    """One event."""
    await redis.xadd("events", {"event": event.model_dump_json()})
    return {"status": "ok"}
