"""The front door as one object: Redis, the directory of keys, the appender, and whether it can take events now."""

import asyncio
import logging

from redis.exceptions import RedisError

from ingest_api import durability
from ingest_api.access import Directory
from ingest_api.ack import Acks
from ingest_api.append import Appender
from ingest_api.errors import Unavailable
from ingest_api.lane import Lane
from ingest_api.limits import Limits
from ingest_api.pressure import Pressure
from ingest_api.rate import Limiter
from ingest_api.refusals import Refusals
from ingest_api.settings import Settings
from ingest_api.stream import Install, InstallMismatch, connect, install

log = logging.getLogger(__name__)

#: pause between two looks at how Redis is
_LOOK_SECONDS = 1.0
#: how long a look at how durable Redis is may take: it waits for a disk, at `replica` for another server's
_GUARD_SECONDS = 5.0


class FrontDoor:
    """Lives as long as the process. Starts without Redis and takes events as soon as it answers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redis = connect(settings.redis_url)
        self._lanes = connect(settings.redis_url, timeout=None)
        self.directory = Directory(self.redis, demo_keys=settings.demo_keys)
        self.limiter = Limiter(self.redis)
        self.limits = Limits.of(settings)
        self.pressure = Pressure(settings)
        self.refusals = Refusals()
        self.acks = Acks(self.redis)
        #: as answers name it; an ordinary text, for it goes into each
        self.durability = settings.durability.value
        self.stopping = False
        #: set when the installation disagrees with the settings: the process must end
        self.mismatch: InstallMismatch | None = None
        self._appender: Appender | None = None
        #: the same, while Redis keeps the level
        self._open: Appender | None = None
        #: why it does not, for people
        self._shortfall = "Redis has not answered since the start"
        self._running: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will be written any more: the process must end, and be started again."""
        return self._running is not None and self._running.done()

    @property
    def appender(self) -> Appender:
        """Raises `Unavailable` until Redis was found to keep the level of durability, and while it does not."""
        if self._open is None:
            raise Unavailable("The queue cannot keep events as safe as promised now. Send this again in a moment.")
        return self._open

    def start(self) -> None:
        """Connect and write in the background."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    def wind_down(self) -> None:
        """Before the last requests are waited for: who waits for the drain is answered now."""
        self.stopping = True
        self.acks.close()

    async def stop(self) -> None:
        """Let go of Redis. The server waited for its requests before this, so nothing acknowledged is pending."""
        self.wind_down()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.refusals.flush(self.redis)
        await self.redis.aclose()
        await self._lanes.aclose()

    async def problem(self) -> str | None:
        """Why no event can be taken now, or None. Asks Redis."""
        if self.stopping:
            return "stopping"
        if self.ended and self.mismatch is None:
            return "the writer has ended; its reason is in the log"
        if self._open is None:
            return str(self.mismatch) if self.mismatch else self._shortfall
        try:
            info = await self.redis.info("persistence")
        except (RedisError, OSError) as error:
            return f"Redis does not answer: {error}"
        if info.get("aof_enabled") and info.get("aof_last_write_status") != "ok":
            return "Redis cannot write its append-only file; is its disk full?"
        return self.pressure.problem

    async def _run(self) -> None:
        settings = self.settings
        while self._appender is None:
            try:
                made = await install(self.redis, settings.shards, settings.window_seconds, settings.durability)
            except (RedisError, OSError) as error:
                log.warning("waiting for Redis", extra={"action": "start", "why": str(error)})
                await asyncio.sleep(0.5)
            except InstallMismatch as error:
                self.mismatch = error
                log.critical("settings differ from the installation", extra={"action": "start", "why": str(error)})
                return
            else:
                self._appender = Appender(self._lanes, made, settings.max_pending_bytes)
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._watch(made))
                parts.create_task(self._guard(self._appender, made.durability))
                parts.create_task(self.refusals.run(self.redis))
                await self._appender.run()
        except Exception:
            log.exception("the writer has ended", extra={"action": "append"})

    async def _watch(self, made: Install) -> None:
        """Look at how Redis is, over and over, so that no request needs to."""
        while True:
            try:
                await self.pressure.look(self.redis, made)
            except (RedisError, OSError) as error:
                log.warning("cannot look at Redis", extra={"action": "watch", "why": str(error)})
            await asyncio.sleep(_LOOK_SECONDS)

    async def _guard(self, appender: Appender, level: durability.Level) -> None:
        """Let events in while Redis keeps the level. When Redis is away, what it was found to be still holds."""
        lane = Lane(self._lanes, _GUARD_SECONDS)
        try:
            while True:
                try:
                    shortfall = await durability.look(lane.call, level)
                except (RedisError, OSError) as error:
                    log.warning("cannot look at Redis", extra={"action": "guard", "why": str(error)})
                else:
                    self._judge(appender, shortfall)
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await lane.close()

    def _judge(self, appender: Appender, shortfall: str) -> None:
        if shortfall and shortfall != self._shortfall:
            log.critical("no event is taken", extra={"action": "guard", "why": shortfall})
        elif self._shortfall and not shortfall:
            log.info("events are taken", extra={"action": "guard"})
        self._shortfall = shortfall
        self._open = None if shortfall else appender
