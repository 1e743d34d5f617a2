"""Workers share the shards evenly: each holds its share by leases, gives up what is over it, takes what is free."""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable

from redis.exceptions import RedisError

from ingest_api import fault
from ingest_api.servers import routing
from ingest_api.stream import (
    Install,
    InstallMismatch,
    Redis,
    Shard,
    fcall,
    load_functions,
    read_install,
    wait_for_install,
)
from workers import audit, heartbeat, migrate, tail, telemetry
from workers.archives.archive import Archive, check
from workers.drain import Drain
from workers.heartbeat import Heartbeat
from workers.liveness import condition
from workers.reference import References
from workers.settings import Settings
from workers.sink import Sink
from workers.source import Source

log = logging.getLogger(__name__)

#: where shards lie on several servers, one that does not answer within this is passed over until the next round
_REACH_SECONDS = 1.0


def share(shard_count: int, workers: list[str], worker: str) -> int:
    """How many shards a worker should hold. The shares of all workers add up to the number of shards."""
    rank = workers.index(worker)
    return shard_count // len(workers) + (rank < shard_count % len(workers))


class Fleet:
    """This worker's part in the drain of all shards."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._settings = settings
        check(settings.archive)  # one that cannot be used ends the process now, not later in silence
        self.id = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._started_at = 0
        self._schema = migrate.migrations()[-1].number
        self._install: Install | None = None
        self._sink: Sink | None = None
        self._archive: Archive | None = None
        self._references = References(redis, settings.geo_database)
        self._drains: dict[int, tuple[Drain, asyncio.Task[None]]] = {}
        #: when the shards last moved whose drains failed: beginning again is not moving
        self._failed: dict[int, float] = {}
        #: servers that did not answer in this round
        self._away: set[Redis] = set()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Drain in the background, as soon as there is an installation."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Finish the batches in hand, then free the shards for the others."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        try:
            async with asyncio.timeout(self._settings.stop_seconds):
                parts = (self._let_go(Shard(number)) for number in self._drains)
                ended = await asyncio.gather(*parts, return_exceptions=True)
                await heartbeat.withdraw(self._redis, self.id)
                for wrong in filter(None, ended):
                    raise wrong
        except (RedisError, OSError, TimeoutError) as error:
            # Nothing is lost: the leases run out, and the next owner finds each batch in its pending list.
            log.warning("stopped without handing over", extra={"action": "stop", "why": str(error)})
        for _, task in self._drains.values():
            task.cancel()
        if self._sink is not None:
            await self._sink.close()

    async def _run(self) -> None:
        self._install = await wait_for_install(self._redis)
        with contextlib.suppress(RedisError, OSError):  # full, or gone again; who calls a missing one loads them too
            await load_functions(self._redis)
        settings = self._settings
        self._sink = Sink(settings.clickhouse_url, self._install.id, settings.insert_timeout_seconds)
        if settings.archive:
            self._archive = Archive(settings.archive, self._install.id, settings.insert_timeout_seconds)
        while True:
            try:
                await self._balance(self._install)
            except (RedisError, OSError) as error:
                log.warning("cannot renew leases", extra={"action": "balance", "why": str(error)})
            except Exception:
                log.exception("cannot share the shards", extra={"action": "balance"})
            await asyncio.sleep(min(1.0, settings.lease_seconds / 4))

    async def _balance(self, install: Install) -> None:
        self._away.clear()
        try:
            with contextlib.suppress(InstallMismatch):  # a Redis that was emptied is drained all the same
                install = self._install = await read_install(self._redis)
            now = await heartbeat.redis_ms(self._redis)
            self._started_at = self._started_at or now
            alive = await heartbeat.exchange(self._redis, self._heartbeat(now))
        finally:  # also while the control server is away
            for number in list(self._drains):
                await self._reach(Shard(number), self._renew)
        mine = share(install.shard_count, [one.id for one in alive], self.id)
        staying = [number for number, (drain, _) in sorted(self._drains.items()) if not drain.stopping]
        for number in staying[mine:]:
            self._drains[number][0].stop()  # given back when its batch is done
        for shard in install.shards:
            if len(staying) >= mine:
                break
            if shard.number not in self._drains and await self._reach(shard, self._acquire):
                staying.append(shard.number)
        telemetry.SHARDS.set(len(self._drains))
        found = await audit.read(self._redis)
        telemetry.MISSING.set(found.missing if found else 0)
        telemetry.HALTED.set(sum(bool(drain.halted) for drain, _ in self._drains.values()))
        mine_now = [Shard(number) for number in self._drains]
        await tail.give_way(self._redis, mine_now, self._settings.keep_percent)

    async def _reach(self, shard: Shard, call: Callable[[Shard], Awaitable[bool]]) -> bool:
        """Make the call, unless the shard's server is away: that holds up the shards of no other server."""
        server = await routing.at(self._redis, shard.number)
        if server in self._away:
            return False
        try:
            async with asyncio.timeout(_REACH_SECONDS if server is not self._redis else None):
                return await call(shard)
        except (RedisError, OSError) as error:
            if server is self._redis:
                raise
            self._away.add(server)
            told = {"action": "balance", "server": routing.name(server), "why": str(error) or type(error).__name__}
            log.warning("cannot renew leases", extra=told)
            return False

    async def _lease(self, shard: Shard) -> int:
        ttl = int(self._settings.lease_seconds * 1000)
        return int(await fcall(self._redis, "lease", [shard.lease, shard.epoch], self.id, ttl))

    async def _acquire(self, shard: Shard) -> bool:
        epoch = await self._lease(shard)
        if not epoch or self._sink is None or self._install is None:
            return False
        fault.point("worker.after_lease")
        source = Source(self._redis, shard, epoch, self._install.durability)
        drain = Drain(source, self._sink, self._settings, self._references, self._archive)
        drain.moved_at = self._failed.pop(shard.number, drain.moved_at)
        self._drains[shard.number] = (drain, asyncio.get_running_loop().create_task(drain.run()))
        return True

    async def _renew(self, shard: Shard) -> bool:
        """Keep the lease of a shard that is drained here; give back one whose drain has ended."""
        drain, task = self._drains[shard.number]
        if task.done():
            if not task.cancelled() and task.exception() is not None:
                log.error("a drain failed", exc_info=task.exception(), extra={"action": "drain", "shard": shard.number})
                self._failed[shard.number] = drain.moved_at
            del self._drains[shard.number]
            await fcall(self._redis, "release", [shard.lease, shard.epoch], self.id)
        elif await self._lease(shard) != drain.epoch:
            drain.stop()  # the lease ran out meanwhile: this drain is fenced, the next balance starts another
        return True

    async def _let_go(self, shard: Shard) -> None:
        drain, task = self._drains[shard.number]
        drain.stop()
        await asyncio.gather(task, return_exceptions=True)
        await fcall(self._redis, "release", [shard.lease, shard.epoch], self.id)

    def _heartbeat(self, now: int) -> Heartbeat:
        drains = {number: drain for number, (drain, _) in self._drains.items()}
        found = condition(drains, time.monotonic(), self._settings.stuck_seconds)
        telemetry.STILL_SECONDS.set(found.still_seconds)
        return Heartbeat(
            self.id,
            os.getpid(),
            socket.gethostname(),
            self._started_at,
            now,
            sorted(self._drains),
            found.state,
            found.problem,
            now - int(found.still_seconds * 1000),
            self._schema,
        )
