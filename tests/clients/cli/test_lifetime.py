"""Durations as people write them."""

import pytest

from clients.cli.errors import WrongUsage
from clients.cli.lifetime import duration, expiry, moment


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
