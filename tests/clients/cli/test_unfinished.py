"""An export on disk: what counts, what is cut off, and who may write."""

import contextlib
import json
from pathlib import Path

import pytest

from clients.cli.errors import WrongUsage
from clients.cli.unfinished import Plan, Unfinished
from clients.cli.windows import Window

ASKED = {"from": "7d", "format": "csv"}
PLAN = Plan(ASKED, {"format": "csv"}, [Window(0, 10, 2), Window(10, 20, 3), Window(20, 30, 1)])


def begun(folder: Path, *, into_folder: bool = False) -> Unfinished:
    one = Unfinished(folder / "out", folder=into_folder)
    assert not one.find(ASKED)
    one.begin(PLAN)
    return one


def write(one: Unfinished, *texts: bytes) -> None:
    with one.opened():
        for text in texts:
            with one.window() as file:
                file.write(text)


def test_windows_follow_each_other_and_the_plan_goes_with_the_last(tmp_path: Path) -> None:
    one = begun(tmp_path)
    write(one, b"first,", b"second,", b"third")
    assert json.loads((tmp_path / "out.export").read_bytes())["done"] == 3
    one.finish()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out", b"first,second,third")]


def test_what_was_half_written_is_cut_off(tmp_path: Path) -> None:
    write(begun(tmp_path), b"first,")
    with (tmp_path / "out").open("ab") as file:
        file.write(b"half of the second, and much more than it")
    again = Unfinished(tmp_path / "out", folder=False)
    assert again.find(ASKED)
    assert (again.state.done, again.state.plan) == (1, PLAN)
    write(again, b"second,")
    assert (tmp_path / "out").read_bytes() == b"first,second,"


def test_a_window_that_failed_does_not_count(tmp_path: Path) -> None:
    one = begun(tmp_path)
    with one.opened():
        with contextlib.suppress(ConnectionError), one.window() as file:
            file.write(b"half of")
            raise ConnectionError
        with one.window() as file:
            file.write(b"first")
    assert (one.state.done, (tmp_path / "out").read_bytes()) == (1, b"first")


def test_a_folder_has_a_file_for_each_window(tmp_path: Path) -> None:
    one = begun(tmp_path, into_folder=True)
    write(one, b"first")
    (tmp_path / "out" / "part-000002.parquet").write_bytes(b"half, and longer than the whole")
    write(one, b"second")
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert found == {"part-000001.parquet": b"first", "part-000002.parquet": b"second"}


def test_a_kill_between_the_plan_and_the_file_leaves_something_to_go_on_with(tmp_path: Path) -> None:
    begun(tmp_path)
    again = Unfinished(tmp_path / "out", folder=False)
    assert again.find(ASKED)
    write(again, b"first")
    assert (tmp_path / "out").read_bytes() == b"first"


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    one = begun(tmp_path)
    with pytest.raises(WrongUsage, match="has just begun"):
        Unfinished(tmp_path / "out", folder=False).begin(PLAN)
    other = Unfinished(tmp_path / "out", folder=False)
    assert other.find(ASKED)
    with one.opened(), pytest.raises(WrongUsage, match="Another export is writing"), other.opened():
        pass
    with other.opened():
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.export"]


def test_something_else_is_left_alone(tmp_path: Path) -> None:
    begun(tmp_path)
    with pytest.raises(WrongUsage, match="of something else"):
        Unfinished(tmp_path / "out", folder=False).find({**ASKED, "from": "8d"})
    (tmp_path / "out.export").write_bytes(b"{")
    with pytest.raises(WrongUsage, match="cannot be read"):
        Unfinished(tmp_path / "out", folder=False).find(ASKED)
    (tmp_path / "mine").write_bytes(b"x")
    with pytest.raises(WrongUsage, match="is there already"):
        Unfinished(tmp_path / "mine", folder=False).find(ASKED)
