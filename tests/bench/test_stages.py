"""Every stage of the bench stands in its document, with what it is measured beside."""

from pathlib import Path

from tests.bench.__main__ import ASKED_FOR, SLOW, STAGES
from tests.bench.profile import STAGES as PROFILES

PAGE = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()
ROWS = {line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")}


def test_every_stage_stands_in_the_table() -> None:
    assert {name for name in STAGES if not any(f"`{name}`" in row for row in ROWS)} == set()


def test_the_table_says_which_run_only_where_they_are_named() -> None:
    named = {name for name in STAGES for row in ROWS if f"`{name}`" in row and "only where it is named" in row}
    assert named == ASKED_FOR
    assert STAGES.keys() > SLOW


def test_every_profile_is_named() -> None:
    assert {name for name in PROFILES if f"`{name}`" not in PAGE} == set()
