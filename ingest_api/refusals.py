"""What the front door refused, counted in the process and written into the ledger each second. Best effort.

Counts of a process that is killed, or whose last answer from Redis was lost, may be short or double by that second.
"""

import asyncio
import logging
from collections import Counter

from redis.exceptions import RedisError

from ingest_api import ledger
from ingest_api.stream import Redis

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0


class Refusals:
    """Counts by minute, project and reason until they are written."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str, str]] = Counter()

    def add(self, now_ms: int, project: str, reason: str, count: int = 1) -> None:
        """Count events of a project that is known."""
        self._counts[now_ms // ledger.MINUTE_MS, project, reason] += count

    async def run(self, redis: Redis) -> None:
        """Write what was counted, for as long as the process lives."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush(redis)

    async def flush(self, redis: Redis) -> None:
        """Write what was counted; what Redis does not take is kept for the next time."""
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await ledger.refuse(redis, counts)
        except (RedisError, OSError) as error:
            self._keep(counts)
            log.warning("refusals are not in the ledger yet", extra={"action": "ledger", "why": str(error)})

    def _keep(self, counts: Counter[tuple[int, str, str]]) -> None:
        """No more than an hour's: the ledger takes no older ones."""
        newest = max(minute for minute, _, _ in counts)
        recent = {line: count for line, count in counts.items() if line[0] > newest - ledger.REFUSED_MINUTES}
        self._counts.update(recent)
