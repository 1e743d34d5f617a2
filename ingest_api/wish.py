"""What a request asks for in its query string: only to be checked, or to be answered once its events are stored."""

from collections.abc import Mapping

import msgspec

from ingest_api.dialect import Ack
from ingest_api.errors import Detail, Reason, Refused

#: seconds that a producer may wait
SHORTEST, LONGEST, USUAL = 0.1, 60.0, 10.0
#: how far events may be waited for
ASKED = (Ack.QUEUED, Ack.STORED, Ack.QUERYABLE)


class Wish(msgspec.Struct, frozen=True, gc=False):
    """`ack` is None where nothing was said of it."""

    check_only: bool = False
    ack: Ack | None = None
    timeout: float = USUAL


NOTHING = Wish()


def wish(query: Mapping[str, str], *, waits: bool) -> Wish:
    """Read the query string; of a dialect that does not wait `validate` alone. Raises `Refused`."""
    if not query:
        return NOTHING
    check_only = query.get("validate") == "1"
    if not waits:
        return Wish(check_only)
    return Wish(check_only, _ack(query.get("ack")), _timeout(query.get("timeout")))


def _ack(said: str | None) -> Ack | None:
    if said is None:
        return None
    if said not in ASKED:
        raise _wrong("ack", f"must be one of {', '.join(ASKED)}")
    return Ack(said)


def _timeout(said: str | None) -> float:
    if said is None:
        return USUAL
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not SHORTEST <= seconds <= LONGEST:  # also where it is no number at all
        raise _wrong("timeout", f"must be a number of seconds from {SHORTEST:g} to {LONGEST:g}")
    return seconds


def _wrong(name: str, what: str) -> Refused:
    return Refused(Reason.INVALID_FIELD, f"The request is not valid: {name}: {what}.", (Detail(name, what),))
