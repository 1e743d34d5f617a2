"""Durations as people write them."""

import pytest

from clients.cli.errors import WrongUsage
from clients.cli.lifetime import duration, expiry, instant, moment, now


def test_lifetimes_are_minutes_hours_days_or_weeks() -> None:
    assert [expiry(text, 1000) for text in (None, "30m", "12h", "90d", "4w")] == [
        0,
        1_801_000,
        43_201_000,
        7_776_001_000,
        2_419_201_000,
    ]


@pytest.mark.parametrize("lifetime", ["90", "0d", "-1d", "1y", "d", "1.5h", "0"])
def test_other_lifetimes_are_refused(lifetime: str) -> None:
    with pytest.raises(WrongUsage, match="12h, 90d or 4w"):
        expiry(lifetime, 0)


def test_a_duration_may_be_nothing() -> None:
    assert (duration("--overlap", "0"), duration("--overlap", "24h")) == (0, 86_400_000)
    with pytest.raises(WrongUsage, match="--overlap 'soon'"):
        duration("--overlap", "soon")


def test_a_moment_is_shown_to_the_minute() -> None:
    assert moment(1_795_000_000_000) == "2026-11-18 11:06Z"


def test_an_instant_is_a_time_or_how_long_ago() -> None:
    assert instant("--from", "2026-11-19T00:00:00.123Z") == 1_795_046_400_123
    before = now()
    assert before <= instant("--from", "1h") + 3_600_000 <= now()
    with pytest.raises(WrongUsage, match="--from 'soon': write 2026-11-21T15:00:00Z, or how long ago"):
        instant("--from", "soon")
