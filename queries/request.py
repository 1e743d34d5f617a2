"""HTTP -> questions: all validation of what is asked, and its messages."""

import re
from collections.abc import Mapping, Sequence

from ingest_api import moment
from queries.errors import Refused
from queries.questions.bots import BOTS, Bots
from queries.questions.recent import Cursor, RecentQuery
from queries.route import Parameter

_EVENT_TYPE = Parameter("event_type", str, "only events of this name; all when it is left out")
RECENT_PARAMETERS = (
    Parameter("after", str, "the cursor of an earlier answer: only events that arrived later, oldest first"),
    Parameter("limit", int, "most events in the answer, 1 to 1000", "100"),
    _EVENT_TYPE,
)
LEDGER_PARAMETERS = (
    Parameter("from", str, "the first minute: ISO 8601 or Unix milliseconds; an hour before the end when left out"),
    Parameter("to", str, "the end, exclusive, at most 24 hours later; now when it is left out"),
)
REJECTED_PARAMETERS = (
    Parameter("project", str, "only its events; a query key sees its own project's alone"),
    Parameter("redriven", str, "also what was redriven already", "no", ("no", "yes")),
    Parameter("limit", int, "most fingerprints in the answer, 1 to 1000", "100"),
)
SAMPLE_PARAMETERS = (
    Parameter("project", str, "only its events; a query key sees its own project's alone"),
    Parameter("limit", int, "most samples in the answer, 1 to 100", "5"),
)
VIOLATIONS_PARAMETERS = (
    Parameter("period", str, "what arrived that long back from now: a number and m, h, d or w, at most 3650d", "24h"),
    _EVENT_TYPE,
)
IDENTITY_PARAMETERS = (
    Parameter("client_id", str, "only this anonymous id, with all that is known of it"),
    Parameter("limit", int, "most links in the answer, 1 to 1000", "100"),
)
CATALOG_PARAMETERS = (Parameter("days", int, "counts are of that many days, 1 to 90, today among them", "30"),)
_PERIOD = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_LONGEST_MS = 3650 * _UNIT_MS["d"]
_MAX_NAME = 255
_LEDGER_MINUTES = 24 * 60


def read_recent(asked: Mapping[str, str], project: str, fresh_through: int) -> RecentQuery:
    """The query string of GET /api/v1/events. Raises `Refused` naming the parameter."""
    only(asked, RECENT_PARAMETERS)
    limit = limit_of(asked, "100")
    try:
        after = Cursor.parse(asked["after"]) if "after" in asked else None
    except ValueError as error:
        raise Refused(400, f"after: must be {error}.") from error
    return RecentQuery(project, limit, fresh_through, after, event_type_of(asked))


def read_ledger(asked: Mapping[str, str], now: int) -> tuple[int, int]:
    """The query string of GET /api/v1/ledger: first minute and the one behind the last, in Unix minutes."""
    only(asked, LEDGER_PARAMETERS)
    until = min(time_of(asked, "to"), now) if "to" in asked else now
    behind = -(-until // _UNIT_MS["m"])
    first = time_of(asked, "from") // _UNIT_MS["m"] if "from" in asked else behind - 60
    if not 0 < behind - first <= _LEDGER_MINUTES:
        raise Refused(400, "from: must lie before to, or before now, by 24 hours at most.")
    return first, behind


def read_rejected(asked: Mapping[str, str], parameters: Sequence[Parameter]) -> tuple[str, bool, int]:
    """The query strings of the workbench: project, whether with what was redriven, limit."""
    only(asked, parameters)
    redriven = asked.get("redriven", "no")
    if redriven not in {"no", "yes"}:
        raise Refused(400, "redriven: must be yes or no.")
    samples = parameters is SAMPLE_PARAMETERS
    limit = limit_of(asked, "5", 100) if samples else limit_of(asked, "100")
    return asked.get("project", ""), redriven == "yes", limit


def read_violations(asked: Mapping[str, str], now: int) -> tuple[int, str, str]:
    """The query string of GET /api/v1/violations: since when in Unix milliseconds, the period, an event name or ''."""
    only(asked, VIOLATIONS_PARAMETERS)
    period = asked.get("period", "24h")
    length = length_of(period)
    if not length:
        raise Refused(400, f"period: {quoted(period)} is not one such as 15m, 24h, 7d or 4w, at most 3650d.")
    return max(now - length, 0), period, event_type_of(asked)


def read_catalog(asked: Mapping[str, str]) -> int:
    """The query string of GET /api/v1/catalog: days."""
    only(asked, CATALOG_PARAMETERS)
    return number_of(asked, "days", "30", 90)


def read_identities(asked: Mapping[str, str]) -> tuple[str, int]:
    """The query string of GET /api/v1/identities: an anonymous id or '', limit."""
    only(asked, IDENTITY_PARAMETERS)
    return asked.get("client_id", ""), limit_of(asked, "100")


def limit_of(asked: Mapping[str, str], default: str, most: int = 1000) -> int:
    """The largest number of rows that is asked for."""
    return number_of(asked, "limit", default, most)


def number_of(asked: Mapping[str, str], name: str, default: str, most: int) -> int:
    """A whole number from 1 to `most`."""
    number = asked.get(name, default).lstrip("0")
    if not (number.isascii() and number.isdigit() and len(number) <= 4 and int(number) <= most):
        raise Refused(400, f"{name}: must be a number from 1 to {most}.")
    return int(number)


def length_of(period: str) -> int:
    """A number and m, h, d or w, at most 3650d, as milliseconds; 0 for anything else."""
    match = _PERIOD.fullmatch(period)
    length = int(match[1]) * _UNIT_MS[match[2]] if match else 0
    return length if length <= _LONGEST_MS else 0


def bots_of(asked: Mapping[str, str]) -> Bots:
    """Whether events of declared crawlers count."""
    for bots in BOTS:
        if bots == asked.get("bots", "exclude"):
            return bots
    raise Refused(400, f"bots: {quoted(asked['bots'])} is not one of {', '.join(BOTS)}.")


def time_of(asked: Mapping[str, str], name: str) -> int:
    """ISO 8601, or Unix milliseconds; as Unix milliseconds."""
    text = asked[name]
    time = int(text) if text.isascii() and text.isdigit() and len(text) == 13 else moment.parse(text)
    if time is None or not 0 <= time < 10_413_792_000_000:
        raise Refused(400, f"{name}: {quoted(text)} is not a time such as 2026-01-31T12:00:00Z or Unix milliseconds.")
    return time


def event_type_of(asked: Mapping[str, str]) -> str:
    """The name of events, or ''."""
    name = asked.get("event_type", "")
    if len(name) > _MAX_NAME or not name.isprintable():
        raise Refused(400, f"event_type: must be at most {_MAX_NAME} printable characters.")
    return name


def only(asked: Mapping[str, str], parameters: Sequence[Parameter]) -> None:
    """Refuse a parameter that is not known, or given twice."""
    known = {parameter.name for parameter in parameters}
    seen: set[str] = set()
    for name in asked:
        if name in seen:
            raise Refused(400, f"{quoted(name)} is given twice.")
        seen.add(name)
        if name not in known:
            raise Refused(400, f"{quoted(name)} is not a parameter here. Known: {', '.join(sorted(known))}.")


def quoted(text: str) -> str:
    """A short printable piece of what was sent."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[:40])
    return f"'{shown}'"
