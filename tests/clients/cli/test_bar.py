"""A bar is drawn on a terminal alone, and makes way for what else is to be read there."""

import io

import pytest
from rich.console import Console
from rich.progress import TextColumn

from clients.cli.bar import Bar
from clients.cli.output import Output


def test_a_terminal_sees_what_changes_and_nothing_is_left_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=80, color_system=None)
    with Bar(Output(err=terminal), TextColumn("{task.completed} of {task.total} {task.fields[what]}"), total=9,
             what="") as bar:  # fmt: skip
        bar.update(completed=4, what="shards")
        bar.refresh()
        with bar.aside():
            terminal.print("Sure?")
        bar.update(completed=9)
    shown = screen.getvalue()
    assert "4 of 9 shards" in shown
    assert shown.index("4 of 9 shards") < shown.index("Sure?")
    assert shown.endswith("\x1b[2K"), "the last line of it is wiped"
    assert capsys.readouterr().out == ""


def test_without_a_terminal_nothing_is_drawn_and_a_line_comes_now_and_then() -> None:
    written = io.StringIO()
    with Bar(Output(err=Console(file=written)), TextColumn("bar"), total=9) as bar:
        bar.update(completed=4)
        bar.say("at once")
        bar._spoken -= 60  # a minute later
        bar.say("a minute later")
        bar.say("right after it")
    assert written.getvalue() == "a minute later\n"
