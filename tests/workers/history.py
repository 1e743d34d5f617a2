"""A past for the streams: events appended at a moment of the test's choosing, drained into the real tables."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.progress import read_progress
from ingest_api.stream import Install, Redis, fcall
from tests.waiting import until
from workers.archives.archive import Archive
from workers.drain import Drain
from workers.reference import References
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source

MINUTE = 60_000


@dataclass
class History:
    """An installation, and what happened to it."""

    redis: Redis
    made: Install
    settings: Settings
    warehouse: AsyncClient

    async def append(self, shard: int, entry_id: str, events: Sequence[Event]) -> None:
        """One frame, at the moment that its id says."""
        packed, size = frame.encode(events)
        await self.append_frame(shard, entry_id, packed, len(events), size)

    async def append_frame(self, shard: int, entry_id: str, packed: bytes, count: int, size: int = 1) -> None:
        """Any bytes for a frame."""
        fields = {"f": packed, "n": count, "b": size, "p": f"demo\0{count}"}
        await self.redis.xadd(self.made.shards[shard].frames, fields, id=entry_id)  # type: ignore[arg-type]  # redis-py 5: keys and values invariant

    async def drain(self, archive: Archive | None = None) -> None:
        """Drain every shard to its end, in one batch each."""
        sink = Sink(self.settings.clickhouse_url, self.made.id, 10)
        drains = []
        for shard in self.made.shards:
            epoch = await fcall(self.redis, "lease", [shard.lease, shard.epoch], "me", 60_000)
            drains.append(Drain(Source(self.redis, shard, epoch), sink, self.settings, References(self.redis), archive))
        running = [asyncio.ensure_future(drain.run()) for drain in drains]
        try:
            await until(self.committed)
        finally:
            for drain in drains:
                drain.stop()
            await asyncio.gather(*running)
            await sink.close()

    async def committed(self) -> bool:
        """Whether nothing waits."""
        return all(shard.oldest == 0 for shard in await read_progress(self.redis, self.made))

    async def keep_parts(self) -> None:
        """From now on every insert stays a part of its own; what is deleted stays too."""
        await self.warehouse.command("SYSTEM STOP MERGES events")

    async def trim_all(self) -> None:
        """Drop from the streams whatever is committed."""
        for shard in self.made.shards:
            await self.redis.xtrim(shard.frames, maxlen=0, approximate=False)

    async def rows(self) -> list[str]:
        """Every physical row of `events`, whole, in the order of ids."""
        asked = "SELECT formatRowNoNewline('JSONEachRow', *) FROM events ORDER BY event_id, _shard, _stream_ms"
        return [row[0] for row in (await self.warehouse.query(asked)).result_rows]

    async def counts(self) -> tuple[int, int]:
        """Rows with and without FINAL."""
        asked = "SELECT (SELECT count() FROM events FINAL), (SELECT count() FROM events)"
        row = (await self.warehouse.query(asked)).result_rows[0]
        return int(row[0]), int(row[1])

    async def parts(self) -> dict[str, int]:
        """Part of `events` -> rows."""
        asked = "SELECT name, rows FROM system.parts WHERE table = 'events' AND active AND database = currentDatabase()"
        return {str(name): int(rows) for name, rows in (await self.warehouse.query(asked)).result_rows}

    async def lose_a_part(self, size: int) -> None:
        """Take the part that holds so many rows out of the table, as an operator would."""
        (name,) = [name for name, rows in (await self.parts()).items() if rows == size]
        await self.warehouse.command(f"ALTER TABLE events DETACH PART '{name}'")
