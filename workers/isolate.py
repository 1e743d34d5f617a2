"""Isolation: which entries of a batch kill the process that prepares them. Each is prepared in a child process.

python -m workers.isolate is that child: it reads entries from stdin, bounds its memory, prepares them as the drain
does, and ends with 0. Nothing it prepares is used: when no child dies the batch is the same batch with the same token.
"""

import asyncio
import contextlib
import resource
import signal
import sys
from collections.abc import Sequence

import msgspec

from workers import pipeline, row
from workers.batch import Entry, decode
from workers.errors import Halted, NotNow
from workers.reference import Reference

#: a child that takes longer hangs
CHILD_SECONDS = 60.0
#: with more killers than this in one batch it is the build that kills, and not the entries
MOST_KILLERS = 16
#: a child in which not even this finds room can prepare nothing
_ROOM = 16 * 1024 * 1024


class Work(msgspec.Struct):
    """What a child is told."""

    max_bytes: int
    shard: int
    entries: list[tuple[bytes, list[bytes] | None]]
    reference: Reference


async def killers(
    shard: int, entries: Sequence[Entry], reference: Reference, max_bytes: int, most: int = MOST_KILLERS
) -> dict[str, str]:
    """Entry id -> how the child that prepared it died.

    All entries go into one child first, then into halves of those that died: a batch without a killer costs one
    child. Raises `NotNow` where no child can run at all, and `Halted` when there are more killers than `most`.
    """

    def told(some: Sequence[Entry]) -> Work:
        flat = [(entry_id, None if fields is None else list(fields)) for entry_id, fields in some]
        return Work(max_bytes, shard, flat, reference)

    how = await _death(told(entries))
    if not how:
        return {}
    if broken := await _death(told([])):  # a child that has nothing to do is the control
        raise NotNow(f"no child process can run here: {broken}")
    found: dict[str, str] = {}
    waiting = [(entries, how)]
    while waiting:
        some, how = waiting.pop()
        if len(some) == 1:
            found[some[0][0].decode()] = f"kills: a process that prepares it {how}"
            if len(found) > most:
                raise Halted(f"more than {most} entries of a batch would be rejected, such as: {how}")
            continue
        middle = len(some) // 2
        deaths = [(half, await _death(told(half))) for half in (some[:middle], some[middle:])]
        waiting += [(half, how) for half, how in deaths if how]
    return found


async def _death(work: Work) -> str:
    """How a child died of its work; empty when it lived."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers.isolate"), stdin=pipe, stdout=asyncio.subprocess.DEVNULL, stderr=pipe
    )
    try:
        async with asyncio.timeout(CHILD_SECONDS):
            _, said = await child.communicate(msgspec.msgpack.encode(work))
    except TimeoutError:
        return f"does not end within {CHILD_SECONDS:g} s"
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if not child.returncode:
        return ""
    if child.returncode < 0:
        return f"ends by {signal.Signals(-child.returncode).name}"
    lines = said.decode(errors="replace").strip().splitlines() or [f"exit code {child.returncode}"]
    return f"fails: {lines[-1][:300]}"


def main() -> None:
    """The child."""
    work = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Work)
    with contextlib.suppress(ValueError, OSError):  # not every system lets memory be bounded
        resource.setrlimit(resource.RLIMIT_AS, (work.max_bytes, work.max_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bytearray(_ROOM)
    if work.entries:
        row.columns(pipeline.run(decode(work.shard, work.entries), work.reference))


if __name__ == "__main__":
    main()
