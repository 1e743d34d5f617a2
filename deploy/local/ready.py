"""Whether a part is ready, asked from outside: what `up` waits for and what `status` shows."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
import msgspec
from redis.exceptions import RedisError

from deploy.local import process
from ingest_api import stream

#: takes the part's pid, answers what is wrong, "" when nothing is
Probe = Callable[[int], Awaitable[str]]

_TIMEOUT_SECONDS = 2.0
#: a worker that said nothing for this long is not at work
_SILENT_MS = 10_000


class _Heartbeat(msgspec.Struct):
    """The fields of a worker's entry that matter here, see workers/heartbeat.py."""

    pid: int
    seen_at: int
    state: str = ""
    problem: str = ""


def redis(url: str) -> Probe:
    """Answers PING, which it does not while it still loads its data."""

    async def probe(pid: int) -> str:
        client = stream.connect(url, timeout=_TIMEOUT_SECONDS)
        try:
            await cast("Any", client.ping())
        except (RedisError, OSError) as error:
            return str(error)
        finally:
            await client.aclose()
        return ""

    return probe


def clickhouse(base: str, user: str, password: str) -> Probe:
    """Answers /ping, and `SELECT 1` with the credentials of this home."""

    async def probe(pid: int) -> str:
        headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}
        return await _ask(f"{base}/ping") or await _ask(f"{base}/?query=SELECT%201", headers)

    return probe


def http(url: str, port: int) -> Probe:
    """This very process listens on the port, and the URL answers 200.

    Several front doors share one port, so that the answer alone could be another one's.
    """

    async def probe(pid: int) -> str:
        return await _ask(url) if process.listens(pid, port) else f"not listening on port {port} yet"

    return probe


def worker(redis_url: str) -> Probe:
    """Its heartbeat in Redis is fresh and tells of no problem."""

    async def probe(pid: int) -> str:
        client = stream.connect(redis_url, timeout=_TIMEOUT_SECONDS)
        try:
            entries = await cast("Any", client.hvals(stream.WORKERS))
            beats = [msgspec.json.decode(entry, type=_Heartbeat) for entry in entries]
        except (RedisError, OSError, msgspec.MsgspecError) as error:
            return str(error)
        finally:
            await client.aclose()
        mine = [beat for beat in beats if beat.pid == pid]
        if not mine:
            return "no heartbeat yet"
        last = max(mine, key=lambda beat: beat.seen_at)
        silent = time.time() * 1000 - last.seen_at
        if silent > _SILENT_MS:
            return f"silent for {silent / 1000:.0f} s"
        return f"{last.state}: {last.problem}" if last.problem else ""

    return probe


async def _ask(url: str, headers: dict[str, str] | None = None) -> str:
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as client, client.get(url, headers=headers) as answer:
            if answer.status == 200:
                return ""
            text = " ".join((await answer.text()).split())
            return f"{answer.status} {text[:200]}"
    except TimeoutError:
        return f"no answer within {_TIMEOUT_SECONDS:g} s"
    except aiohttp.ClientError as error:
        return str(error) or type(error).__name__
