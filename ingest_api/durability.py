"""How safe an event is before it is acknowledged, and whether a server is set up to keep it so. Leaf.

What a server says of itself is not enough: while a Redis whose append-only file was just turned on still writes its
first one, it says `appendonly yes` and forgets everything when it is killed. So a probe is written, and waited for.
"""

import enum
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import MovedError, NoPermissionError, OutOfMemoryError, RedisError, ResponseError

Command = tuple[str | int | bytes, ...]
#: sends commands back to back on one connection, outside of MULTI; an error that Redis answered stands in its place
Ask = Callable[[Sequence[Command]], Awaitable[Sequence[Any]]]


class Level(enum.StrEnum):
    """What an acknowledged event outlives."""

    #: the end of the Redis process; a power cut costs about the last second
    OS = "os"
    #: a power cut
    DISK = "disk"
    #: the loss of the server and its disk: a replica has it on its disk too
    REPLICA = "replica"


class NotDurable(RedisError):
    """The server does not keep the level, or did not for this write. The text says what to do about it."""


#: what is written to see whether it reaches the disk
PROBE = "headrace:probe"
#: an `everysec` needs up to two seconds when its disk is busy
PROBE_SECONDS = 3.0
#: a replica may take so long to have a write on its disk
SEAL_SECONDS = 2.0
#: A replica that is asked in the same breath as it is given the write answers before its disk did, and then says
#: nothing more for a second: so it is asked again after so many milliseconds.
_ROUND_MS = 10

_MEND = "Set it with CONFIG SET and in the server's configuration file."


async def look(ask: Ask, level: Level, probe: str = PROBE) -> str:
    """What a server lacks for the level and how to mend it, in a sentence or two; empty when it lacks nothing.

    Raises whatever `ask` raises, and the answer where the probe belongs to another server of a cluster now.
    """
    (config,) = await ask([("CONFIG", "GET", *_wanted(level))])
    if missing := _configured(level, config):
        return missing
    (written,) = await ask([("SET", probe, 1, "PX", 60_000)])
    if isinstance(written, ResponseError) and _says(written, "MOVED", MovedError):
        raise written
    if isinstance(written, Exception) and not _says(written, "OOM", OutOfMemoryError):  # a full Redis is drained
        return f"Redis takes no write: {written}"
    return await sealed(ask, level, PROBE_SECONDS)


async def sealed(ask: Ask, level: Level, seconds: float) -> str:
    """Wait until what the connection wrote is as safe as the level promises; what is missing when it does not get so.

    To be asked on the connection that wrote: WAITAOF knows of no other's writes, so behind a read it says yes at once.
    """
    there, until = level is Level.REPLICA, time.monotonic() + seconds
    command = ("WAITAOF", 1, int(there), _ROUND_MS if there else int(seconds * 1000))
    while True:
        (answer,) = await ask([command])
        missing = _unsealed(level, answer)
        if not missing or isinstance(answer, Exception) or time.monotonic() > until:
            return missing


async def look_through(redis: Redis, level: Level, probe: str = PROBE) -> str:
    """`look` with a client. Raises redis-py's errors."""
    async with redis.client() as one:

        async def ask(commands: Sequence[Command]) -> list[Any]:
            return [await _answer(one, command) for command in commands]

        return await look(ask, level, probe)


async def _answer(redis: Redis, command: Command) -> Any:
    try:
        return await cast("Any", redis).execute_command(*command)
    except ResponseError as error:
        return error


def _unsealed(level: Level, answer: object) -> str:
    if isinstance(answer, Exception):
        return f"WAITAOF fails ({answer}). Durability {level} needs it: Redis 7.2 or newer, or any Valkey."
    here, there = cast("tuple[int, int]", answer)
    if here < 1:
        return "Redis has not put a write on its disk in time: is its first append-only file still being written?"
    if level is Level.REPLICA and there < 1:
        return (
            "No replica has put a write on its disk in time. Durability replica needs one that is connected and "
            "has appendonly yes."
        )
    return ""


def _configured(level: Level, answer: object) -> str:
    if _says(answer, "NOPERM", NoPermissionError):
        return f"The Redis user may not read the configuration: ACL SETUSER <user> +config|get. ({answer})"
    if isinstance(answer, Exception):
        return f"Redis does not tell its configuration, so durability {level} cannot be checked. ({answer})"
    flat = [part.decode() for part in cast("Sequence[bytes]", answer)]
    found = dict(zip(flat[::2], flat[1::2], strict=True))
    for name, right in _wanted(level).items():
        if found.get(name) not in right:
            return f"Redis has {name} {found.get(name)}; durability {level} needs {' or '.join(right)}. {_MEND}"
    return ""


def _says(answer: object, code: str, kind: type[ResponseError]) -> bool:
    """Whether Redis answered this error; redis-py makes a class of it, hiredis alone leaves it in the text."""
    return isinstance(answer, kind) or (isinstance(answer, Exception) and str(answer).startswith(code))


def _wanted(level: Level) -> dict[str, tuple[str, ...]]:
    """Setting of the server -> what it may be."""
    return {
        "appendonly": ("yes",),
        "appendfsync": ("always", "everysec") if level is Level.OS else ("always",),
        "no-appendfsync-on-rewrite": ("no",),  # else a rewrite suspends `always` too
        "maxmemory-policy": ("noeviction",),
    }
