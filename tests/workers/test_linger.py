"""How long events wait for company."""

import pytest

from workers.linger import Linger


def lingers(took: float, idle: float, *, least: float = 0.25, most: float = 1.0) -> float:
    """The linger once batches have long come and gone evenly, with so much time between them."""
    linger, now = Linger(least, most), 100.0
    for _ in range(20):
        linger.after(now, now + took)
        now += took + idle
    return linger.now


@pytest.mark.parametrize(
    ("took", "idle", "seconds"),
    [(0.1, 10.0, 0.25), (0.2, 0.3, 0.25), (0.55, 0.45, 0.625), (0.7, 0.3, 1.0), (30.0, 0.1, 1.0)],
)
def test_events_wait_longer_the_busier_a_drain_is_within_bounds(took: float, idle: float, seconds: float) -> None:
    assert lingers(took, idle) == pytest.approx(seconds, abs=0.001)
    assert lingers(took, idle, most=0.0) == 0.25
    assert lingers(took, idle, least=2.0) == 2.0


def test_before_anything_is_known_events_wait_the_least() -> None:
    linger = Linger(0.25, 1.0)
    assert linger.now == 0.25
    linger.after(10.0, 20.0)
    assert linger.now == 0.25, "nobody knows what went before"


@pytest.mark.parametrize("took", [0.05, 0.2, 0.3, 0.5, 1.0, 5.0])
def test_it_settles_although_waiting_longer_makes_a_drain_less_busy(took: float) -> None:
    linger, now, seen = Linger(0.25, 1.0), 100.0, []
    for _ in range(60):
        linger.after(now, now + took)
        now += took + linger.now
        seen.append(linger.now)
    assert max(seen[-10:]) - min(seen[-10:]) < 0.01
