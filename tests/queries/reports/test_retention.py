"""The retention report equals what plain Python makes of the same events."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.projects.project import Project
from queries.errors import Refused
from queries.reports.retention import Cohort, Retention, RetentionAsked, build, periods, shape
from tests.queries.crowd import DAY, Row
from tests.queries.reports import happened
from tests.queries.reports.happened import CROWD, NAMES, SINCE, UNTIL, did, happen

pytestmark = pytest.mark.stack

ZONES = ("UTC", "Europe/Berlin", "Pacific/Auckland")
HAPPENING = st.fixed_dictionaries(
    {"event": st.sampled_from(("", *NAMES[:2]))},
    optional={"filters": st.just([["is_not", "page", ["/b"]]])},
)
ASKED = st.fixed_dictionaries(
    {
        "start": HAPPENING,
        "back": HAPPENING,
        "interval": st.sampled_from(("day", "day", "week", "month")),
        "mode": st.sampled_from(("on", "on_or_after")),
        "by": st.sampled_from(("person", "visitor")),
        "bots": st.sampled_from(("exclude", "include")),
        "timezone": st.sampled_from(ZONES),
    }
)


def ask(warehouse: Client, shop: Project, /, **fields: Any) -> Retention:
    asked, scope = happened.question(RetentionAsked, shop, **fields)
    edges = periods(asked, scope)
    return shape(asked, scope, edges, happened.rows_of(warehouse, build(asked, scope, edges)))


def first_day(time: int, asked: dict[str, Any]) -> date:
    """The first day of the period that a moment lies in."""
    day = datetime.fromtimestamp(time / 1000, ZoneInfo(asked["timezone"])).date()
    if asked["interval"] == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if asked["interval"] == "month" else day


def is_one(row: Row, wanted: dict[str, Any]) -> bool:
    return (not wanted["event"] or row["name"] == wanted["event"]) and ("filters" not in wanted or row["path"] != "/b")


def cohorts(everybody: Sequence[Sequence[Row]], asked: dict[str, Any]) -> dict[str, tuple[int, list[int]]]:
    """First day of a cohort -> its size, and how many came back."""
    days = sorted({first_day(time, asked) for time in range(SINCE, UNTIL, DAY // 4)} | {first_day(UNTIL - 1, asked)})
    sizes, counts = [0] * len(days), [[0] * (len(days) - index) for index in range(len(days))]
    for rows in everybody:
        inside = [row for row in rows if first_day(row["occurred_at"], asked) in days]
        started = [row["occurred_at"] for row in inside if is_one(row, asked["start"])]
        if not started:
            continue
        cohort = days.index(first_day(started[0], asked))
        sizes[cohort] += 1
        back = [row["occurred_at"] for row in inside if is_one(row, asked["back"]) and row["occurred_at"] >= started[0]]
        periods_of_it = {days.index(first_day(time, asked)) for time in back}
        for period in range(cohort, len(days)):
            later = asked["mode"] == "on_or_after" and any(one > period for one in periods_of_it)
            counts[cohort][period - cohort] += period in periods_of_it or later
    return {day.isoformat(): (size, some) for day, size, some in zip(days, sizes, counts, strict=True)}


@settings(max_examples=30, deadline=None)
@given(CROWD, ASKED, st.data())
def test_retention_is_that_of_plain_python(
    warehouse: Client, facts: list[Row], asked: dict[str, Any], data: st.DataObject
) -> None:
    of = happened.project()
    events = happened.arrive(warehouse, of, facts, data)
    told = ask(warehouse, of, **asked)
    expected = cohorts(happened.of_everybody(events, asked["by"], asked["bots"]), asked)
    assert {one.start[:10]: (one.size, one.counts) for one in told.cohorts} == expected


def test_days_are_those_of_the_zone_and_the_range_is_widened_to_whole_ones(warehouse: Client) -> None:
    shop = happen(warehouse, did("look", -60 * 12), did("look", 60 * 12))
    zone = "Pacific/Auckland"  # 13 hours ahead: it is midnight there at 11:00 UTC
    told = ask(warehouse, shop, timezone=zone)
    assert [one.start for one in told.cohorts][:2] == ["2026-11-19T00:00:00+13:00", "2026-11-20T00:00:00+13:00"]
    assert [one.size for one in told.cohorts] == [1, 0, 0, 0]
    assert told.period == "2026-11-19T00:00:00+13:00/2026-11-23T00:00:00+13:00"


def test_coming_back_is_not_before_the_start(warehouse: Client) -> None:
    shop = happen(warehouse, did("look", 0), did("signup", 10), did("look", 60 * 24))
    told = ask(warehouse, shop, start={"event": "signup"}, back={"event": "look"})
    assert told.cohorts[0] == Cohort("2026-11-18T00:00:00Z", 1, [0, 1, 0, 0])


def test_whoever_comes_later_came_on_or_after(warehouse: Client) -> None:
    shop = happen(warehouse, did("look", 0), did("look", 60 * 48))
    on, after = (ask(warehouse, shop, mode=mode).cohorts[0].counts for mode in ("on", "on_or_after"))
    assert (on, after) == ([1, 0, 1, 0], [1, 1, 1, 0])


def test_more_than_ninety_periods_are_refused() -> None:
    asked, scope = happened.question(RetentionAsked, happened.project(), to=str(SINCE + 91 * DAY))
    with pytest.raises(Refused, match="interval: gives 92 cohorts; at most 90"):
        periods(asked, scope)
