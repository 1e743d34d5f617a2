"""Spans and their intervals are those that a calendar and a clock on the wall show, also when the clocks are turned."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.errors import Refused
from queries.questions import spans
from queries.questions.spans import MAX_BUCKETS, Span
from tests.queries.test_request import NASTY

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
#: clocks turned by an hour, by half an hour, at midnight, past midnight, by a day; offsets of quarters of an hour
TURNS = (
    ("Europe/Berlin", 2026, 10, 25),
    ("Europe/Berlin", 2026, 3, 29),
    ("America/New_York", 2026, 11, 1),
    ("Australia/Lord_Howe", 2026, 4, 5),
    ("Australia/Lord_Howe", 2026, 10, 4),
    ("America/Sao_Paulo", 2018, 11, 4),
    ("America/Sao_Paulo", 2018, 2, 18),
    ("America/Havana", 2026, 11, 1),
    ("America/St_Johns", 2005, 10, 30),
    ("America/St_Johns", 2005, 4, 3),
    ("Pacific/Apia", 2011, 12, 30),
    ("Asia/Kathmandu", 2026, 1, 1),
    ("UTC", 2026, 1, 1),
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


NOW = ms("2026-11-21T15:30:00+01:00")


def between(since: int, until: int, zone: ZoneInfo = BERLIN) -> Span:
    return Span(since, until, "any", zone)


def minutes(since: int, until: int, zone: ZoneInfo) -> Iterator[tuple[int, datetime]]:
    """Every minute with what the clocks show, from three days before."""
    for time in range(since - 3 * DAY, until + 3 * DAY, MINUTE):
        yield time, datetime.fromtimestamp(time / 1000, zone)


def clock_starts(since: int, until: int, zone: ZoneInfo, interval: str) -> list[int]:
    """By looking at the clock every minute: whole hours, and moments at which it was turned."""
    found, before = [], None
    for time, shown in minutes(since, until, zone):
        if interval == "minute" or shown.minute == 0 or shown.utcoffset() != before:
            found.append(time)
        before = shown.utcoffset()
    return found


def date_starts(since: int, until: int, zone: ZoneInfo, interval: str) -> list[int]:
    """By looking at the calendar every minute: when a later day, week or month is seen for the first time."""
    found, latest = [], (0, 0, 0)
    for time, shown in minutes(since, until, zone):
        year, week, _ = shown.isocalendar()
        names = {"day": (shown.year, shown.month, shown.day), "week": (year, week, 0)}
        name = names.get(interval, (shown.year, shown.month, 0))
        if name > latest:
            found.append(time)
        latest = max(latest, name)
    return found[1:]


@pytest.mark.parametrize(("name", "year", "month", "day"), TURNS)
@pytest.mark.parametrize("interval", ["minute", "hour", "day", "week", "month"])
def test_intervals_are_those_of_the_clock_on_the_wall(
    name: str, year: int, month: int, day: int, interval: str
) -> None:
    zone = ZoneInfo(name)
    middle = int(datetime(year, month, day, 12, tzinfo=UTC).timestamp() * 1000)
    since, until = middle - DAY - 7 * MINUTE, middle + DAY + 11 * MINUTE
    seen = (clock_starts if interval in {"minute", "hour"} else date_starts)(since, until, zone, interval)
    found = spans.starts(between(since, until, zone), interval, NOW)
    within = [start for start in seen if since < start < until]
    assert list(found[1:-1]) == within
    assert found[0] <= since
    assert found[-1] >= until
    assert found[0] in seen or interval in {"week", "month"}
    assert found[-1] in seen or interval in {"week", "month"}


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted({turn[0] for turn in TURNS})),
    st.sampled_from(("hour", "day", "week", "month")),
    st.integers(0, 60 * 366 * 24 * 60),
    st.integers(1, 100 * DAY),
)
def test_intervals_follow_each_other_and_cover_the_span(name: str, interval: str, minute: int, length: int) -> None:
    since = minute * MINUTE
    found = spans.starts(between(since, since + length, ZoneInfo(name)), interval, NOW)
    assert found[0] <= since < found[1]
    assert found[-2] < since + length <= found[-1]
    assert all(earlier < later for earlier, later in pairwise(found))
    again = spans.starts(between(found[0], found[-1], ZoneInfo(name)), interval, NOW)
    assert again == found


def test_days_on_which_the_clocks_are_turned_have_23_and_25_hours() -> None:
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-21", 24)):
        since = ms(f"{day}T00:00:00+01:00") if hours != 25 else ms(f"{day}T00:00:00+02:00")
        (first, end) = spans.starts(between(since, since + 1), "day", NOW)
        assert (first, (end - first) // HOUR) == (since, hours)
        assert len(spans.starts(between(first, end), "hour", NOW)) == hours + 1


def test_an_hour_that_comes_twice_is_told_by_its_offset() -> None:
    since = ms("2026-10-25T02:00:00+02:00")
    labels = [spans.label(start, BERLIN) for start in spans.starts(between(since, since + 2 * HOUR), "hour", NOW)]
    assert labels == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]
    assert spans.label(0, UTC_ZONE) == "1970-01-01T00:00:00Z"


def test_an_open_span_ends_with_the_interval_that_runs_now() -> None:
    found = spans.starts(spans.of_period("3h", BERLIN, NOW, "period"), "hour", NOW)
    assert [spans.label(start, BERLIN)[11:16] for start in found] == ["12:00", "13:00", "14:00", "15:00", "16:00"]


def test_too_many_intervals_are_refused() -> None:
    assert len(spans.starts(between(0, MAX_BUCKETS * MINUTE), "minute", NOW)) == MAX_BUCKETS + 1
    with pytest.raises(Refused, match=f"^interval: gives more than {MAX_BUCKETS}"):
        spans.starts(between(0, (MAX_BUCKETS + 1) * MINUTE), "minute", NOW)


@pytest.mark.parametrize(
    ("period", "since", "until", "earlier"),
    [
        ("today", "2026-11-21T00:00+01:00", "2026-11-22T00:00+01:00", "2026-11-20T00:00+01:00"),
        ("yesterday", "2026-11-20T00:00+01:00", "2026-11-21T00:00+01:00", "2026-11-19T00:00+01:00"),
        ("week", "2026-11-16T00:00+01:00", "2026-11-23T00:00+01:00", "2026-11-09T00:00+01:00"),
        ("month", "2026-11-01T00:00+01:00", "2026-12-01T00:00+01:00", "2026-10-01T00:00+02:00"),
        ("year", "2026-01-01T00:00+01:00", "2027-01-01T00:00+01:00", "2025-01-01T00:00+01:00"),
    ],
)
def test_spans_of_the_calendar_are_whole_and_follow_those_before(
    period: str, since: str, until: str, earlier: str
) -> None:
    span = spans.read({"period": period, "timezone": "Europe/Berlin"}, NOW)
    assert (span.since, span.until, span.label) == (ms(since), ms(until), period)
    before = spans.previous(span, NOW)
    assert (before.since, before.until) == (ms(earlier), span.since)


def test_today_is_another_day_elsewhere() -> None:
    tokyo = spans.read({"period": "today", "timezone": "Asia/Tokyo"}, ms("2026-11-21T15:30:00Z"))
    assert spans.label(tokyo.since, tokyo.zone) == "2026-11-22T00:00:00+09:00"


@pytest.mark.parametrize(
    ("period", "length"), [("1m", MINUTE), ("15m", 15 * MINUTE), ("4w", 28 * DAY), ("3650d", 3650 * DAY)]
)
def test_a_period_reaches_back_from_now_and_is_open(period: str, length: int) -> None:
    span = spans.read({"period": period}, NOW)
    assert (span.since, span.until, span.label, span.zone.key) == (NOW - length, None, period, "UTC")
    before = spans.previous(span, NOW)
    assert (before.since, before.until) == (NOW - 2 * length, NOW - length)


def test_all_has_no_beginning_and_nothing_before_it() -> None:
    span = spans.read({"period": "all"}, NOW)
    assert (span.since, span.until) == (0, None)
    with pytest.raises(Refused, match=r"^compare: "):
        spans.previous(span, NOW)


def test_a_time_without_an_offset_is_the_zones_own() -> None:
    span = spans.read({"from": "2026-11-01", "to": "2026-11-01T12:00:00Z", "timezone": "Europe/Berlin"}, NOW)
    assert (span.since, span.until) == (ms("2026-11-01T00:00:00+01:00"), ms("2026-11-01T12:00:00+00:00"))
    assert spans.read({"from": "20261101", "to": "20261102", "timezone": "Asia/Tokyo"}, NOW).since == ms(
        "2026-11-01T00:00:00+09:00"
    )
    numbers = spans.read({"from": "1793487600000", "timezone": "Asia/Tokyo"}, NOW)
    assert (numbers.since, numbers.until) == (1793487600000, None)
    before = spans.previous(span, NOW)
    assert (before.since, before.until) == (span.since - 13 * HOUR, span.since)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"period": "1y"}, "period"),
        ({"period": "0h"}, "period"),
        ({"period": "3651d"}, "period"),
        ({"period": "Today"}, "period"),
        ({"period": "1h", "from": "2026-11-01"}, "period"),
        ({"to": "2026-11-01"}, "from"),
        ({"from": "2026-11-02", "to": "2026-11-02"}, "from"),
        ({"from": "2027-01-01"}, "from"),
        ({"from": "x"}, "from"),
        ({"from": "2026-11-01", "to": "x"}, "to"),
        ({"timezone": "Mars"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "europe/berlin"}, "timezone"),
        ({"timezone": "UTC+2"}, "timezone"),
    ],
)
def test_what_is_wrong_is_named(asked: dict[str, str], name: str) -> None:
    with pytest.raises(Refused, match=f"^{name}: ") as refused:
        spans.read(asked, NOW)
    assert refused.value.status == 400


@pytest.mark.parametrize("value", NASTY, ids=ascii)
@pytest.mark.parametrize("name", ["period", "from", "to", "timezone"])
def test_nasty_text_is_never_worse_than_refused(name: str, value: str) -> None:
    asked = {name: value} if name != "to" else {"from": "2026-01-01", "to": value}
    try:
        span = spans.read(asked, NOW)
    except Refused as why:
        refused = why
    else:
        assert span.since < span.end(NOW)
        return
    assert (refused.status, refused.message.isprintable()) == (400, True)


@given(st.datetimes(timezones=st.timezones()), st.timezones())
def test_any_time_is_understood_or_refused(time: datetime, zone: ZoneInfo) -> None:
    for text in (time.isoformat(), time.replace(tzinfo=None).isoformat()):
        try:
            span = spans.read({"from": text, "timezone": zone.key}, NOW)
        except Refused:
            continue
        assert span.since < NOW
        assert abs(timedelta(milliseconds=span.since - ms("1970-01-01T00:00:00+00:00"))) < timedelta(days=366 * 60)
