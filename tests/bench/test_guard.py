"""The guard tells what fell or rose, no more than the rounds themselves differ by, and keeps what was not run."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from tests.bench import guard
from tests.bench.guard import Book, Change, Expected, Stage
from tests.bench.measure import Sample, spread
from tests.bench.report import Line, Machine, Outcome

HERE = Machine("2026-11-22 06:00", "Linux 6.18 x86_64", "3.11.7", 2, 0.1, pinned=True, versions={})
BOOK = Book(
    HERE,
    {
        "drain": Stage("2026-11-21", {"worker": Expected(0.8, 0.1)}),
        "instructions": Stage("2026-11-21", {"parse": Expected(1000, 0.02)}),
    },
)


def ran(ratio: float, count: float = 1000, noise: float = 0.0) -> Outcome:
    """A run of the two things that are expected, and of one that is not."""
    sample = Sample(events=1, rate=ratio)
    lines = [Line("drain", "worker", sample, ratio, spread=noise), Line("drain", "ceiling", sample)]
    return Outcome([*lines, Line("new", "part", sample, 0.5)], counts={"parse": count})


def changed(outcome: Outcome) -> list[str]:
    """Names of what changed, with how it did."""
    found = [one for one in guard.compare(BOOK, outcome) if one.changed]
    return [f"{one.part} {'better' if one.better else 'worse'}" for one in found]


def shown(book: Book, where: Machine, outcome: Outcome) -> str:
    text = io.StringIO()
    guard.show(Console(width=120, file=text), book, where, outcome)
    return text.getvalue()


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (ran(0.8), []),
        (ran(0.73), []),
        (ran(0.71), ["worker worse"]),
        (ran(0.9), ["worker better"]),
        (ran(0.71, noise=0.2), []),
        (ran(0.6, noise=0.2), ["worker worse"]),
        (ran(0.8, count=1030), ["parse worse"]),
        (ran(0.8, count=970), ["parse better"]),
        (ran(0.8, count=1010), []),
    ],
)
def test_what_is_more_than_noise_is_told(outcome: Outcome, told: list[str]) -> None:
    assert changed(outcome) == told


def test_what_nothing_is_expected_of_is_not_compared() -> None:
    assert [(one.stage, one.part) for one in guard.compare(BOOK, ran(0.8))] == [
        ("drain", "worker"),
        ("instructions", "parse"),
    ]
    assert guard.compare(Book(), ran(0.8)) == []


def test_what_fell_is_a_row_and_the_rest_a_number() -> None:
    text = shown(BOOK, HERE, ran(0.4, count=1000))
    assert "1 of 2 ratios and counts as expected" in text
    assert "fell 50%" in text
    assert "parse" not in text
    assert "another kind" not in text


def test_another_kind_of_machine_is_said_and_no_book_says_nothing() -> None:
    assert "another kind of machine" in shown(BOOK, msgspec.structs.replace(HERE, cpus=16), ran(0.8))
    assert shown(Book(), HERE, ran(0.4)) == ""


def test_a_renewed_book_has_what_the_run_found_and_keeps_other_stages(tmp_path: Path) -> None:
    outcome = Outcome([Line("drain", "worker", Sample(events=1, rate=1), 0.71234, spread=0.25)])
    guard.write(tmp_path / "book.json", guard.renewed(BOOK, HERE, outcome))
    book = guard.read(tmp_path / "book.json")
    assert book.stages["drain"] == Stage(HERE.when, {"worker": Expected(0.7123, 0.25)})
    assert book.stages["instructions"] == BOOK.stages["instructions"]
    assert [one for one in guard.compare(book, outcome) if one.changed] == []


def test_where_there_is_no_book_yet_nothing_is_expected(tmp_path: Path) -> None:
    assert guard.read(tmp_path / "none.json") == Book()


def test_the_book_that_is_kept_says_when_and_where_and_is_fit_to_compare_with() -> None:
    book = guard.read(guard.EXPECTED)
    assert book.machine is not None
    assert book.machine.when
    values = [one for stage in book.stages.values() for one in stage.parts.values()]
    assert len(values) > 5
    assert all(one.value > 0 and one.tolerance > 0 for one in values)


def test_a_change_is_the_part_of_what_was_expected() -> None:
    assert Change("drain", "worker", 0.6, 0.8, 0.1).rise == pytest.approx(-0.25)


def test_the_spread_is_that_of_the_middle_half_of_the_rounds() -> None:
    ours, theirs = [[Sample(events=1, rate=rate) for rate in rates] for rates in ((1, 2, 3, 4, 100), (1,) * 5)]
    assert spread(ours, theirs) == pytest.approx(2 / 3)
    assert spread(ours[:1], theirs[:1]) == 0
