"""Reports as a terminal shows them: a funnel's bars, the triangle of retention, the steps of paths, lists. Pure."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from clients.cli.output import printable, table

_BAR = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"
#: columns that a cohort's name and size take, and one period
_COHORT, _PERIOD = 22, 6


def funnel(data: dict[str, Any]) -> list[RenderableType]:
    """A bar for each step, of all and of each value of the breakdown."""
    parts: list[RenderableType] = [_steps(data["steps"])]
    for part in data["breakdown"]:
        parts += ["", Text(printable(part["value"] or "(nothing known)"), style="bold"), _steps(part["steps"])]
    return parts


def retention(data: dict[str, Any], width: int) -> list[RenderableType]:
    """A row for each cohort, the more come back the brighter. As many periods as a terminal of that width shows."""
    shown = max(1, (width - _COHORT) // _PERIOD)
    periods = min(shown, len(data["cohorts"]))
    found = table(data["interval"], "started", *map(str, range(periods)), rows=[])
    for cohort in data["cohorts"]:
        cells = [_cell(count, cohort["size"]) for count in cohort["counts"][:periods]]
        found.add_row(cohort["start"][:10], f"{cohort['size']:,}", *cells)
    more = len(data["cohorts"]) - periods
    return [found, *([f"and {more} later {data['interval']}s: see them with --json"] if more else [])]


def paths(data: dict[str, Any]) -> list[RenderableType]:
    """The nodes of each step, and where most of their visits were before."""
    nodes = data["nodes"]
    whole = nodes[0]["visits"]
    mostly: dict[int, int] = {}
    for link in sorted(data["links"], key=lambda link: link["visits"]):
        mostly[link["target"]] = link["source"]
    parts: list[RenderableType] = [f"{whole:,} visits"]
    places = range(len(nodes))
    for step, some in groupby(places, key=lambda place: nodes[place]["step"]):
        if step == 0:
            continue
        rows = [
            [
                _name(nodes[place]),
                f"{nodes[place]['visits']:,}",
                _percent(nodes[place]["visits"], whole),
                "" if nodes[place]["ended"] is None else f"{nodes[place]['ended']:,}",
                _name(nodes[mostly[place]]),
            ]
            for place in some
        ]
        before, last = ("before", "began") if data["direction"] == "previous" else ("after", "ended")
        parts += ["", table(f"step {step} {before}", "visits", "of all", f"{last} here", "mostly by", rows=rows)]
    return parts


def top(data: dict[str, Any]) -> list[RenderableType]:
    """A table for each list."""
    parts: list[RenderableType] = []
    for name, entries in data["lists"].items():
        counted = [one for one in ("page_views", "events", "sessions") if entries and one in entries[0]]
        heads = [name.replace("_", " "), "visitors", *(one.replace("_", " ") for one in counted)]
        rows = [
            [one["value"] or "(nothing known)", *(f"{one[number]:,}" for number in ("visitors", *counted))]
            for one in entries
        ]
        parts += [table(*heads, rows=rows), ""]
    return parts[:-1]


def _steps(steps: Sequence[dict[str, Any]]) -> Table:
    found = table("step", "", "count", "of all", "of previous", "median time", rows=[])
    for number, step in enumerate(steps, start=1):
        share = step["conversion"] or 0
        found.add_row(
            Text(printable(f"{number} {step['event']}")),
            Text(_bar(share), style="green"),
            f"{step['count']:,}",
            f"{share:.1%}",
            f"{step['conversion_from_previous'] or 0:.1%}",
            _duration(step["median_seconds"]),
        )
    return found


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).strip()


def _cell(count: int, size: int) -> Text:
    if not size:
        return Text("-", style="dim")
    share = count / size
    green = int(40 + 150 * share)
    return Text(f"{share:.0%}".rjust(4), style=f"white on rgb(20,{green},60)")


def _percent(count: int, whole: int) -> str:
    return f"{count / whole:.1%}" if whole else ""


def _name(node: dict[str, Any]) -> str:
    return str(node["name"] if node["kind"] in {"page", "event"} else f"({node['kind']})")


def _duration(seconds: float | None) -> str:
    """Two figures: 1m 30s, 2d 4h."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.3g}s"
    for unit, length, smaller, part in (("d", 86_400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit} {int(seconds % length // part)}{smaller}"
    return ""
