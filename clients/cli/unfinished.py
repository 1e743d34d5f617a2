"""Unfinished: an export that may be ended at any moment and goes on where it stopped.

`NAME.export` beside it says which windows it has, how many of them are done, and how long the file was then. A window
is written whole, then counted: what a kill leaves half written is cut off. Without that file, the export is finished.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from clients.cli.errors import WrongUsage
from clients.cli.windows import Window


class Plan(msgspec.Struct, frozen=True):
    """`asked` as it was typed, `params` as the service is asked for each window."""

    asked: dict[str, str]
    params: dict[str, str]
    windows: list[Window]


class _State(msgspec.Struct):
    plan: Plan
    done: int = 0
    #: of the file, after so many windows
    size: int = 0


class Unfinished:
    """An export into one file; or, where `folder`, into a folder with a file for each window."""

    def __init__(self, out: Path, *, folder: bool) -> None:
        self._out = out
        self._folder = folder
        self._beside = out.with_name(f"{out.name}.export")
        self._state: _State | None = None

    @property
    def state(self) -> _State:
        """Raises `RuntimeError` before `find` or `begin`."""
        if self._state is None:
            raise RuntimeError("there is no plan yet")
        return self._state

    def find(self, asked: dict[str, str]) -> bool:
        """Whether there is one to go on with. Raises `WrongUsage` where something else lies there."""
        try:
            found = msgspec.json.decode(self._beside.read_bytes(), type=_State)
        except FileNotFoundError:
            if self._out.exists():
                raise WrongUsage(f"{self._out} is there already: name another with --out, or remove it.") from None
            return False
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise WrongUsage(f"{self._beside} cannot be read ({error}): remove it and {self._out}.") from error
        if found.plan.asked != asked:
            told = " ".join(f"--{name} {value}" for name, value in found.plan.asked.items())
            raise WrongUsage(
                f"{self._out} is an unfinished export of something else ({told}): go on with the same options, name "
                f"another with --out, or remove it and {self._beside}."
            )
        self._state = found
        return True

    def begin(self, plan: Plan) -> None:
        """Write the plan down before anything else. Raises `WrongUsage` when somebody was faster."""
        self._state = _State(plan)
        new = self._write()
        try:
            self._beside.hardlink_to(new)
        except FileExistsError:
            raise WrongUsage(f"Another export into {self._out} has just begun.") from None
        finally:
            new.unlink()

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Nobody else writes there meanwhile. Raises `WrongUsage` when somebody does."""
        if self._folder:
            self._out.mkdir(exist_ok=True)
        else:
            self._out.touch()
        held = os.open(self._out, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise WrongUsage(f"Another export is writing {self._out} now.") from None
        finally:
            os.close(held)

    @contextlib.contextmanager
    def window(self) -> Iterator[BinaryIO]:
        """Where the next window goes. It counts when this ends without an error; may be tried again when not."""
        state = self.state
        path = self._out / f"part-{state.done + 1:06}.parquet" if self._folder else self._out
        with path.open("wb" if self._folder else "r+b") as file:
            if not self._folder:
                file.truncate(state.size)
                file.seek(state.size)
            yield file
            file.flush()
            os.fsync(file.fileno())
            state.size = file.tell()
        state.done += 1
        self._save()

    def finish(self) -> None:
        """All windows are there."""
        self._beside.unlink()

    def _save(self) -> None:
        """Whole or not at all."""
        self._write().replace(self._beside)

    def _write(self) -> Path:
        new = self._beside.with_name(f"{self._beside.name}.{os.getpid()}")
        with new.open("wb") as file:
            file.write(msgspec.json.encode(self.state))
            file.flush()
            os.fsync(file.fileno())
        return new
