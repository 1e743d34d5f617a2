"""Picture: each part of the pipeline as it is drawn, on the live screen and in a single snapshot. No I/O.

Colours only repeat what words and signs say, and are those of the terminal: dark, light or none.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clients.cli.output import printable
from clients.cli.tail import line
from clients.cli.top import pace
from clients.cli.top.flow import Alarm, Pipeline, Shard, Worker

#: the first is nothing at all
_BARS = "▁▂▃▄▅▆▇█"
_SIGN = {"warn": ("!", "yellow"), "fail": ("✗", "bold red")}
_LATE_SECONDS = 5.0


def header(one: Pipeline) -> Text:
    """Whose pipeline it is, and how fresh."""
    whose = f"project {printable(one.project)}" if one.project else "all projects"
    text = Text.assemble(("headrace  ", "bold"), (whose, "bold cyan"), f"  durability {one.durability}")
    text.append(f"  fresh through {one.fresh_through:%H:%M:%S}Z")
    text.append(f" ({span(one.lag_seconds)} ago)", "yellow" if one.lag_seconds > _LATE_SECONDS else "dim")
    return text


def rates(one: Pipeline, per_second: Sequence[float], width: int) -> RenderableType:
    """Of each count a curve of the last hour, events a second now, and how many in the hour."""
    room = max(8, min(pace.MINUTES, width - 36))
    table = _table("", "last hour, by the minute", ">a second", ">in the hour")
    table.columns[1].min_width = table.columns[1].max_width = room
    for name, now in zip(pace.NAMES, per_second, strict=True):
        style = {"accepted": "cyan", "stored": "green"}.get(name, "red" if pace.hour(one, name) else "dim")
        curve = spark(pace.series(one, name), room)
        table.add_row(name, Text(curve, style), Text(rate(now), "bold" if now else "dim"), f"{pace.hour(one, name):,}")
    return table


def shards(some: Sequence[Shard], operator: bool, most: int) -> RenderableType:
    """The worst first where not all are shown."""
    table = _table("shard", ">lag", ">waiting", "worker")
    shown = some if len(some) <= most else sorted(some, key=_worst)[: most - 1]
    for one in shown:
        worker = printable(one.owner or "") if operator and one.held else "yes" if one.held else ""
        late = "yellow" if one.lag_seconds > _LATE_SECONDS else ""
        held = Text(worker, "dim") if one.held else Text("✗ nobody", "bold red")
        table.add_row(f"s{one.shard:02d}", Text(span(one.lag_seconds), late), f"{one.waiting:,}", held)
    if len(shown) < len(some):
        return Group(table, Text(f"and {len(some) - len(shown)} more, less late", "dim"))
    return table


def workers(some: Sequence[Worker], now: datetime) -> RenderableType:
    """Every worker that said something in the last minute."""
    table = _table("worker", "state", "shards", ">heard", "")
    for one in some:
        style = "green" if one.healthy and one.state == "draining" else "yellow" if one.healthy else "bold red"
        state = one.state if one.healthy else f"✗ {one.state}"
        heard = span(max(0.0, (now - one.last_seen).total_seconds()))
        name = f"{printable(one.host)} {one.pid}"
        table.add_row(name, Text(state, style), ranges(one.shards) or "-", heard, printable(one.problem))
    if not some:
        table.add_row(Text("✗ none", "bold red"), "", "", "", "")
    return table


def alarms(some: Sequence[Alarm], now: datetime) -> RenderableType:
    """What is wrong, since when, and what to do; or that nothing is."""
    if not some:
        return Text("✓ nothing is wrong", "green")
    table = Table.grid(padding=(0, 1))
    for one in some:
        sign, style = _SIGN[one.state]
        lasted = span(max(0.0, (now - one.since).total_seconds()))
        told = Text.assemble((printable(one.message), style), (f" For {lasted}.", "dim"))
        table.add_row(Text(sign, style), told)
        table.add_row("", Text(f"-> {printable(one.remedy)}"))
    return table


def event(one: dict[str, Any], width: int) -> Text:
    """In one line, with the time of the day alone."""
    shown = line({**one, "occurred_at": str(one.get("occurred_at", ""))[11:19]})
    shown.truncate(max(20, width), overflow="ellipsis")
    return shown


def stores(one: Pipeline) -> Text:
    """How full the queue is, and what waits for a person."""
    parts = []
    if one.redis:
        limit = f" of {_bytes(one.redis.max_bytes)}" if one.redis.max_bytes else ", no limit"
        parts.append(f"redis {_bytes(one.redis.used_bytes)}{limit}")
    if one.rejected_waiting is None:
        parts.append("rejected: not known now")
    else:
        parts.append(f"{one.rejected_waiting:,} rejected wait")
    return Text("   ".join(parts), "dim")


def snapshot(one: Pipeline, per_second: Sequence[float], width: int) -> Iterable[RenderableType]:
    """All of it, for paper."""
    yield header(one)
    yield alarms(one.alarms, one.now)
    yield ""
    yield rates(one, per_second, width)
    yield ""
    yield shards(one.shards, one.workers is not None, len(one.shards))
    if one.workers is not None:
        yield ""
        yield workers(one.workers, one.now)
    yield ""
    yield stores(one)


def spark(values: Sequence[float], width: int) -> str:
    """A curve that ends at the right, one letter a value; whatever is more than 0 is seen."""
    seen = values[-width:]
    most = max(seen, default=0.0)
    steps = len(_BARS) - 1
    return "".join(_BARS[0 if not most or value <= 0 else max(1, round(value / most * steps))] for value in seen)


def rate(events: float) -> str:
    """So that a little is not nothing."""
    return f"{events:,.0f}" if events >= 100 else f"{events:.1f}"


def span(seconds: float) -> str:
    """A time that passed, in one unit."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def ranges(numbers: Sequence[int]) -> str:
    """0-3, 7"""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        first = found.pop()[0] if found and found[-1][1] == number - 1 else number
        found.append((first, number))
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in found)


def _worst(one: Shard) -> tuple[bool, float, int]:
    return one.held, -one.lag_seconds, one.shard


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left", overflow="fold")
    return table


def _bytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size < 2**30 else f"{size / 2**30:,.1f} GiB"
