"""Curves of lag over time: their median, how far two are from each other, and what is told of them. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

#: seconds of lag; below it the drain is up to date
_LATE = 1.0

#: seconds of lag at even steps from the beginning
Curve = Sequence[float]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two curves beside each other. `distance` is the area between them, as a share of the measured one's."""

    measured_peak: float
    simulated_peak: float
    #: seconds in which the lag was above one second
    measured_late: float
    simulated_late: float
    distance: float


def median(curves: Sequence[Curve]) -> list[float]:
    """Step by step, as long as the shortest. One curve that differs from all others moves it little."""
    return [statistics.median(lags) for lags in zip(*curves, strict=False)]


def even(samples: Sequence[tuple[float, float]], seconds: float, every: float) -> list[float]:
    """(second, lag) at any times -> the lag at even steps, between two samples on the straight line."""
    found, place = [], 0
    for step in range(1, round(seconds / every) + 1):
        now = step * every
        while place + 2 < len(samples) and samples[place + 1][0] < now:
            place += 1
        (before, low), (after, high) = samples[place], samples[min(place + 1, len(samples) - 1)]
        part = min(1.0, max(0.0, (now - before) / (after - before))) if after > before else 1.0
        found.append(low + (high - low) * part)
    return found


def compare(measured: Sequence[Curve], simulated: Sequence[Curve], every: float) -> Compared:
    """Of the medians of both. Peaks and late seconds are means of each curve's own."""
    one, other = median(measured), median(simulated)
    between = sum(abs(a - b) for a, b in zip(one, other, strict=False))
    return Compared(
        sum(map(max, measured)) / len(measured),
        sum(map(max, simulated)) / len(simulated),
        sum(lag > _LATE for curve in measured for lag in curve) * every / len(measured),
        sum(lag > _LATE for curve in simulated for lag in curve) * every / len(simulated),
        between / sum(one),
    )
