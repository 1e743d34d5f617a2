"""The table of the simulation in docs/scale.md."""

from pathlib import Path

import pytest

from tests.bench.simulation import page
from tests.bench.simulation.curves import Compared

DOCUMENT = Path(__file__).parents[3] / "docs" / "scale.md"
FAR, NEAR = Compared(15.4, 6.3, 25.2, 21.2, 0.7), Compared(20.0, 19.7, 5.0, 5.5, 0.131)


def test_a_line_says_whether_the_curves_are_near_enough() -> None:
    assert page.row("burst", NEAR) == "| burst | 20.0 s, 19.7 s | 5.0 s, 5.5 s | 13% | yes |"
    assert page.row("worker lost", FAR).endswith("| 70% | no |")


def test_the_table_takes_the_place_of_the_one_before_and_nothing_else_changes(tmp_path: Path) -> None:
    copy = tmp_path / "scale.md"
    copy.write_text(DOCUMENT.read_text())
    page.write(copy, "once", [page.row("burst", FAR)])
    page.write(copy, "again", [page.row("burst", NEAR)])
    text = copy.read_text()
    assert "once" not in text.partition(page.BEGIN)[2].partition(page.END)[0]
    assert page.row("burst", NEAR) in text
    assert text.partition(page.BEGIN)[0] == DOCUMENT.read_text().partition(page.BEGIN)[0]
    assert text.partition(page.END)[2] == DOCUMENT.read_text().partition(page.END)[2]


def test_a_document_without_its_place_is_left_alone() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        page.written("# Scale", "here", [])
