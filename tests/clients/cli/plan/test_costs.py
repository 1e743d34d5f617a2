"""What an event costs: the file that comes with the command, and one's own."""

from importlib.resources import files
from pathlib import Path

import pytest

from clients.cli.errors import WrongUsage
from clients.cli.plan.costs import read

COSTS = files("clients.cli.plan") / "costs.toml"


def test_the_file_that_comes_along_says_when_and_on_what_it_was_measured() -> None:
    costs = read(None)
    assert (costs.speeds.when, costs.sizes.when) == ("2026-11-22", "2026-11-22")
    assert "2 cores" in costs.speeds.machine


def test_speeds_are_those_of_the_run_in_the_documents() -> None:
    page = (Path(__file__).parents[4] / "docs" / "performance.md").read_text()
    speeds = read(None).speeds
    for rate in (*speeds.front_door.values(), speeds.worker, speeds.redis):
        assert f"| {rate:,.0f} |" in page
    assert f"{speeds.when}, 2 cores" in page


@pytest.mark.parametrize(("batch", "rate"), [(1, 17924), (99, 17924), (100, 124922), (5000, 150111)])
def test_a_request_is_as_fast_as_the_next_smaller_that_was_measured(batch: int, rate: float) -> None:
    assert read(None).speeds.front_door_at(batch) == rate


def test_each_byte_beyond_the_measured_size_takes_more_and_none_below_takes_less() -> None:
    sizes = read(None).sizes
    assert sizes.of(10, sizes.frame, sizes.frame_byte) == sizes.frame
    assert sizes.of(sizes.event_bytes + 1000, sizes.frame, sizes.frame_byte) == pytest.approx(sizes.frame + 384)


def test_own_costs_are_read(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(COSTS.read_text().replace("worker = 85199", "worker = 90000"))
    assert read(own).speeds.worker == 90_000


@pytest.mark.parametrize("change", ["worker = 'fast'", "wrker = 1", "worker ="])
def test_a_file_that_cannot_be_used_is_refused_with_what_is_wrong(tmp_path: Path, change: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(COSTS.read_text().replace("worker = 85199", change))
    with pytest.raises(WrongUsage, match="is no file of costs"):
        read(own)
    with pytest.raises(WrongUsage, match="cannot be read"):
        read(tmp_path / "none.toml")
