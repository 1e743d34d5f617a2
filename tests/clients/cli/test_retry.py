"""Patience: pauses grow, respect what was asked for, and come to an end."""

import asyncio
import time

import pytest

from clients.cli.errors import Transient, Unreachable
from clients.cli.retry import Patience, retry_after


def longest(low: float, high: float) -> float:
    """The jitter that never shortens a pause."""
    return low + high


async def exhaust(patience: Patience) -> None:
    """Fail until it gives up."""
    while True:
        await patience.wait(Transient("It is away."))


async def test_pauses_grow_until_the_time_is_used_up() -> None:
    pauses: list[float] = []
    patience = Patience(0.5, lambda _why, pause: pauses.append(pause), jitter=longest)
    with pytest.raises(Unreachable, match=r"It is away\. Gave up after 0\.5 s"):
        await exhaust(patience)
    assert pauses[0] == pytest.approx(0.2)
    assert sum(pauses) == pytest.approx(0.5, abs=0.05)


async def test_a_pause_is_never_shorter_than_what_was_asked_for() -> None:
    pauses: list[float] = []
    patience = Patience(60, lambda _why, pause: pauses.append(pause), jitter=lambda low, _high: low)
    await patience.wait(Transient("Too many.", 0.03))
    await patience.wait(Transient("Too many."))
    assert pauses == [0.03, 0.0]


async def test_being_asked_to_wait_beyond_the_end_ends_at_once() -> None:
    patience = Patience(60, lambda _why, _pause: None)
    with pytest.raises(Unreachable):
        await patience.wait(Transient("Too many.", 61))


async def test_jitter_spreads_the_pauses() -> None:
    pauses: list[float] = []
    clients = [Patience(60, lambda _why, pause: pauses.append(pause)) for _ in range(8)]
    await asyncio.gather(*(patience.wait(Transient("Away.")) for patience in clients))
    assert len(set(pauses)) == 8


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("3", 3), ("1.5", 1.5), ("-1", 0), ("soon", 0), ("Sat, 21 Nov 2026 10:00:07 GMT", 7), ("nan", 0)],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float) -> None:
    now = 1795255200.0  # Sat, 21 Nov 2026 10:00:00 GMT
    assert time.gmtime(now)[:4] == (2026, 11, 21, 10)
    assert retry_after(header, now) == seconds
