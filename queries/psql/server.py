"""The PSQL wire of one process: listens, counts connections, cancels, stops."""

import asyncio
import contextlib
import itertools
import logging
import secrets
import ssl
from collections import Counter
from collections.abc import Iterator

from pygwire import messages
from redis.exceptions import RedisError

from ingest_api.projects.keys import Kind
from queries.errors import Refused
from queries.psql import login, replies, sqlstate, telemetry
from queries.psql.login import Doors
from queries.psql.runner import Runner
from queries.psql.session import Session
from queries.psql.sqlstate import CANNOT_CONNECT_NOW, TOO_MANY_CONNECTIONS, Failure
from queries.psql.state import REPORTED, State
from queries.psql.wire import Gone, Wire
from queries.service import QueryService
from queries.settings import Settings

log = logging.getLogger(__name__)

#: a client must be known within so many seconds
_LOGIN_SECONDS = 10.0
#: clients that are not known yet, as a multiple of those that may be
_STRANGERS = 2


class Server:
    """Serves until `close`. `start` raises `OSError` for a port that is taken, `ValueError` for a bad certificate."""

    def __init__(self, service: QueryService, settings: Settings) -> None:
        self._service = service
        self._settings = settings
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        #: process id and secret -> session
        self._sessions: dict[tuple[int, bytes], Session] = {}
        self._of: Counter[str] = Counter()
        self._numbers = itertools.count(secrets.randbelow(1 << 20) + 1)
        self._stopping = False

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else 0

    @property
    def clients(self) -> int:
        """How many are logged in."""
        return len(self._sessions)

    async def start(self) -> None:
        """Begin to listen."""
        self._doors = Doors(_tls(self._settings), self._settings.psql_plain)
        self._server = await asyncio.start_server(
            self._connected, self._settings.query_host, self._settings.psql_port, reuse_port=True
        )

    async def close(self) -> None:
        """Stop listening, tell every client, and wait for them for as long as requests may take."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
        for session in list(self._sessions.values()):
            session.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._settings.shutdown_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(Wire(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, wire: Wire) -> None:
        try:
            await self._welcome(wire)
        except Gone:
            pass
        except Exception as error:
            failure = sqlstate.of(error)
            if failure is None:
                log.exception("a connection failed", extra={"action": "psql"})
                failure = Failure(sqlstate.INTERNAL, "Something failed here; it is in the log.")
            telemetry.REFUSED.labels(failure.sqlstate).inc()
            wire.write(replies.error(Failure(failure.sqlstate, failure.message, hint=failure.hint, fatal=True)))
        finally:
            await wire.close()

    async def _welcome(self, wire: Wire) -> None:
        most = self._settings.psql_connections
        if self._stopping or len(self._tasks) - len(self._sessions) > _STRANGERS * most:
            raise Failure(TOO_MANY_CONNECTIONS, "sorry, too many clients already", fatal=True)
        try:
            async with asyncio.timeout(_LOGIN_SECONDS):
                entered = await login.enter(wire, self._doors, self._opens)
        except TimeoutError:
            raise Gone from None  # whoever says nothing is told nothing
        if isinstance(entered, messages.CancelRequest):
            session = self._sessions.get((entered.process_id, entered.secret_key))
            if session is not None:
                session.cancel()
            return
        with self._place(entered):
            await self._converse(wire, entered)

    async def _converse(self, wire: Wire, state: State) -> None:
        wire.trust()
        name = (next(self._numbers) & 0x7FFFFFFF, secrets.token_bytes(4))
        session = Session(
            wire,
            state,
            Runner(self._service.confined, self._service.gate, state),
            seconds=self._settings.query_timeout_seconds + 2,
            idle_seconds=self._settings.psql_idle_seconds,
            known=lambda: self._opens(state.user, state.key),
        )
        wire.write(messages.AuthenticationOk())
        wire.write(*(messages.ParameterStatus(name=REPORTED[key], value=state.settings[key]) for key in REPORTED))
        wire.write(messages.BackendKeyData(process_id=name[0], secret_key=name[1]))
        self._sessions[name] = session
        try:
            if self._stopping:
                session.stop()
            await session.run()
        finally:
            del self._sessions[name]

    @contextlib.contextmanager
    def _place(self, state: State) -> Iterator[None]:
        """One of the places for connections. Raises when there is none, or the project has its half."""
        most = self._settings.psql_connections
        if len(self._sessions) >= most or self._of[state.user] >= max(1, most // 2):
            raise Failure(TOO_MANY_CONNECTIONS, "sorry, too many clients already", fatal=True)
        self._of[state.user] += 1
        telemetry.CONNECTIONS.inc()
        try:
            yield
        finally:
            telemetry.CONNECTIONS.dec()
            self._of[state.user] -= 1
            if not self._of[state.user]:
                del self._of[state.user]

    async def _opens(self, project: str, key: str) -> bool:
        """Whether it is a query key of this project: one answer for every cause."""
        try:
            access = await self._service.access(f"Bearer {key}", Kind.QUERY)
        except Refused:
            return False
        except (RedisError, OSError) as away:
            raise Failure(CANNOT_CONNECT_NOW, "Keys cannot be checked now. Try again in a moment.") from away
        return access.project is not None and access.project.id == project


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.psql_tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.psql_tls_cert, settings.psql_tls_key or None)
    except OSError as error:  # an ssl.SSLError is one
        why = f"HEADRACE_PSQL_TLS_CERT, HEADRACE_PSQL_TLS_KEY: no certificate and key can be read there ({error})"
        raise ValueError(why) from error
    return context
