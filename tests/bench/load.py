"""The load generator, a process of its own: raw sockets on uvloop, so that it is never the bottleneck.

    python -m tests.bench.load --port 8080 --token KEY --connections 64 --seconds 5 [--batch 100] [--rate 1000]

Without --rate each connection sends its next request when it has the answer. With --rate requests are sent on
schedule whatever the answers do, and latency counts from the scheduled moment. Prints one JSON object.
"""

import argparse
import asyncio
import gc
import json
import time
from collections.abc import Iterator
from typing import cast

import uvloop

from tests.bench import payload


class Tally:
    """What came back."""

    def __init__(self, requests: Iterator[bytes], stop_at: float) -> None:
        self.requests = requests
        self.stop_at = stop_at
        self.sent = 0
        self.ok = 0
        self.failed = 0
        self.latencies: list[float] = []
        #: connections that wait for their next request, when requests go by schedule
        self.idle: asyncio.Queue[Connection] = asyncio.Queue()


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self, tally: Tally, *, closed_loop: bool) -> None:
        self._tally = tally
        self._closed_loop = closed_loop
        self._buffer = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        self._next(time.perf_counter())

    def send(self, at: float) -> None:
        """Send the next request; its latency counts from `at`."""
        self._sent_at = at
        self._tally.sent += 1
        self._transport.write(next(self._tally.requests))

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + _length(data, end):
            self._buffer = data
            return
        self._buffer = b""
        now = time.perf_counter()
        tally = self._tally
        tally.latencies.append(now - self._sent_at)
        if data.startswith(b"HTTP/1.1 200"):
            tally.ok += 1
        else:
            tally.failed += 1
        self._next(now)

    def _next(self, now: float) -> None:
        if not self._closed_loop:
            self._tally.idle.put_nowait(self)
        elif now < self._tally.stop_at:
            self.send(now)
        elif not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def _length(data: bytes, end: int) -> int:
    start = data.find(b"ength: ", 0, end) + 7  # of Content-Length, which some servers write in small letters
    return int(data[start : data.find(b"\r\n", start)])


async def run(options: argparse.Namespace) -> dict[str, float]:
    """Generate the load; returns counts, seconds, latencies in milliseconds and the generator's own CPU seconds."""
    requests = payload.requests(f"127.0.0.1:{options.port}", options.token, options.batch, options.seed)
    next(requests)  # the templates are made now, not in the first latency
    started, cpu = time.perf_counter(), time.process_time()
    tally = Tally(requests, started + options.seconds)
    closed_loop = options.rate is None
    connections = [
        (
            await asyncio.get_running_loop().create_connection(
                lambda: Connection(tally, closed_loop=closed_loop), "127.0.0.1", options.port
            )
        )[1]
        for _ in range(options.connections)
    ]
    if closed_loop:
        await asyncio.gather(*(connection.done for connection in connections))
    else:
        started = time.perf_counter()  # whoever is late for a connection that was not there yet tells of no server
        tally.stop_at = started + options.seconds
        await _on_schedule(tally, connections, options.rate / options.batch, started)
    seconds = time.perf_counter() - started
    return _summary(tally, seconds, time.process_time() - cpu, options.batch)


async def _on_schedule(tally: Tally, connections: list[Connection], rate: float, started: float) -> None:
    number = 0
    while (due := started + number / rate) < tally.stop_at:
        delay = due - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        connection = await tally.idle.get()
        connection.send(due)
        number += 1
    for _ in connections:
        await tally.idle.get()


def _summary(tally: Tally, seconds: float, cpu_seconds: float, batch: int) -> dict[str, float]:
    ordered = sorted(tally.latencies)
    return {
        "requests": tally.ok,
        "events": tally.ok * batch,
        "failed": tally.failed,
        "seconds": seconds,
        "rate": tally.ok * batch / seconds,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1000,
        "cpu_seconds": cpu_seconds,
    }


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", default="")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**31)
    gc.disable()  # it stood still for 5 ms every 10,000 requests, and whatever shares its processor with it
    print(json.dumps(uvloop.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
