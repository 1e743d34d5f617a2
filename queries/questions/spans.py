"""Spans: which stretch of time is asked about, in whose time zone, and the intervals that it is cut into. Pure.

Times are Unix milliseconds. A day begins when the zone's clocks show midnight for the first time, or skip it; a week
begins on Monday.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from ingest_api import moment
from queries.errors import Refused
from queries.request import length_of, quoted, time_of
from queries.route import Parameter

MAX_BUCKETS = 5000
CALENDAR = ("today", "yesterday", "week", "month", "year", "all")
PARAMETERS = (
    Parameter(
        "period",
        str,
        "that long back from now: a number and m, h, d or w, at most 3650d; or today, yesterday, week, month or year "
        "as the calendar has them, or all",
        "24h",
    ),
    Parameter("from", str, "instead of period: ISO 8601 or Unix milliseconds, inclusive"),
    Parameter("to", str, "the end that belongs to from, exclusive; open when it is left out"),
    Parameter("timezone", str, "IANA name of the zone whose days and hours are meant, Europe/Berlin", "UTC"),
)
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_FIXED = {"minute": _MINUTE, "hour": _HOUR}


@dataclass(frozen=True, slots=True)
class Span:
    """`until` is exclusive; None leaves the end open, so that events dated slightly ahead count at once."""

    since: int
    until: int | None
    #: what the answer calls it: "24h", or the two ends
    label: str
    zone: ZoneInfo
    #: the calendar's word where it is one: its predecessor is the one before in the calendar
    calendar: str = ""

    def end(self, now: int) -> int:
        """Where it ends as far as can be known."""
        return max(now, self.since + 1) if self.until is None else self.until


def read(asked: Mapping[str, str], now: int) -> Span:
    """The parameters `period`, `from`, `to` and `timezone`. Raises `Refused` naming the parameter."""
    zone = zone_of(asked.get("timezone", "UTC"), "timezone")
    if "from" not in asked and "to" not in asked:
        return of_period(asked.get("period", "24h"), zone, now, "period")
    if "period" in asked:
        raise Refused(400, "period: give either period, or from and to.")
    if "from" not in asked:
        raise Refused(400, "from: is required together with to.")
    until = _time(asked, "to", zone) if "to" in asked else None
    return of_times(_time(asked, "from", zone), until, zone, now, "from")


def of_period(text: str, zone: ZoneInfo, now: int, where: str) -> Span:
    """A stretch back from now, or one of the calendar. Raises `Refused` naming the place."""
    if text == "all":
        return Span(0, None, text, zone, text)
    if text in CALENDAR:
        unit = "day" if text in {"today", "yesterday"} else text
        first = _first(_date(now, zone), unit)
        span = Span(_start(first, zone), _start(_next(first, unit), zone), text, zone, text)
        return _before(span) if text == "yesterday" else span
    length = length_of(text)
    if not length:
        words = ", ".join(CALENDAR)
        raise Refused(400, f"{where}: {quoted(text)} is not one such as 15m, 24h, 7d or 4w, at most 3650d, or {words}.")
    return Span(now - length, None, text, zone)


def of_times(since: int, until: int | None, zone: ZoneInfo, now: int, where: str) -> Span:
    """Between two moments. Raises `Refused` naming the place."""
    if since >= (until or now):
        raise Refused(400, f"{where}: must lie before to, or before now.")
    return Span(since, until, f"{moment.text(since)}/{moment.text(until or now)}", zone)


def previous(span: Span, now: int) -> Span:
    """What it is compared with: as long, right before it; the one before in the calendar where it is the calendar's."""
    if span.calendar == "all":
        raise Refused(400, "compare: nothing lies before all.")
    if span.calendar:
        return _before(span)
    start = 2 * span.since - span.end(now)
    if start < 0:
        raise Refused(400, "compare: the span before this one begins before 1970.")
    return replace(span, since=start, until=span.since, label=f"{moment.text(start)}/{moment.text(span.since)}")


def zone_of(name: str, where: str) -> ZoneInfo:
    """Raises `Refused` naming the place."""
    if name not in _zones():
        raise Refused(400, f"{where}: {quoted(name)} is not the name of a time zone such as Europe/Berlin.")
    return ZoneInfo(name)


def starts(span: Span, interval: str, now: int) -> tuple[int, ...]:
    """The starts of the intervals that the span touches, and the end of the last one.

    An open span ends with the interval that runs now. Raises `Refused` where there are too many.
    """
    end = span.end(now)
    step = _steps(span.zone, interval)
    found = [_floor(span.since, interval, span.zone)]
    while found[-1] < end:
        if len(found) > MAX_BUCKETS:
            raise Refused(
                400, f"interval: gives more than {MAX_BUCKETS} of them. Ask for a longer one, or a shorter span."
            )
        found.append(step(found[-1]))
    return tuple(found)


def label(start: int, zone: ZoneInfo) -> str:
    """A moment as the zone's clocks show it, ISO 8601 with its offset."""
    return datetime.fromtimestamp(start / 1000, zone).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime"}


def _time(asked: Mapping[str, str], name: str, zone: ZoneInfo) -> int:
    """A date, or a time without an offset, is the zone's own."""
    time = time_of(asked, name)
    text = asked[name]
    if zone.key == "UTC" or len(text) == len(str(time)) == 13:
        return time
    written = datetime.fromisoformat(text)
    return time if written.tzinfo else _instant(written, zone)


def _steps(zone: ZoneInfo, interval: str) -> Callable[[int], int]:
    """The start of an interval -> the start of the next."""
    if interval in _FIXED:
        return lambda start: _next_clock(start, _FIXED[interval], zone)
    return lambda start: _next_date(start, interval, zone)


def _floor(time: int, interval: str, zone: ZoneInfo) -> int:
    """The start of the interval that a moment lies in."""
    if interval in _FIXED:
        start = time - _day_ms(time, zone) % _FIXED[interval]
        turn = _turn(start, time, zone)
        return start if turn is None else turn
    first = _first(_date(time, zone), interval)
    later = _start(_next(first, interval), zone)
    return later if later <= time else _start(first, zone)


def _next_clock(start: int, length: int, zone: ZoneInfo) -> int:
    """Where the clocks show a whole hour next, or are turned before."""
    end = start + length - _day_ms(start, zone) % length
    turn = _turn(start, end, zone)
    return end if turn is None else turn


def _next_date(start: int, interval: str, zone: ZoneInfo) -> int:
    day = _date(start, zone)
    while (found := _start(day := _next(_first(day, interval), interval), zone)) <= start:
        pass  # a day that the zone skipped
    return found


def _turn(start: int, end: int, zone: ZoneInfo) -> int | None:
    """When the clocks were turned in (start, end], if they were."""
    before = _offset(start, zone)
    if _offset(end, zone) == before:
        return None
    return start + bisect_right(range(start, end + 1), 0, key=lambda time: _offset(time, zone) != before)


def _offset(time: int, zone: ZoneInfo) -> timedelta:
    return datetime.fromtimestamp(time / 1000, zone).utcoffset() or timedelta()


def _day_ms(time: int, zone: ZoneInfo) -> int:
    """How much of the day the zone's clocks show."""
    return (time + _offset(time, zone) // timedelta(milliseconds=1)) % _DAY


def _date(time: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(time / 1000, zone).date()


def _start(day: date, zone: ZoneInfo) -> int:
    return _instant(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001  the zone comes with the next line


def _instant(clock: datetime, zone: ZoneInfo) -> int:
    """The first moment at which the clocks show this, or skip it."""
    span = clock.replace(tzinfo=zone).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return span // timedelta(milliseconds=1)


def _first(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(month=1, day=1) if unit == "year" else day.replace(day=1) if unit == "month" else day


def _next(day: date, unit: str) -> date:
    """The first day of the next unit; `day` is the first of one."""
    longest = {"day": 1, "week": 7, "month": 31, "year": 366}[unit]
    return _first(day + timedelta(days=longest), unit)


def _before(span: Span) -> Span:
    """The one before in the calendar."""
    unit = "day" if span.calendar in {"today", "yesterday"} else span.calendar
    first = _first(_date(span.since - 1, span.zone), unit)
    return replace(span, since=_start(first, span.zone), until=span.since)
