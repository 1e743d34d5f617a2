"""The front door as one object: Redis, the directory of keys, the appender, and whether it can take events now."""

import asyncio
import logging

from redis.exceptions import RedisError

from ingest_api.access import Directory
from ingest_api.ack import Acks
from ingest_api.append import Appender
from ingest_api.errors import Unavailable
from ingest_api.pressure import Pressure
from ingest_api.rate import Limiter
from ingest_api.refusals import Refusals
from ingest_api.rules.limits import Limits
from ingest_api.settings import Settings
from ingest_api.stream import InstallMismatch, connect, install, read_install
from ingest_api.turnstile import Entrance

log = logging.getLogger(__name__)

#: pause between two looks at how Redis is
_LOOK_SECONDS = 1.0
_SILENT = "Redis has not answered since the start"


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
        self.entrance = Entrance()
        #: as answers name it; an ordinary text, for it goes into each
        self.durability = settings.durability.value
        self.stopping = False
        #: set when the installation disagrees with the settings: the process must end
        self.mismatch: InstallMismatch | None = None
        self._appender: Appender | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will be written any more: the process must end, and be started again."""
        return self._running is not None and self._running.done()

    @property
    def appender(self) -> Appender:
        """Raises `Unavailable` until Redis was found to keep the level of durability, and while it does not."""
        if self._appender is None or self._appender.shut:
            raise Unavailable("The queue cannot keep events as safe as promised now. Send this again in a moment.")
        return self._appender

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
        if self.mismatch is not None or self._appender is None or self._appender.shut:
            return str(self.mismatch or "; ".join(self.away.values()) or _SILENT)
        try:
            info = await self.redis.info("persistence")
        except (RedisError, OSError) as error:
            return f"Redis does not answer: {error}"
        if info.get("aof_enabled") and info.get("aof_last_write_status") != "ok":
            return "Redis cannot write its append-only file; is its disk full?"
        return self.pressure.problem

    @property
    def away(self) -> dict[str, str]:
        """The servers that take no events while others do, and why, for people."""
        return self._appender.problems if self._appender else {}

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
                parts.create_task(self._watch(self._appender))
                parts.create_task(self.refusals.run(self.redis))
                await self._appender.run(guarded=True)
        except Exception:
            log.exception("the writer has ended", extra={"action": "append"})

    async def _watch(self, appender: Appender) -> None:
        """Look at how Redis is, over and over, so that no request needs to."""
        while True:
            try:
                made = await read_install(self.redis)
                appender.use(made)
                await self.pressure.look(self.redis, made)
            except (RedisError, OSError, InstallMismatch) as error:
                log.warning("cannot look at Redis", extra={"action": "watch", "why": str(error)})
            await asyncio.sleep(_LOOK_SECONDS)
