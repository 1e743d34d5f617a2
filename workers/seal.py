"""At level replica, what a batch is made of reaches a replica's disk before the batch reaches ClickHouse.

A replica that is promoted without it hands out other batches, with other tokens, or gets the same events from their
producers once more: rows would be there twice until they are merged, and counted twice by views for ever.
"""

from collections.abc import Sequence
from typing import Any, cast

from ingest_api.durability import SEAL_SECONDS, Command, Level, sealed
from ingest_api.servers import routing
from ingest_api.stream import Redis, Shard
from workers.errors import NotNow


async def seal(redis: Redis, shard: Shard, level: Level) -> None:
    """Return when everything that the shard's server has written up to now is as safe as the level promises.

    Levels without a replica are safe when Redis has answered. Raises `NotNow` while no replica has it.
    """
    if level is not Level.REPLICA:
        return
    async with (await routing.at(redis, shard.number)).client() as one:

        async def ask(commands: Sequence[Command]) -> list[Any]:
            return [await cast("Any", one).execute_command(*command) for command in commands]

        await ask([("SET", shard.seal, 1, "PX", 60_000)])  # WAITAOF vouches for a connection's own last write
        if missing := await sealed(ask, level, SEAL_SECONDS):
            raise NotNow(missing)
