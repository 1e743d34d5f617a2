"""The table of results is what the runs said, and nothing else."""

from pathlib import Path

from tests.faults import table
from tests.faults.experiment import Result

PAGE = f"# Title\n\n{table.BEGIN}old\n{table.END}\nAfter.\n"


def result(name: str, verdict: str = "PASS", expected: str = "PASS", note: str = "2 kills") -> Result:
    return Result(name, "SIGKILL", "once each", expected, verdict, note, "2026-11-21")


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    page, file = tmp_path / "page.md", tmp_path / "results.json"
    page.write_text(PAGE)
    table.write({"b": result("b"), "a": result("a"), "gone": result("gone")}, ["a", "b"], file, page)
    lines = page.read_text().splitlines()
    assert [line.split(" | ")[0] for line in lines if line.startswith("| ")] == ["| experiment", "| a", "| b"]
    assert (lines[0], lines[-1]) == ("# Title", "After.")
    assert list(table.read(file)) == ["a", "b"]


def test_of_several_runs_the_worst_counts() -> None:
    merged = table.merge({"b": result("b")}, [result("a"), result("a", "MISMATCH"), result("a")])
    assert (merged["a"].verdict, merged["a"].runs) == ("MISMATCH", 3)
    assert merged["b"] == result("b")


def test_a_result_that_is_not_as_it_must_be_stands_out() -> None:
    assert table.said(result("a", "MISMATCH")) == "**MISMATCH**, expected PASS: 2 kills"
    assert table.said(result("a", "MISMATCH", "MISMATCH")) == "MISMATCH, as it must: 2 kills"
    assert table.said(result("a", "PASS", "MISMATCH")).startswith("**PASS**, expected MISMATCH")


def test_the_page_shows_the_results_of_the_last_run() -> None:
    page = table.PAGE.read_text()
    assert table.filled(page, table.read().values()) == page
