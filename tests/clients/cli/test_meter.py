"""The meter: a bar on a terminal, nothing on stdout, and the reason of a pause."""

import io

import pytest
from rich.console import Console

from clients.cli.meter import Meter
from clients.cli.output import Output


def test_it_counts_events_and_never_goes_back() -> None:
    with Meter(Output(), 100) as meter:
        meter.answered(10, 50)
        meter.answered(5, 20)
    assert meter.events == 15
    assert meter.rate > 0


def test_a_terminal_sees_the_count_and_why_it_waits(capsys: pytest.CaptureFixture[str]) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=120, color_system=None)
    with Meter(Output(err=terminal), 100) as meter:
        meter.answered(1234, 50)
        meter.waiting("The front door [x] answered 503.", 2)
    assert "1,234 events" in screen.getvalue()
    assert "The front door [x] answered 503. Trying again in 2.0 s." in screen.getvalue()
    assert capsys.readouterr().out == ""


def test_a_reason_is_told_once_until_an_answer_comes(capsys: pytest.CaptureFixture[str]) -> None:
    with Meter(Output(), 0) as meter:
        for reason in ("It is away.", "It is away.", "It is full.", "It is full."):
            meter.waiting(reason, 1)
        meter.answered(1, 0)
        meter.waiting("It is full.", 1)
    told = [line.split(".")[0] for line in capsys.readouterr().err.splitlines()]
    assert told == ["It is away", "It is full", "It is full"]


def test_without_a_terminal_a_short_run_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Meter(Output(), 0) as meter:
        meter.answered(1, 0)
    assert capsys.readouterr().err == ""
