"""What an event costs: the file that comes with the command, and one's own."""

import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from clients.cli.errors import WrongUsage
from clients.cli.plan.costs import read

COSTS = (files("clients.cli.plan") / "costs.toml").read_text()
KNOWN = read(None)


def test_the_file_that_comes_along_says_when_and_on_what_it_was_measured() -> None:
    assert f'when = "{KNOWN.speeds.when}"' in COSTS
    assert date.fromisoformat(KNOWN.speeds.when) <= date.fromisoformat(KNOWN.sizes.when)
    assert "2 cores" in KNOWN.speeds.machine


def test_speeds_are_those_of_the_run_in_the_documents() -> None:
    page = (Path(__file__).parents[4] / "docs" / "performance.md").read_text()
    speeds = KNOWN.speeds
    for rate in (*speeds.front_door.values(), speeds.worker, speeds.redis):
        assert f"| {rate:,.0f} |" in page
    assert f"{speeds.when}, 2 cores" in page


@pytest.mark.parametrize(("batch", "rate"), [(1, 10.0), (99, 10.0), (100, 20.0), (999, 20.0), (5000, 30.0)])
def test_a_request_is_as_fast_as_the_next_smaller_that_was_measured(batch: int, rate: float) -> None:
    speeds = msgspec.structs.replace(KNOWN.speeds, front_door={"1": 10.0, "100": 20.0, "1000": 30.0})
    assert speeds.front_door_at(batch) == rate


def test_each_byte_beyond_the_measured_size_takes_more_and_none_below_takes_less() -> None:
    sizes = KNOWN.sizes
    assert sizes.of(10, sizes.frame, 0.381) == sizes.frame
    assert sizes.of(sizes.event_bytes + 1000, sizes.frame, 0.381) == pytest.approx(sizes.frame + 381)


def changed(worker: str) -> str:
    """The file with another line for the worker's speed."""
    text, count = re.subn(r"^worker = \d+$", worker, COSTS, flags=re.MULTILINE)
    assert count == 1
    return text


def test_own_costs_are_read(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(changed("worker = 90000"))
    assert read(own).speeds.worker == 90_000


@pytest.mark.parametrize("change", ["worker = 'fast'", "wrker = 1", "worker ="])
def test_a_file_that_cannot_be_used_is_refused_with_what_is_wrong(tmp_path: Path, change: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(changed(change))
    with pytest.raises(WrongUsage, match="is no file of costs"):
        read(own)
    with pytest.raises(WrongUsage, match="cannot be read"):
        read(tmp_path / "none.toml")
