"""How far a long send has come, and why it waits."""

from rich.progress import BarColumn, DownloadColumn, SpinnerColumn, TextColumn, TimeRemainingColumn

from clients.cli.bar import Bar
from clients.cli.output import Output


class Meter(Bar):
    """Counts answered events and, for a file of known length, its bytes."""

    def __init__(self, output: Output, total_bytes: int) -> None:
        super().__init__(
            output,
            SpinnerColumn(),
            TextColumn("{task.fields[events]:,} events  {task.fields[rate]:,.0f}/s"),
            *((BarColumn(), DownloadColumn(), TimeRemainingColumn()) if total_bytes else ()),
            TextColumn("{task.fields[pause]}", style="yellow"),
            total=total_bytes or None,
            events=0,
            rate=0.0,
            pause="",
        )
        self._trouble = ""
        self._bytes = 0
        self.events = 0

    @property
    def rate(self) -> float:
        """Events a second since the start."""
        return self.events / max(self.seconds, 1e-3)

    def answered(self, events: int, position: int) -> None:
        """So many more events have their answer; the file is read up to `position`."""
        self.events += events
        self._bytes = max(self._bytes, position)
        self._trouble = ""
        self.update(completed=self._bytes, events=self.events, rate=self.rate, pause="")
        self.say(f"{self.events:,} events answered, {self.rate:,.0f} a second")

    def waiting(self, reason: str, seconds: float) -> None:
        """A request failed and is made again after a pause. The same reason is told once until an answer comes."""
        self.update(pause=f"waiting {seconds:.1f} s")
        if reason != self._trouble:
            self._trouble = reason
            self.output.note(f"{reason} Trying again in {seconds:.1f} s.")
