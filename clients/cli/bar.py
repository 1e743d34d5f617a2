"""A bar in a terminal: how far a long command has come. Where there is no terminal, a line now and then. On stderr."""

import contextlib
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from rich.progress import Progress, ProgressColumn

from clients.cli.output import Output

#: seconds between two lines where there is no terminal
EVERY_SECONDS = 5.0


class Bar:
    """Drawn until the context ends, in columns of rich; `told` are the fields of its one task."""

    def __init__(self, output: Output, *columns: ProgressColumn, total: float | None, **told: Any) -> None:
        self.output = output
        self.began = self._spoken = time.monotonic()
        self._progress = Progress(*columns, console=output.err, transient=True, disable=not output.err.is_terminal)
        self._task = self._progress.add_task("", total=total, **told)
        #: draw it now; otherwise it is drawn some times a second
        self.refresh = self._progress.refresh

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.began

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, **told: Any) -> None:
        """What changed: `completed`, `description`, or a field that a column shows."""
        self._progress.update(self._task, **told)

    def say(self, line: str) -> None:
        """Now and then, where there is no terminal."""
        now = time.monotonic()
        if self._progress.disable and now - self._spoken >= EVERY_SECONDS:
            self._spoken = now
            self.output.note(line)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Something else is on the terminal meanwhile."""
        self._progress.stop()
        yield
        self._progress.start()
