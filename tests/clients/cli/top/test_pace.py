"""Events a second: from running totals where two answers can be compared, else from the last minute."""

from datetime import timedelta
from typing import Any

import msgspec

from clients.cli.top.flow import Pipeline
from clients.cli.top.pace import Pace, hour, series
from tests.clients.cli.top.drawn import NOW, pipeline


def later(seconds: float, accepted: int, **totals: Any) -> Pipeline:
    one = pipeline(now=NOW + timedelta(seconds=seconds))
    one.rates.totals = msgspec.structs.replace(one.rates.totals, accepted=accepted, **totals)
    return one


def rates(*seen: Pipeline) -> tuple[float, ...]:
    pace = Pace()
    for one in seen:
        pace.add(one)
    return pace.per_second()


def test_before_there_are_two_answers_the_last_whole_minute_counts() -> None:
    assert rates(later(0, 1000)) == (1.0, 2.0, 0.0)


def test_what_two_totals_differ_by_is_divided_by_the_time_between() -> None:
    assert rates(later(0, 1000), later(2, 1100, stored=910)) == (50.0, 5.0, 0.0)


def test_a_rate_is_of_the_last_ten_seconds() -> None:
    seen = [later(second, 1000 + 10 * second if second < 30 else 1300) for second in range(0, 42, 2)]
    assert rates(*seen[:10])[0] == 10.0
    assert rates(*seen)[0] == 0.0


def test_totals_that_begin_anew_make_no_rate() -> None:
    assert rates(later(0, 1000), later(2, 10))[0] == 1.0
    assert rates(later(0, 1000), later(2, 1100, since=NOW))[0] == 1.0


def test_a_minute_that_still_runs_is_not_in_the_curve_and_is_in_the_sum() -> None:
    one = pipeline()
    assert len(series(one, "accepted")) == len(one.rates.minutes) - 1
    assert hour(one, "accepted") == 3600
    one.rates.minutes.clear()
    assert series(one, "accepted") == [0.0]
