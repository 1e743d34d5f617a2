"""Entries that kill the process that prepares them. The killer is real: a frame that unpacks to more than fits."""

import msgspec
import pytest

from ingest_api import frame, zstd
from tests.workers.entries import entry, event
from workers.batch import Entry
from workers.errors import Halted, NotNow
from workers.isolate import killers
from workers.reference import Reference

pytestmark = pytest.mark.slow  # every child loads the steps

MEMORY = 256 * 1024 * 1024


def killer(entry_id: str) -> Entry:
    """A small frame of one row that unpacks to 200 MB."""
    rows = msgspec.msgpack.encode([b"\0" * (200 * 1024 * 1024)])
    packed = bytes((frame.VERSION,)) + b"z" + zstd.compress(rows)
    return entry_id.encode(), [b"f", packed, b"n", b"1", b"b", b"1"]


async def test_killers_are_found_among_their_neighbours_with_how_they_kill() -> None:
    entries = [entry(f"{1000 + number}-0", [event(number)]) for number in range(9)]
    entries[2], entries[7] = killer("1002-0"), killer("1007-0")
    found = await killers(3, entries, Reference(), MEMORY)
    assert sorted(found) == ["1002-0", "1007-0"]
    assert all(how.startswith("kills: ") and "MemoryError" in how for how in found.values())


async def test_a_batch_without_a_killer_is_left_as_it_is() -> None:
    lost: Entry = (b"1001-0", None)
    assert await killers(3, [entry("1000-0", [event(1)]), lost], Reference(), MEMORY) == {}


async def test_where_no_child_can_run_nobody_is_blamed() -> None:
    with pytest.raises(NotNow, match="no child process can run here"):
        await killers(3, [killer("1000-0")], Reference(), 1)


async def test_with_too_many_killers_the_build_is_blamed() -> None:
    with pytest.raises(Halted, match="more than 1 entries"):
        await killers(3, [killer(f"{1000 + number}-0") for number in range(4)], Reference(), MEMORY, most=1)
