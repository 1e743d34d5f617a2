"""What the wire says no with: a `Failure` carries an SQLSTATE, a sentence and whether the connection ends with it."""

from redis.exceptions import RedisError

from queries.errors import Refused, StoreUnavailable

PROTOCOL_VIOLATION = "08P01"
FEATURE_NOT_SUPPORTED = "0A000"
OUT_OF_RANGE = "22003"
INVALID_PARAMETER = "22023"
BAD_TEXT = "22P02"
BAD_BINARY = "22P03"
READ_ONLY = "25006"
NO_TRANSACTION = "25P01"
FAILED_TRANSACTION = "25P02"
INVALID_STATEMENT_NAME = "26000"
INVALID_AUTHORIZATION = "28000"
INVALID_PASSWORD = "28P01"  # noqa: S105  the code of the error, not a password
INVALID_CURSOR_NAME = "34000"
NO_DATABASE = "3D000"
SYNTAX_ERROR = "42601"
UNDEFINED_COLUMN = "42703"
UNDEFINED_OBJECT = "42704"
DUPLICATE_CURSOR = "42P03"
DUPLICATE_STATEMENT = "42P05"
TOO_MANY_CONNECTIONS = "53300"
LIMIT_EXCEEDED = "54000"
QUERY_CANCELED = "57014"
SHUTDOWN = "57P01"
CANNOT_CONNECT_NOW = "57P03"
IDLE = "57P05"
INTERNAL = "XX000"

#: the query service's statuses
_OF_STATUS = {
    400: "42000",
    401: INVALID_PASSWORD,
    403: "42501",
    408: QUERY_CANCELED,
    413: LIMIT_EXCEEDED,
    422: LIMIT_EXCEEDED,
    429: "53400",
}
#: ClickHouse's codes of what is wrong with a statement, not with the service
_OF_CLICKHOUSE = {
    6: BAD_TEXT,
    16: UNDEFINED_COLUMN,
    27: BAD_TEXT,
    38: BAD_TEXT,
    41: BAD_TEXT,
    42: "42883",
    43: "42804",
    46: "42883",
    47: UNDEFINED_COLUMN,
    53: "42804",
    60: "42P01",
    62: SYNTAX_ERROR,
    69: OUT_OF_RANGE,
    70: BAD_TEXT,
    72: BAD_TEXT,
    153: "22012",
    179: "42702",
    184: "42803",
    215: "42803",
    352: "42702",
    386: "42804",
    394: QUERY_CANCELED,
    407: OUT_OF_RANGE,
}


class Failure(Exception):
    """A statement, or with `fatal` the connection, is refused."""

    def __init__(self, sqlstate: str, message: str, *, hint: str = "", fatal: bool = False) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.message = message
        self.hint = hint
        self.fatal = fatal


def of_engine(code: int) -> str:
    """For what the engine has against a statement."""
    return _OF_CLICKHOUSE.get(code, "42000")


def of(error: Exception) -> Failure | None:
    """The failure that a client is told of for this error, or None for one that only the log may know."""
    match error:
        case Failure():
            return error
        case Refused():
            details = "; ".join(f"{one.field}: {one.message}" for one in error.details)
            return Failure(_OF_STATUS.get(error.status, "42000"), f"{error.message} {details}".strip())
        case StoreUnavailable() | RedisError() | OSError():
            return Failure(CANNOT_CONNECT_NOW, "The answer cannot be had now. Ask again in a moment.")
        case RecursionError():
            return Failure("54001", "The statement is nested too deeply.")
    return None
