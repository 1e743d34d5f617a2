"""The guard: a run's ratios and counts beside those that are expected. It tells; it never fails a run.

    python -m tests.bench            # what fell or rose, below the table
    python -m tests.bench --expect   # the same run becomes what is expected from now on

A ratio is better when it is higher, a count of instructions when it is lower. Stages that were not run keep theirs.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.bench.report import Machine, Outcome

EXPECTED = Path(__file__).with_name("expected.json")
_COUNTS = "instructions"
#: how well ratios repeat, at best, and counts
_TOLERANCE, _COUNT_TOLERANCE = 0.1, 0.02


class Found(msgspec.Struct, frozen=True):
    """A ratio or a count of a run, and by which part of it the run's own rounds, or any run, may differ."""

    stage: str
    part: str
    value: float
    noise: float


class Expected(msgspec.Struct, frozen=True):
    """A ratio or a count, and the part of it by which a run may differ."""

    value: float
    tolerance: float


class Stage(msgspec.Struct, frozen=True):
    """What is expected of the parts of a stage, and since when."""

    when: str
    parts: dict[str, Expected] = {}


class Book(msgspec.Struct, frozen=True):
    """What tests/bench/expected.json holds: where it was last measured, and the stages."""

    machine: Machine | None = None
    stages: dict[str, Stage] = {}


class Change(msgspec.Struct, frozen=True):
    """A ratio or count of this run beside what was expected of it."""

    stage: str
    part: str
    value: float
    expected: float
    #: the wider one of the book's and of what this run's own rounds differ by
    tolerance: float

    @property
    def rise(self) -> float:
        """By which part of what was expected it rose; below 0: fell."""
        return self.value / self.expected - 1

    @property
    def changed(self) -> bool:
        """Is it more than noise?"""
        return abs(self.rise) > self.tolerance

    @property
    def better(self) -> bool:
        """Is it the way one likes it?"""
        return (self.rise > 0) == (self.stage != _COUNTS)


def read(file: Path) -> Book:
    """What is expected; nothing where there is no file yet. Raises `msgspec.ValidationError`."""
    return msgspec.json.decode(file.read_bytes(), type=Book) if file.exists() else Book()


def write(file: Path, book: Book) -> None:
    """As JSON, sorted, so that a difference between two is easily read."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(book, order="sorted")) + b"\n")


def renewed(book: Book, where: Machine, outcome: Outcome) -> Book:
    """The book with what this run found in place of what it had of the same stages."""
    fresh: dict[str, Stage] = {}
    for one in _found(outcome):
        parts = fresh.setdefault(one.stage, Stage(where.when)).parts
        parts[one.part] = Expected(float(f"{one.value:.4g}"), round(one.noise, 3))
    return Book(where, {**book.stages, **fresh})


def compare(book: Book, outcome: Outcome) -> list[Change]:
    """Each ratio and count of this run that something was expected of."""
    return [
        Change(one.stage, one.part, one.value, known.value, max(known.tolerance, one.noise))
        for one in _found(outcome)
        if one.stage in book.stages and (known := book.stages[one.stage].parts.get(one.part))
    ]


def _found(outcome: Outcome) -> Iterator[Found]:
    for line in outcome.lines:
        if line.ratio is not None:
            yield Found(line.stage, line.part, line.ratio, max(_TOLERANCE, line.spread))
    for name, count in outcome.counts.items():
        yield Found(_COUNTS, name, count, _COUNT_TOLERANCE)


def show(console: Console, book: Book, where: Machine, outcome: Outcome) -> None:
    """What fell or rose, as a table; one line when nothing did."""
    changes = compare(book, outcome)
    if not book.machine or not changes:
        return
    changed = [one for one in changes if one.changed]
    kind = "" if _kind(where) == _kind(book.machine) else ", on another kind of machine"
    console.print(
        f"Beside {EXPECTED.name} of {book.machine.when}{kind}: {len(changes) - len(changed)} of {len(changes)} "
        "ratios and counts as expected.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    if changed:
        console.print(_table(changed))


def _kind(where: Machine) -> tuple[str, int, bool]:
    return where.system.split()[0], where.cpus, where.pinned


def _table(changes: list[Change]) -> Table:
    table = Table(header_style="bold")
    for name in ("stage", "part"):
        table.add_column(name)
    for name in ("expected", "now", "change", "noise"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in changes:
        color = "green" if one.better else "red"
        word = "rose" if one.rise > 0 else "fell"
        table.add_row(
            one.stage, one.part, f"{one.expected:,.4g}", f"{one.value:,.4g}",
            f"[{color}]{word} {abs(one.rise):.0%}[/]", f"{one.tolerance:.0%}",
        )  # fmt: skip
    return table
