"""From a file of NDJSON to batches: read, completed and cut in a thread of its own, a few ahead of the senders."""

import asyncio
import contextlib
import gzip
import io
import os
import select
import stat
import sys
import threading
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from clients.cli.errors import CliError, WrongUsage

#: a batch is closed before it is longer; also the longest line that is taken
BATCH_BYTES = 4_000_000
CHUNK_BYTES = 1 << 19
#: a pipe that is silent for this long has its waiting lines sent
IDLE_SECONDS = 0.2
_GZIP = b"\x1f\x8b"


class Line(NamedTuple):
    """One line with an event. `number` counts from 1; `sent` is `raw` with what it lacked."""

    number: int
    raw: bytes
    sent: bytes


@dataclass(slots=True)
class Batch:
    """Lines for one request, and the lines among them that are not worth sending, with the reason."""

    lines: list[Line] = field(default_factory=list)
    spoiled: list[tuple[Line, str]] = field(default_factory=list)
    size: int = 0
    #: bytes of the file read when the batch was cut
    position: int = 0


class _Given(msgspec.Struct, gc=False):
    event_type: Any = None
    occurred_at: Any = None
    idempotency_key: Any = None


class Completion:
    """Gives each event the key and the time that it lacks, so that sending it again never counts it twice."""

    def __init__(self, run: str) -> None:
        """`run` names this run in the keys; an empty one gives none."""
        self._run = run
        self._decode = msgspec.json.Decoder(_Given).decode
        self.now = b""
        self.tick()

    def tick(self) -> None:
        """Take the time for the events that come."""
        self.now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()

    def complete(self, number: int, raw: bytes) -> bytes:
        """The line as it is sent. Raises `msgspec.DecodeError` or `UnicodeDecodeError` when it is no JSON object."""
        given = self._decode(raw)
        raw.decode()  # the front door refuses a whole body for one byte that is not UTF-8
        if given.event_type is None:
            return raw  # refused by the front door, in its words
        added = b""
        if given.idempotency_key is None and self._run:
            added = b',"idempotency_key":"%s-%d"' % (self._run.encode(), number)
        if given.occurred_at is None:
            added += b',"occurred_at":"%s"' % self.now
        # At the end, where it wins over a null of the same name.
        return raw[:-1] + added + b"}" if added else raw


class Source:
    """A file or stdin, plain or gzip, read in chunks."""

    def __init__(self, name: str) -> None:
        """Raises `WrongUsage` when it cannot be opened."""
        self.name = "stdin" if name == "-" else name
        try:
            self._raw = io.FileIO(sys.stdin.fileno(), closefd=False) if name == "-" else io.FileIO(Path(name))
        except OSError as error:
            raise WrongUsage(f"{self.name} cannot be read: {error.strerror or error}.") from error
        about = os.fstat(self._raw.fileno())
        self._regular = stat.S_ISREG(about.st_mode)
        #: bytes of the file, 0 when nobody knows
        self.total = about.st_size if self._regular else 0
        #: bytes of the file read so far, 0 when it has no length
        self.position = 0

    def close(self) -> None:
        """Let go of a file that will not be read after all."""
        self._raw.close()

    def chunks(self) -> Iterator[bytes]:
        """The content; b"" in between whenever a pipe has nothing to give for a moment. Closes the file."""
        with io.BufferedReader(self._raw, CHUNK_BYTES) as packed:
            stream = gzip.GzipFile(fileobj=packed) if packed.peek(2)[:2] == _GZIP else packed
            while chunk := stream.read1(CHUNK_BYTES):
                if self._regular:
                    self.position = self._raw.tell()
                yield chunk
                while not self._regular and not select.select([self._raw], [], [], IDLE_SECONDS)[0]:
                    yield b""


def batches(source: Source, completion: Completion, most_events: int) -> Generator[Batch]:
    """The events of a source in batches. Raises `WrongUsage` when the file is damaged."""
    batch = Batch()
    for number, raw in _numbered(source):
        if number == 0 or len(batch.lines) >= most_events or batch.size + len(raw) > BATCH_BYTES:
            if batch.lines or batch.spoiled:
                batch.position = source.position
                yield batch
                batch = Batch()
            completion.tick()
        if number:
            _add(batch, number, raw, completion)
    batch.position = source.total
    if batch.lines or batch.spoiled:
        yield batch


def _add(batch: Batch, number: int, raw: bytes, completion: Completion) -> None:
    if len(raw) > BATCH_BYTES:
        cut = raw[:200]
        batch.spoiled.append((Line(number, cut, cut), f"longer than {BATCH_BYTES} bytes"))
        return
    try:
        sent = completion.complete(number, raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        batch.spoiled.append((Line(number, raw, raw), f"not a JSON object: {error}"))
        return
    batch.lines.append(Line(number, raw, sent))
    batch.size += len(sent) + 1


def _numbered(source: Source) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, blank ones left out; (0, b"") where the source pauses.

    Of a line beyond the limit only so much is kept that it is seen to be too long.
    """
    number, rest, overlong = 0, b"", False
    try:
        for chunk in source.chunks():
            if not chunk:
                yield 0, b""
                continue
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                number += 1
                if overlong:
                    overlong = False
                elif raw := line.strip():
                    yield number, raw
            if overlong:
                rest = b""
            elif len(rest) > BATCH_BYTES:
                yield number + 1, rest
                rest, overlong = b"", True
    except (EOFError, zlib.error, OSError) as error:
        raise WrongUsage(f"{source.name} is damaged after line {number}: {error}.") from error
    if raw := rest.strip():
        yield number + 1, raw


class Feed:
    """Batches of a source, made in a thread: reading and parsing never hold up the requests in flight."""

    def __init__(self, source: Source, completion: Completion, most_events: int, ahead: int) -> None:
        self._batches = batches(source, completion, most_events)
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Batch | None] = asyncio.Queue()
        self._room = threading.Semaphore(ahead)
        self._closed = False
        #: why reading stopped before the end of the source
        self.error: CliError | None = None
        # A daemon: a read of stdin that waits for ever must not keep the process.
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    async def get(self) -> Batch | None:
        """The next batch, or None at the end."""
        batch = await self._queue.get()
        if batch is None:
            self._queue.put_nowait(None)  # for the other senders
            return None
        self._room.release()
        return batch

    def close(self) -> None:
        """Read no further."""
        self._closed = True
        self._room.release()

    def join(self) -> None:
        """Wait until the reading has ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            for batch in self._batches:
                self._room.acquire()
                if self._closed:
                    break
                self._hand_over(batch)
        except CliError as error:
            self.error = error
        self._batches.close()
        self._hand_over(None)

    def _hand_over(self, batch: Batch | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it who would take the batch
            self._loop.call_soon_threadsafe(self._queue.put_nowait, batch)
