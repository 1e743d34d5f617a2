"""What a session remembers: settings, the transaction, prepared statements, portals."""

from dataclasses import dataclass, field

from queries.psql.catalog.functions import SERVER_VERSION, VERSION_NUMBER
from queries.psql.portals import Portal, Prepared
from queries.psql.sqlstate import (
    DUPLICATE_CURSOR,
    DUPLICATE_STATEMENT,
    INVALID_CURSOR_NAME,
    INVALID_STATEMENT_NAME,
    LIMIT_EXCEEDED,
    Failure,
)

#: of prepared statements, and of portals, of one session
MAX_NAMED = 200
#: of all their statements together
MAX_CHARACTERS_KEPT = 256 * 1024
#: settings that clients set and ask for; most mean nothing here
DEFAULTS = {
    "application_name": "",
    "bytea_output": "hex",
    "client_encoding": "UTF8",
    "client_min_messages": "notice",
    "datestyle": "ISO, MDY",
    "default_transaction_deferrable": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "on",
    "extra_float_digits": "1",
    "geqo": "on",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "in_hot_standby": "off",
    "integer_datetimes": "on",
    "intervalstyle": "postgres",
    "is_superuser": "off",
    "jit": "off",
    "lc_collate": "C",
    "lc_ctype": "C.UTF-8",
    "lc_messages": "C",
    "lc_monetary": "C",
    "lock_timeout": "0",
    "max_identifier_length": "63",
    "max_index_keys": "32",
    "role": "none",
    "row_security": "on",
    "search_path": '"$user", public',
    "server_encoding": "UTF8",
    "server_version": SERVER_VERSION,
    "server_version_num": VERSION_NUMBER,
    "standard_conforming_strings": "on",
    "statement_timeout": "0",
    "timezone": "UTC",
    "transaction_deferrable": "off",
    "transaction_isolation": "read committed",
    "transaction_read_only": "on",
    "work_mem": "4MB",
}
#: those that a client is told of at the start and at each change, as PostgreSQL spells them
REPORTED = {
    "application_name": "application_name",
    "client_encoding": "client_encoding",
    "datestyle": "DateStyle",
    "default_transaction_read_only": "default_transaction_read_only",
    "in_hot_standby": "in_hot_standby",
    "integer_datetimes": "integer_datetimes",
    "intervalstyle": "IntervalStyle",
    "is_superuser": "is_superuser",
    "server_encoding": "server_encoding",
    "server_version": "server_version",
    "session_authorization": "session_authorization",
    "standard_conforming_strings": "standard_conforming_strings",
    "timezone": "TimeZone",
}
#: those that no client changes: their values describe what is so
FIXED = frozenset(
    (
        *("client_encoding", "datestyle", "intervalstyle", "timezone", "standard_conforming_strings", "server_version"),
        *("server_version_num", "server_encoding", "integer_datetimes", "is_superuser", "in_hot_standby"),
        *("session_authorization", "role", "lc_collate", "lc_ctype", "max_identifier_length", "max_index_keys"),
        *("default_transaction_read_only", "transaction_read_only", "bytea_output"),
    )
)


@dataclass
class State:
    """Of one session. `status` is I, T or E: idle, in a transaction, in a failed one."""

    user: str
    #: asked for again with every statement, as it may be revoked
    key: str = field(default="", repr=False)
    settings: dict[str, str] = field(default_factory=lambda: dict(DEFAULTS))
    status: str = "I"
    prepared: dict[str, Prepared] = field(default_factory=dict)
    portals: dict[str, Portal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings["session_authorization"] = self.user

    def fail(self) -> None:
        """A statement failed."""
        self.status = "E" if self.status != "I" else "I"

    async def end(self) -> None:
        """The transaction is over, and with it every portal."""
        self.status = "I"
        for portal in list(self.portals.values()):
            await portal.close()
        self.portals.clear()

    def prepare(self, name: str, prepared: Prepared) -> None:
        """Keep a statement; only the one without a name is replaced."""
        if name and name in self.prepared:
            raise Failure(DUPLICATE_STATEMENT, f'prepared statement "{name}" already exists')
        self._check_room(len(self.prepared), prepared)
        self.prepared[name] = prepared

    def statement(self, name: str) -> Prepared:
        """A prepared statement."""
        if name not in self.prepared:
            raise Failure(INVALID_STATEMENT_NAME, f'prepared statement "{name}" does not exist')
        return self.prepared[name]

    async def open(self, name: str, portal: Portal) -> None:
        """Keep a portal; only the one without a name is replaced."""
        if name and name in self.portals:
            raise Failure(DUPLICATE_CURSOR, f'cursor "{name}" already exists')
        await self.drop(name)
        self._check_room(len(self.portals), portal.prepared)
        self.portals[name] = portal

    def portal(self, name: str) -> Portal:
        """An open portal."""
        if name not in self.portals:
            raise Failure(INVALID_CURSOR_NAME, f'cursor "{name}" does not exist')
        return self.portals[name]

    async def drop(self, name: str) -> None:
        """Close a portal, if it is there."""
        portal = self.portals.pop(name, None)
        if portal is not None:
            await portal.close()

    def _check_room(self, count: int, one: Prepared) -> None:
        """A portal keeps its statement, also when that is closed."""
        kept = {
            id(each): each
            for each in (one, *self.prepared.values(), *(each.prepared for each in self.portals.values()))
        }
        characters = sum(len(each.statement.text) for each in kept.values() if each.statement)
        if count >= MAX_NAMED or characters > MAX_CHARACTERS_KEPT:
            raise Failure(LIMIT_EXCEEDED, "A session keeps no more statements and cursors than these. Close some.")
