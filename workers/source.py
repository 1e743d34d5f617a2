"""A shard as its owner sees it: take a batch, commit it, trim what is long committed."""

from typing import Any, cast

from redis.exceptions import ResponseError

from ingest_api import fault
from ingest_api import halt as halts
from ingest_api.durability import Level
from ingest_api.halt import Halt
from ingest_api.stream import Redis, Shard, fcall
from workers.batch import Entry
from workers.errors import Fenced
from workers.landed import Landed
from workers.seal import seal


class Source:
    """One lease's view of a shard. Every call checks the epoch; after a take-over each raises `Fenced`."""

    def __init__(self, redis: Redis, shard: Shard, epoch: int, level: Level = Level.DISK) -> None:
        self._redis = redis
        self._level = level
        self.shard = shard
        self.epoch = epoch

    async def take(self, max_events: int, max_bytes: int, linger_ms: int) -> tuple[list[Entry], int]:
        """The next batch: the pending list when there is one, else new entries once enough are there.

        Returns the entries and, when there are none, the milliseconds until what waits is ripe (0: nothing waits).
        """
        keys = [self.shard.frames, self.shard.epoch]
        entries, ripe_in = await self._call("take", keys, max_events, max_bytes, linger_ms)
        if entries:
            await seal(self._redis, self.shard, self._level)
            fault.point("worker.after_take")
        return cast("tuple[list[Entry], int]", (entries, ripe_in))

    async def standing(self) -> tuple[bytes, int]:
        """The verdict that was written last, of whatever batch, and how often the batch in hand was handed out."""
        shard = self.shard
        raw, handed_out = await self._call("standing", [shard.frames, shard.epoch, shard.verdict])
        return cast("tuple[bytes, int]", (raw, handed_out))

    async def judge(self, known: bytes, verdict: bytes) -> bytes:
        """Write a verdict in the place of the one that was known. Returns the one that stands now."""
        keys = [self.shard.epoch, self.shard.verdict]
        stands = cast("bytes", await self._call("judge", keys, known, verdict))
        await seal(self._redis, self.shard, self._level)
        return stands

    async def halt(self, halt: Halt) -> None:
        """Tell whoever looks that the shard stands still."""
        await halts.announce(self._redis, self.shard, halt)

    async def go_on(self) -> None:
        """It does no longer."""
        await halts.withdraw(self._redis, self.shard)

    async def allowed(self, span: str) -> bool:
        """Whether an operator lets this batch pass."""
        return await halts.allowed(self._redis, self.shard, span)

    async def commit(self, landed: Landed) -> None:
        """Acknowledge the batch, move the floor and count, in one step."""
        shard = self.shard
        keys = [shard.frames, shard.epoch, shard.floor, shard.counters, shard.ledger, shard.rejected]
        await self._call("commit", keys, *_arguments(landed))
        fault.point("worker.after_commit")

    async def _call(self, name: str, keys: list[str], *args: str | int | bytes) -> Any:
        try:
            return await fcall(self._redis, name, keys, self.epoch, *args)
        except ResponseError as error:
            if str(error).startswith("FENCED"):
                raise Fenced(str(error)) from error
            raise


def _arguments(landed: Landed) -> list[str | int]:
    """As the function `commit` reads them."""
    arguments: list[str | int] = [landed.stored, landed.rejected, landed.repeated]
    arguments += [len(landed.ledger), len(landed.reasons)]
    for (minute, project, outcome), count in landed.ledger.items():
        arguments += [minute, f"{project}:{outcome}", count]
    for event_id, reason in landed.reasons.items():
        arguments += [event_id, reason]
    return arguments + landed.entry_ids


async def trim(redis: Redis, shard: Shard, keep_minutes: int) -> int:
    """Drop entries below the floor that are older than this. Returns how many."""
    margin_ms = keep_minutes * 60_000
    dropped = [int(await fcall(redis, "trim", [key, shard.floor], margin_ms)) for key in (shard.frames, shard.mended)]
    fault.point("worker.after_trim")
    return sum(dropped)
