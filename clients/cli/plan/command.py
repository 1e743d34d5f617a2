"""`headrace plan`: machines, memory, disk and processes for a load, with the arithmetic."""

from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from clients.cli.errors import Exit
from clients.cli.output import Invocation
from clients.cli.plan.costs import Costs, read
from clients.cli.plan.demand import GB, Asked
from clients.cli.plan.needs import Sheet, number, reckon

_NO_QUESTIONS = "Questions are not reckoned: measure yours with `headrace report` on your own events."


def plan(
    *,
    asked: Annotated[Asked, Parameter(name="*")],
    costs: Path | None = None,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Reckon what a load needs, line by line, from costs that were measured. Asks no service.

    headrace plan --events-per-second 1000 --event-bytes 400 --outage 1h
    headrace plan --events-per-second 100000 --window 1h --replicas 2 --json

    Parameters
    ----------
    costs
        A file of costs that you measured yourself, in place of clients/cli/plan/costs.toml.
    """
    measured = read(costs)
    sheet = reckon(asked.demand, measured)
    notes = [*sheet.notes, _NO_QUESTIONS]
    document = {"demand": sheet.demand, "costs": measured, "lines": sheet.lines, "notes": notes}
    cli.output.answer(msgspec.to_builtins(document), *_shown(sheet, measured), *(f"- {note}" for note in notes))
    return Exit.OK


def _shown(sheet: Sheet, costs: Costs) -> tuple[Text, Table]:
    demand, speeds, room = sheet.demand, costs.speeds, costs.headroom
    machine = demand.machine
    head = Text(
        f"{number(demand.events_per_second)} events/s of {number(demand.event_bytes)} bytes, {number(demand.batch)} a "
        f"request, {demand.keyed:.0%} with a key; copies of each store: {demand.replicas}.\n"
        f"Machines of {machine.cores} cores, {machine.memory // GB} GB of memory, {number(machine.disk // GB)} GB of "
        f"disk.\nSpeeds measured {speeds.when} on {speeds.machine}, with events of {speeds.event_bytes} bytes;\n"
        f"sizes {costs.sizes.when}. `make bench` measures yours. Head-room: {room.load:.0%} of a process or a Redis is "
        f"used, {room.clickhouse_load:.0%} of ClickHouse's cores.\n"
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("part", "what"):
        table.add_column(name, no_wrap=True)
    table.add_column("needed", justify="right", no_wrap=True)
    table.add_column("how", overflow="fold")
    for part, lines in groupby(sheet.lines, key=lambda line: line.part):
        for place, line in enumerate(lines):
            table.add_row("" if place else part, line.what, line.shown, line.sum)
    return head, table
