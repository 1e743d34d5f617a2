"""The appender alone, in a process of its own: events that are stamped already, from many requests at once.

    python -m tests.bench.appending --redis URL --batch 100 --seconds 3

Needs an installation in that Redis. Prints one JSON object.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence

import uvloop

from ingest_api.append import Appender
from ingest_api.dialect import Verdict
from ingest_api.rules.normalise import Stamped
from ingest_api.stream import connect, read_install
from tests.bench import prepared
from tests.bench.measure import own_sample

_EVENTS = 64_000
#: requests under way at once
_REQUESTS = 16


async def produce(appender: Appender, requests: Iterator[Sequence[Stamped]], latencies: list[float]) -> int:
    """Append request after request. Returns how many events were new."""
    new = 0
    for request in requests:
        started = time.perf_counter()
        new += (await appender.append(request)).count(Verdict.NEW)
        latencies.append(time.perf_counter() - started)
    return new


def renew(entries: Sequence[Stamped], first: int) -> None:
    """Give each event a key that the index has not seen; it is spread over the shards by its last bytes."""
    for number, entry in enumerate(entries, start=first):
        entry.digest = number.to_bytes(16, "big")


async def run(options: argparse.Namespace) -> bytes:
    """Append all events, again and again, for so many seconds; making their keys is not in the time."""
    redis = connect(options.redis, timeout=None)
    appender = Appender(redis, await read_install(redis), max_pending_bytes=64 * 1024 * 1024)
    entries = prepared.stamped(_EVENTS, seed=1)
    parts = [entries[first : first + options.batch] for first in range(0, len(entries), options.batch)]
    running = asyncio.ensure_future(appender.run())
    latencies: list[float] = []
    new, seconds, cpu_seconds = 0, 0.0, 0.0
    begin = time.time_ns()
    while seconds < options.seconds:
        renew(entries, begin)
        begin += len(entries)
        requests = iter(parts)
        started, cpu = time.perf_counter(), time.process_time()
        new += sum(await asyncio.gather(*(produce(appender, requests, latencies) for _ in range(_REQUESTS))))
        seconds += time.perf_counter() - started
        cpu_seconds += time.process_time() - cpu
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await redis.aclose()
    return own_sample(new, seconds, cpu_seconds, latencies)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=3.0)
    sys.stdout.buffer.write(uvloop.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
