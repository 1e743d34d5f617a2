"""A worker as operators start it."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path


@contextlib.asynccontextmanager
async def worker(redis_url: str, clickhouse_url: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """arq workers.worker.WorkerSettings."""
    known = {"HEADRACE_REDIS_URL": redis_url, "HEADRACE_CLICKHOUSE_URL": clickhouse_url}
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "arq", "workers.worker.WorkerSettings"), env={**os.environ, **known}, stderr=out
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
