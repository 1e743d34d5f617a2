"""Slow clients, a process of its own: each says a byte a second, half of them in their headers, half in a body.

    python -m tests.bench.dribble --port 8080 --token KEY --connections 500

Prints a line once all are connected, and runs until it is ended. Who is hung up on comes again.
"""

import argparse
import asyncio
import contextlib
import random

import uvloop

_PAUSE_SECONDS = 1.0


async def dribble(port: int, start: bytes, connected: asyncio.Semaphore) -> None:
    """One slow client."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start)
            connected.release()
            await asyncio.sleep(random.random() * _PAUSE_SECONDS)  # so that they do not all speak at once
            while not reader.at_eof():
                writer.write(b"x")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(), _PAUSE_SECONDS)
            writer.close()
        await asyncio.sleep(_PAUSE_SECONDS)


async def run(options: argparse.Namespace) -> None:
    """Connect all, say so, go on."""
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {options.token}\r\n".encode()
    starts = (head + b"X-Slow: ", head + b"Content-Length: 100000\r\n\r\n")
    connected = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as clients:
        for number in range(options.connections):
            clients.create_task(dribble(options.port, starts[number % 2], connected))
        for _ in range(options.connections):
            await connected.acquire()
        print("connected", flush=True)


def main() -> None:
    """Parse, run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--connections", type=int, default=500)
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
