"""`headrace top`: the pipeline as it is now, live in a terminal, or one snapshot."""

import importlib
import sys
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from clients.cli.errors import Exit, Transient
from clients.cli.output import Invocation
from clients.cli.retry import SHORT_SECONDS, Patience
from clients.cli.service import Answer, Service
from clients.cli.top import picture
from clients.cli.top.flow import PipelineAnswer
from clients.cli.top.pace import Pace

PATH = "/api/v1/pipeline"


async def top(
    *,
    once: Annotated[bool, Parameter(negative=())] = False,
    interval: Annotated[float, Parameter(validator=Number(gte=0.5, lte=60))] = 2.0,
    project: str | None = None,
    event_type: str | None = None,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Watch the pipeline: rates, shards, workers, what is wrong, and the last events.

    headrace top
    headrace top --project shop --event-type order_completed
    headrace top --once | head -1
    headrace top --json | jq .data.alarms

    With a query key: of its project. With an admin key: of all projects, with workers, owners and all alarms; the
    events are then those of the query key, if there is one. Keys: q quit, p pause, f filter events, ? help.

    Parameters
    ----------
    once
        Print one snapshot and end; so it does by itself where stdout is no terminal, and with --json.
    interval
        Seconds between two questions.
    project
        With an admin key: the rates of this project instead of all.
    event_type
        Only events of this name.
    """
    params = {"project": project} if project else {}
    async with Service(cli.settings) as service:
        if once or cli.output.json or not _watched():
            return await _snapshot(service, cli, params)
        screen = importlib.import_module("clients.cli.top.screen")  # no other command needs the terminal library
        app = screen.Top(service, interval, params, event_type or "")
        ended = await app.run_async()
    if ended is not None:
        raise ended
    return Exit.OK


def _watched() -> bool:
    """Whether somebody sits there. The screen is drawn on stderr, as the library does it."""
    return all(one.isatty() for one in (sys.stdin, sys.stdout, sys.stderr))


async def _snapshot(service: Service, cli: Invocation, params: dict[str, str]) -> Exit:
    answer = await _ask(service, cli, params)
    pipeline, pace = answer.decode(PipelineAnswer).data, Pace()
    pace.add(pipeline)
    shown = picture.snapshot(pipeline, pace.per_second(), cli.output.out.width)
    cli.output.answer(answer.decode(dict), *shown)
    return Exit.OK


async def _ask(service: Service, cli: Invocation, params: dict[str, str]) -> Answer:
    patience = Patience(SHORT_SECONDS, lambda why, pause: cli.output.note(f"{why} Trying again in {pause:.1f} s."))
    while True:
        try:
            return await service.manage("GET", PATH, params=params)
        except Transient as trouble:
            await patience.wait(trouble)
