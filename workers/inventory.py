"""What ClickHouse holds of the streams. Asks only; what is missing is for others to bring."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest_api.event import Event
from workers.batch import Batch, Rejected
from workers.clickhouse.address import address
from workers.errors import NotNow

MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
#: events that one question names: a server takes 128 KiB for one parameter
_AT_ONCE = 2000
#: longer lists of names are left out of the question: they only make it faster
_NAMES_LENGTH = 64 * 1024
_EVENTS = """
SELECT project, name, toUnixTimestamp64Milli(occurred_at), event_id FROM events
WHERE project IN {projects:Array(String)} AND event_id IN {ids:Array(UUID)}
    AND (empty({names:Array(String)}) OR name IN {names:Array(String)})
    AND occurred_at BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64})
"""
_SET_ASIDE = """
SELECT concat(_stream_ms, '-', _stream_seq, if(kind = 'frame', '', concat(':', _index))), reason
FROM rejected_events WHERE _shard = {shard:UInt16}
    AND appended_at BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64})
    AND _stream_ms BETWEEN {first:Int64} AND {last:Int64}
"""
_COUNTS = """
SELECT _shard, intDiv(_stream_ms, 60000) AS minute, count() AS events FROM events
WHERE _stream_ms >= {first:UInt64} AND _stream_ms < {until:UInt64} GROUP BY _shard, minute
UNION ALL
SELECT _shard, intDiv(_stream_ms, 60000) AS minute, sum(events) FROM rejected_events FINAL
WHERE _stream_ms >= {first:UInt64} AND _stream_ms < {until:UInt64} GROUP BY _shard, minute
"""

#: what makes two rows one: project, name, hour, event id
Identity = tuple[str, str, int, bytes]


class Inventory:
    """Asks one ClickHouse. Every call raises `NotNow` when it must be made again later."""

    def __init__(self, url: str, timeout: float) -> None:
        self._address = address(url)
        self._timeout = timeout
        self._client: AsyncClient | None = None

    async def set_aside(self, shard: int, first_ms: int, last_ms: int) -> dict[str, str]:
        """What was rejected of that time: place -> reason, as `batch.decode` takes it."""
        rows = await self._ask(_SET_ASIDE, {"shard": shard, "first": first_ms, "last": last_ms})
        return {str(place): str(reason) for place, reason in rows}

    async def keep_missing(self, batch: Batch, aside: Mapping[str, str], oldest: Mapping[str, int]) -> int:
        """Leave in a batch what ClickHouse should hold and does not.

        What was rejected is not missing as an event, nor is what its project keeps no longer: `oldest` is project ->
        Unix ms. Returns how many events were left out as too old. Only before columns are derived.
        """
        batch.rejected = [one for one in batch.rejected if one.place not in aside and not _too_old(one, oldest)]
        kept = [event.occurred_at >= oldest.get(event.project, event.occurred_at) for event in batch.events]
        wanted = [
            keep and place.place not in aside and f"{place.ms}-{place.seq}" not in aside
            for keep, place in zip(kept, batch.positions, strict=True)
        ]
        batch.keep(wanted)
        batch.keep(await self.lacks(batch.events))
        return len(kept) - sum(kept)

    async def lacks(self, events: Sequence[Event]) -> list[bool]:
        """Of each event, whether it has no row."""
        lacks: list[bool] = []
        for first in range(0, len(events), _AT_ONCE):
            some = events[first : first + _AT_ONCE]
            there = await self._there(some)
            lacks += [_identity(event) not in there for event in some]
        return lacks

    async def counts(self, first_minute: int, until_minute: int) -> dict[tuple[int, int], int]:
        """(shard, minute) -> rows, of `events` and of `rejected_events`, by when they were appended."""
        bounds = {"first": first_minute * MINUTE_MS, "until": until_minute * MINUTE_MS}
        counts: dict[tuple[int, int], int] = {}
        for shard, minute, rows in await self._ask(_COUNTS, bounds):
            counts[shard, minute] = counts.get((shard, minute), 0) + rows
        return counts

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.close()

    async def _there(self, events: Sequence[Event]) -> set[Identity]:
        times = [event.occurred_at for event in events]
        names = list({event.name for event in events})
        asked = {
            "projects": list({event.project for event in events}),
            "names": names if sum(len(name) for name in names) <= _NAMES_LENGTH else [],
            "ids": list({str(uuid.UUID(bytes=event.event_id)) for event in events}),
            # Rows of one hour are one, so that the row in question may be of another moment of it.
            "first": min(times) - _HOUR_MS,
            "last": max(times) + _HOUR_MS,
        }
        rows = await self._ask(_EVENTS, asked)
        return {(project, name, ms // _HOUR_MS, event_id.bytes) for project, name, ms, event_id in rows}

    async def _ask(self, query: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        try:
            async with asyncio.timeout(self._timeout):
                client = await self._connect()
                found = await client.query(query, parameters=dict(parameters))
        except (ClickHouseError, OSError, TimeoutError) as error:
            raise NotNow(f"ClickHouse: {str(error) or type(error).__name__}") from error
        return found.result_rows

    async def _connect(self) -> AsyncClient:
        if self._client is None:
            self._client = await clickhouse_connect.get_async_client(
                **self._address, autogenerate_session_id=False, connect_timeout=3, form_encode_query_params=True
            )
        return self._client


def _identity(event: Event) -> Identity:
    return event.project, event.name, event.occurred_at // _HOUR_MS, event.event_id


def _too_old(one: Rejected, oldest: Mapping[str, int]) -> bool:
    return one.position.ms < oldest.get(one.project, one.position.ms)
