"""What is measured: a sample of one run, the CPU and memory of processes, medians and ratios of rounds."""

import os
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from deploy.local import process

_MB = 1024 * 1024


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one part. None where a number means nothing there."""

    events: int
    #: events per second
    rate: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    #: milliseconds of CPU, user and system, per 1,000 events: as many microseconds per event
    cpu_ms: float | None = None
    rss_mb: float | None = None
    peak_mb: float | None = None


class Meter:
    """The CPU that processes use from its making on."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._before = self._cpu()

    def seconds(self) -> float:
        """CPU seconds since then, user and system, of all threads."""
        return self._cpu() - self._before

    def sample(self, events: int, rate: float, *, p50_ms: float | None = None, p99_ms: float | None = None) -> Sample:
        """A sample of what these processes did since then."""
        return Sample(
            events=events,
            rate=rate,
            p50_ms=p50_ms,
            p99_ms=p99_ms,
            cpu_ms=self.seconds() * 1_000_000 / max(events, 1),
            rss_mb=sum(process.memory(pid) for pid in self._pids) / _MB,
            peak_mb=sum(peak_memory(pid) for pid in self._pids) / _MB,
        )

    def _cpu(self) -> float:
        times = [psutil.Process(pid).cpu_times() for pid in self._pids]
        return float(sum(one.user + one.system for one in times))


def own_sample(events: int, seconds: float, cpu_seconds: float, latencies: Sequence[float]) -> bytes:
    """The sample of a process that measures itself, as JSON for the one that started it. Latencies in seconds."""
    pid = os.getpid()
    sample = Sample(
        events=events,
        rate=events / seconds,
        p50_ms=percentile(latencies, 0.5) * 1000,
        p99_ms=percentile(latencies, 0.99) * 1000,
        cpu_ms=cpu_seconds * 1_000_000 / events,
        rss_mb=process.memory(pid) / _MB,
        peak_mb=peak_memory(pid) / _MB,
    )
    return msgspec.json.encode(sample)


def peak_memory(pid: int) -> int:
    """The most resident bytes so far; the bytes now where the system does not tell (it does on Linux)."""
    if sys.platform == "linux":
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return process.memory(pid)


def percentile(values: Iterable[float], part: float) -> float:
    """The value that this part of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def alternate(
    rounds: int, subject: Callable[[], Sample], ceiling: Callable[[], Sample]
) -> tuple[list[Sample], list[Sample]]:
    """Run both in turn, so that what else the machine does falls on both."""
    runs = [(subject(), ceiling()) for _ in range(rounds)]
    return [one for one, _ in runs], [other for _, other in runs]


def median(samples: Sequence[Sample]) -> Sample:
    """The median of each number; events add up."""
    numbers = {field: [getattr(one, field) for one in samples] for field in Sample.__struct_fields__}
    events = sum(numbers.pop("events"))
    middle = {field: None if None in values else statistics.median(values) for field, values in numbers.items()}
    return msgspec.convert({"events": events, **middle}, Sample)


def ratio(subjects: Sequence[Sample], ceilings: Sequence[Sample], of: str = "rate") -> float:
    """The median, over the rounds, of the subject's rate beside its ceiling's of the same round."""
    return statistics.median(_ratios(subjects, ceilings, of))


def spread(subjects: Sequence[Sample], ceilings: Sequence[Sample], of: str = "rate") -> float:
    """How far apart the middle half of the rounds' ratios lies, as a part of their median; 0 for a single round."""
    found = _ratios(subjects, ceilings, of)
    if len(found) < 2:
        return 0.0
    low, middle, high = statistics.quantiles(found, method="inclusive")
    return (high - low) / middle


def _ratios(subjects: Sequence[Sample], ceilings: Sequence[Sample], of: str) -> list[float]:
    return [getattr(one, of) / getattr(other, of) for one, other in zip(subjects, ceilings, strict=True)]
