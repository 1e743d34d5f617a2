"""What reports look like, without any service."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console, RenderableType

from clients.cli import drawn
from clients.cli.output import Output


def shown(parts: Sequence[RenderableType]) -> list[str]:
    """What a terminal of 100 columns shows."""
    written = io.StringIO()
    output = Output(out=Console(file=written, width=100))
    output.answer(None, *parts)
    return [line.rstrip() for line in written.getvalue().splitlines()]


def step(count: int, share: float | None, seconds: float | None = None) -> dict[str, Any]:
    times = {"median_seconds": seconds, "mean_seconds": seconds}
    return {"event": "[b]look", "count": count, "conversion": share, "conversion_from_previous": share, **times}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.25s"), (59.0, "59s"), (90.0, "1m 30s"), (3660.0, "1h 1m"), (187_200.0, "2d 4h")],
)
def test_times_have_two_figures(seconds: float, text: str) -> None:
    assert shown(drawn.funnel({"steps": [step(1, 1.0, seconds)], "breakdown": []}))[1].endswith(text)


def test_a_bar_is_as_long_as_the_share_and_names_are_no_markup() -> None:
    lines = shown(drawn.funnel({"steps": [step(4, 1.0), step(1, 0.25), step(0, 0.0)], "breakdown": []}))
    assert [line.count("█") for line in lines] == [0, 24, 6, 0]
    assert "1 [b]look" in lines[1]


def test_of_nobody_a_funnel_is_empty() -> None:
    lines = shown(drawn.funnel({"steps": [step(0, None)], "breakdown": []}))
    assert lines[1].split() == ["1", "[b]look", "0", "0.0%", "0.0%"]


def test_as_many_periods_are_shown_as_fit() -> None:
    cohorts = [
        {"start": "2026-11-01T00:00:00Z", "size": n % 2 * 4, "counts": [n % 2 * 2] * (20 - n)} for n in range(20)
    ]
    lines = shown(drawn.retention({"interval": "day", "cohorts": cohorts}, 60))
    assert lines[0].split() == ["day", "started", *map(str, range(6))]
    assert lines[1].split() == ["2026-11-01", "0", *["-"] * 6]
    assert lines[2].split() == ["2026-11-01", "4", *["50%"] * 6]
    assert lines[-1] == "and 14 later days: see them with --json"


def test_without_visits_paths_say_so() -> None:
    nothing = {"step": 0, "kind": "start", "name": "", "visits": 0, "ended": 0}
    assert shown(drawn.paths({"direction": "next", "nodes": [nothing], "links": []})) == ["0 visits"]


def test_what_came_before_began_somewhere() -> None:
    nodes = [
        {"step": 0, "kind": "start", "name": "", "visits": 3, "ended": 1},
        {"step": 1, "kind": "page", "name": "/", "visits": 2, "ended": 2},
    ]
    links = [{"source": 0, "target": 1, "visits": 2}]
    lines = shown(drawn.paths({"direction": "previous", "nodes": nodes, "links": links}))
    assert lines[2].split() == ["step", "1", "before", "visits", "of", "all", "began", "here", "mostly", "by"]
    assert lines[3].split() == ["/", "2", "66.7%", "2", "(start)"]


def test_an_empty_list_is_shown_as_one() -> None:
    assert shown(drawn.top({"lists": {"pages": []}}))[0].split() == ["pages", "visitors"]
