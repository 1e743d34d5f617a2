"""FastAPI, and one arq job per event: acknowledged once Redis has the job."""
# FastAPI is installed into build/peers alone, where no type checker looks:
# mypy: disable-error-code="import-not-found, untyped-decorator"

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arq import create_pool
from arq.connections import RedisSettings
from fastapi import FastAPI, Request

from tests.bench.peers.event import Event


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The pool makes its connections as they are needed."""
    app.state.jobs = await create_pool(RedisSettings.from_dsn(os.environ["REDIS_URL"]))
    yield
    await app.state.jobs.aclose()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/events")
async def collect(event: Event, request: Request) -> dict[str, str]:
    """One event."""
    await request.app.state.jobs.enqueue_job("store", event.model_dump(mode="json"))
    return {"status": "ok"}
