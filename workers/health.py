"""python -m workers.health: are the workers of this host well? Exit code 0 or 1, and a sentence, for container checks.

A worker is not well when it says nothing, or when it says that it is stuck. One that waits for a store that is away is
well: another process would wait as well.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence

from redis.exceptions import RedisError

from ingest_api.process import read_settings
from ingest_api.stream import Redis, connect
from workers import heartbeat
from workers.heartbeat import Heartbeat
from workers.settings import Settings

#: said nothing for so long: its loop is blocked, or its process stopped
SILENT_MS = 10_000


def judge(mine: Sequence[Heartbeat], now: int) -> tuple[bool, str]:
    """Whether these workers are well at this time by Redis's clock, and how they are."""
    if not mine:
        return False, "No worker of this host has said anything."
    troubles = [trouble for one in mine if (trouble := _trouble(one, now))]
    if troubles:
        return False, "; ".join(troubles)
    return True, "; ".join(f"{_name(one)} is {one.state}{': ' * bool(one.problem)}{one.problem}" for one in mine)


async def ask(redis: Redis, host: str) -> tuple[bool, str]:
    """`judge` the workers of this host whose processes live."""
    try:
        now, said = await heartbeat.redis_ms(redis), await heartbeat.read(redis)
    except (RedisError, OSError) as error:
        return True, f"Redis does not answer, so nobody can tell; its workers wait for it: {error}"
    mine = {one.pid: one for one in sorted(said, key=_seen_at) if one.host == host and _lives(one.pid)}
    return judge(list(mine.values()), now)


def _trouble(one: Heartbeat, now: int) -> str:
    silent = now - one.seen_at
    if silent > SILENT_MS:
        return f"{_name(one)} has said nothing for {silent / 1000:.0f} s: its process hangs"
    return f"{_name(one)} is stuck: {one.problem}" if one.state == "stuck" else ""


def _seen_at(one: Heartbeat) -> int:
    return one.seen_at


def _name(one: Heartbeat) -> str:
    return f"worker {one.pid}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def _main() -> int:
    redis = connect(read_settings(Settings).redis_url)
    well, sentence = await ask(redis, socket.gethostname())
    await redis.aclose()
    print(sentence)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
