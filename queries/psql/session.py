"""One client after its login: messages in, statements run, answers out, until it goes."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from pygwire import messages

from queries.psql import commands, sqlstate, telemetry
from queries.psql.execution import Execution
from queries.psql.replies import Replies
from queries.psql.runner import Runner
from queries.psql.sqlstate import IDLE, INTERNAL, INVALID_PASSWORD, QUERY_CANCELED, SHUTDOWN, Failure
from queries.psql.state import State
from queries.psql.wire import Gone, Wire

log = logging.getLogger(__name__)

#: whether the client's key is still good
Known = Callable[[], Awaitable[bool]]

#: messages that are read while a statement runs
_AHEAD = 16
_CANCELED = "canceling statement due to user request"
_TOO_LATE = "canceling statement due to statement timeout"
_REVOKED = (INVALID_PASSWORD, "the key is no longer valid")
_STOPPED = (SHUTDOWN, "terminating connection due to administrator command")


class Session:
    """Lives as long as its connection. `cancel` and `stop` are called by others."""

    def __init__(
        self, wire: Wire, state: State, runner: Runner, *, known: Known, seconds: float, idle_seconds: float
    ) -> None:
        self._wire = wire
        self._state = state
        self._runner = runner
        self._replies = Replies(wire)
        self._execution = Execution(state, runner, self._replies)
        self._known = known
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._inbox: asyncio.Queue[messages.PGMessage | Exception] = asyncio.Queue(_AHEAD)
        self._running: asyncio.Timeout | None = None
        self._waiting: asyncio.Timeout | None = None
        self._why = ""
        self._stopped = self._gone = self._skipping = False

    def cancel(self) -> None:
        """End the statement that runs, if one does."""
        self._why = _CANCELED
        _end(self._running)

    def stop(self) -> None:
        """End the session: the process stops."""
        self._stopped = True
        _end(self._running)
        _end(self._waiting)

    async def run(self) -> None:
        """Answer until the client goes. Raises a fatal `Failure` when it may not stay, `Gone` when it went at once."""
        reading = asyncio.get_running_loop().create_task(self._read())
        try:
            self._replies.ready(self._state)
            await self._wire.drain()
            while await self._answer(await self._next()):
                pass
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await self._state.end()
            self._runner.close()

    async def _read(self) -> None:
        """Read ahead, so that a client that goes ends what it asked for."""
        try:
            while True:
                await self._inbox.put(await self._wire.receive())
        except Failure as failure:
            await self._inbox.put(failure)
        except Gone as gone:
            self._gone = True
            _end(self._running)
            await self._inbox.put(gone)

    async def _next(self) -> messages.PGMessage:
        try:
            async with asyncio.timeout(0 if self._stopped else self._idle_seconds) as self._waiting:
                message = await self._inbox.get()
        except TimeoutError as late:
            if self._stopped:
                raise Failure(*_STOPPED, fatal=True) from late
            raise Failure(IDLE, "terminating connection due to idle-session timeout", fatal=True) from late
        finally:
            self._waiting = None
        if isinstance(message, Exception):
            raise message
        return message

    async def _answer(self, message: messages.PGMessage) -> bool:
        """Whether the session goes on."""
        match message:
            case messages.Terminate():
                return False
            case messages.Sync():
                self._skipping = False
                await self._turn()
            case _ if self._skipping:
                return True  # what failed is over with the next Sync
            case messages.Query(query_string=text):
                await self._guarded(lambda: self._execution.simple(text))
                await self._turn()
            case messages.CopyData() | messages.CopyDone() | messages.CopyFail():
                pass  # the rest of a COPY that was refused
            case messages.Flush():
                await self._wire.drain()
            case _:
                self._skipping = not await self._guarded(lambda: self._execution.extended(message))
        return True

    async def _turn(self) -> None:
        """The client may send the next statement."""
        if self._state.status == "I":
            await self._state.end()
        self._replies.ready(self._state)
        await self._wire.drain()

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Work within the time that a statement has. Whether it went well: what is fatal is raised."""
        started = time.perf_counter()
        self._why = _TOO_LATE
        own = commands.seconds(self._state.settings["statement_timeout"])
        failure: Failure | None
        try:
            async with asyncio.timeout(min(own or self._seconds, self._seconds)) as self._running:
                if not await self._known():
                    raise Failure(*_REVOKED, fatal=True)
                await work()
        except Gone:
            raise
        except TimeoutError:
            stopped = self._stopped
            failure = Failure(*_STOPPED, fatal=True) if stopped else Failure(QUERY_CANCELED, self._why)
        except Exception as error:
            failure = sqlstate.of(error)
            if failure is None:
                log.exception("a statement failed", extra={"action": "psql"})
                failure = Failure(INTERNAL, "Something failed here; it is in the log.")
        else:
            return True
        finally:
            self._running = None
            telemetry.SECONDS.observe(time.perf_counter() - started)
        self._fail(failure)
        return False

    def _fail(self, failure: Failure) -> None:
        telemetry.FAILURES.labels(failure.sqlstate).inc()
        if self._gone or self._wire.clogged:
            raise Gone
        if failure.fatal:
            raise failure
        self._state.fail()
        self._replies.failed(failure)


def _end(timeout: asyncio.Timeout | None) -> None:
    """Let the time of what is done be over."""
    if timeout is not None and not timeout.expired():
        timeout.reschedule(asyncio.get_running_loop().time())
