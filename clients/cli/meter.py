"""How far a long send has come: a progress bar in a terminal, a line now and then elsewhere. Always on stderr."""

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from clients.cli.output import Output

#: seconds between two lines where there is no terminal
EVERY_SECONDS = 5.0


class Meter:
    """Counts answered events and, for a file of known length, its bytes."""

    def __init__(self, output: Output, total_bytes: int) -> None:
        self._output = output
        self._started = time.monotonic()
        self._spoken = self._started
        self._trouble = ""
        self._bytes = 0
        self.events = 0
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[events]:,} events  {task.fields[rate]:,.0f}/s"),
            *((BarColumn(), DownloadColumn(), TimeRemainingColumn()) if total_bytes else ()),
            TextColumn("{task.fields[pause]}", style="yellow"),
            console=output.err,
            transient=True,
            disable=not output.err.is_terminal,
        )
        self._task = self._progress.add_task("", total=total_bytes or None, events=0, rate=0.0, pause="")

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    @property
    def rate(self) -> float:
        """Events a second since the start."""
        return self.events / max(self.seconds, 1e-3)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def answered(self, events: int, position: int) -> None:
        """So many more events have their answer; the file is read up to `position`."""
        self.events += events
        self._bytes = max(self._bytes, position)
        self._trouble = ""
        self._progress.update(self._task, completed=self._bytes, events=self.events, rate=self.rate, pause="")
        now = time.monotonic()
        if self._progress.disable and now - self._spoken >= EVERY_SECONDS:
            self._spoken = now
            self._output.note(f"{self.events:,} events answered, {self.rate:,.0f} a second")

    def waiting(self, reason: str, seconds: float) -> None:
        """A request failed and is made again after a pause. The same reason is told once until an answer comes."""
        self._progress.update(self._task, pause=f"waiting {seconds:.1f} s")
        if reason != self._trouble:
            self._trouble = reason
            self._output.note(f"{reason} Trying again in {seconds:.1f} s.")
