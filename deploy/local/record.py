"""stack.json: which parts run now, kept true by the supervisor; and the leftovers of one that was killed."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from deploy.local import process
from deploy.local.home import write_private


class PartRecord(msgspec.Struct, frozen=True):
    """One process. `pid` is None between its death and its restart."""

    name: str
    pid: int | None
    port: int | None
    restarts: int
    #: when the process began, Unix seconds: with the pid it tells this process from a later one of that pid
    started: float = 0.0


class StackRecord(msgspec.Struct, frozen=True):
    """The whole stack. `state` is starting, ready, stopping or stopped."""

    parts: tuple[PartRecord, ...] = ()
    state: str = ""
    supervisor: int = 0


def read(file: Path) -> StackRecord:
    """What the file says, an empty record where there is none."""
    return msgspec.json.decode(file.read_bytes(), type=StackRecord) if file.exists() else StackRecord()


def write(file: Path, record: StackRecord) -> None:
    """Replace the file in one step."""
    write_private(file, msgspec.json.format(msgspec.json.encode(record)))


def leftovers(parts: Iterable[PartRecord]) -> list[PartRecord]:
    """The parts that still live."""
    return [part for part in parts if part.pid is not None and process.lives(part.pid, part.started)]


def stop(parts: Iterable[PartRecord]) -> None:
    """End the processes of these parts."""
    process.stop([(part.pid, part.started) for part in parts if part.pid is not None])
