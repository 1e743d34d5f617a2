"""From the first byte to a known client: TLS, the start-up message, the password, or a request to cancel."""

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ssl import SSLContext

from pygwire import messages

from queries.psql import commands
from queries.psql.catalog.content import DATABASE
from queries.psql.sqlstate import (
    INVALID_AUTHORIZATION,
    INVALID_PASSWORD,
    NO_DATABASE,
    PROTOCOL_VIOLATION,
    Failure,
)
from queries.psql.state import State
from queries.psql.wire import Wire

#: requests before the start-up message: TLS, GSSAPI, and the start-up itself
_MAX_REQUESTS = 4
_MAX_NAME = 200
#: the version of the protocol that is spoken: 3.0
_VERSION = 3 << 16
#: start-up parameters that are no settings
_NO_SETTINGS = frozenset(("user", "database", "options", "replication"))

#: whether this key opens this project; asks for both
Check = Callable[[str, str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Doors:
    """How clients may come in: with what TLS, and whether a key may come without it from another machine."""

    tls: SSLContext | None
    plain: bool


async def enter(wire: Wire, doors: Doors, check: Check) -> State | messages.CancelRequest:
    """The state of a client whose key was found good, or a request to cancel. Raises fatal failures, and `Gone`."""
    startup = await _startup(wire, doors)
    if isinstance(startup, messages.CancelRequest):
        return startup
    user, database = startup.params.get("user", ""), startup.params.get("database", "")
    if not wire.encrypted and not doors.plain and not is_loopback(wire.peer):
        refused = "A key is not taken without TLS from another machine: connect with sslmode=require."
        raise Failure(INVALID_AUTHORIZATION, refused, fatal=True)
    _negotiate(wire, startup)
    wire.write(messages.AuthenticationCleartextPassword())
    await wire.drain()
    answer = await wire.receive()
    if not isinstance(answer, messages.PasswordMessage):
        raise Failure(PROTOCOL_VIOLATION, "A password message is wanted.", fatal=True)
    key = _text(answer.password)
    if not 0 < len(user) <= _MAX_NAME or not await check(user, key):
        named = "".join(letter for letter in user[:_MAX_NAME] if letter.isprintable())
        raise Failure(INVALID_PASSWORD, f'password authentication failed for user "{named}"', fatal=True)
    if (database or user) != DATABASE:
        raise Failure(NO_DATABASE, f'There is one database, "{DATABASE}": …@host:port/{DATABASE}.', fatal=True)
    if startup.params.get("replication", "false").lower() not in {"false", "off", "no", "0"}:
        raise Failure("0A000", "Nothing is replicated from here.", fatal=True)
    return _state(State(user, key), startup)


async def _startup(wire: Wire, doors: Doors) -> messages.StartupMessage | messages.CancelRequest:
    for _ in range(_MAX_REQUESTS):
        request = await wire.startup()
        if isinstance(request, messages.StartupMessage | messages.CancelRequest):
            return request
        if isinstance(request, messages.SSLRequest) and doors.tls is not None and not wire.encrypted:
            await wire.encrypt(doors.tls)
        else:
            wire.write_bytes(b"N")
            await wire.drain()
    raise Failure(PROTOCOL_VIOLATION, "A start-up message is wanted.", fatal=True)


def _negotiate(wire: Wire, startup: messages.StartupMessage) -> None:
    """Say which version is spoken to a client that asks for a later one, or for options of one."""
    unknown = [name for name in startup.params if name.startswith("_pq_.")]
    if startup.protocol_version != _VERSION or unknown:
        wire.write(messages.NegotiateProtocolVersion(newest_minor=_VERSION, unrecognized=unknown))


def _state(state: State, startup: messages.StartupMessage) -> State:
    """The settings as the client wants them, as far as they are known. Raises `Failure` for an encoding that is not."""
    for name, value in startup.params.items():
        if name in _NO_SETTINGS or name.startswith("_pq_.") or name.lower() not in state.settings:
            continue
        try:
            commands.set_to(state, name, value.strip("'"))
        except Failure as failure:
            raise Failure(failure.sqlstate, failure.message, fatal=True) from failure
    return state


def _text(password: str | bytes) -> str:
    return password if isinstance(password, str) else password.decode(errors="replace")


def is_loopback(peer: str) -> bool:
    """Whether it is this machine; a socket of the file system is."""
    return not peer or ipaddress.ip_address(peer.partition("%")[0]).is_loopback
