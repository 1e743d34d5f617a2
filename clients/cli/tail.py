"""`headrace tail`: events as they become queryable."""

import asyncio
import zlib
from typing import Annotated, Any

import msgspec
import orjson
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.text import Text

from clients.cli.errors import Exit, Transient
from clients.cli.output import Invocation, Output, printable
from clients.cli.retry import Patience
from clients.cli.service import Service

PAGE = 500
#: pause between two questions, seconds: short while events come, longer while none do
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 1.0
#: a tail outlives a restart of the query service
GIVE_UP_SECONDS = 60.0

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")


class Page(msgspec.Struct):
    """Events after a cursor, and the cursor after them."""

    events: list[dict[str, Any]]
    cursor: str


class EventsAnswer(msgspec.Struct):
    """Answer of GET /api/v1/events."""

    data: Page


async def tail(
    *,
    event_type: str | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=0, lte=PAGE))] = 10,
    stop_after: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    cli: Annotated[Invocation, Parameter(parse=False)],
) -> Exit:
    """Follow events as they become queryable, until Ctrl-C.

    headrace tail
    headrace tail --event-type signup --limit 0
    headrace tail --json | jq .properties

    Parameters
    ----------
    event_type
        Only events of this name.
    limit
        So many of the latest events are shown first.
    stop_after
        End after so many events.
    """
    cli.output.lines = True
    left = stop_after
    filters = {"event_type": event_type} if event_type else {}
    async with Service(cli.settings) as service:
        # The service wants a limit of one at least, even when none is to be shown.
        page = await _ask(service, cli.output, {**filters, "limit": str(max(1, limit))})
        events = page.events if limit else []
        pause = SHORTEST_PAUSE
        while True:
            for event in events[:left]:
                cli.output.line(event, line(event))
            if left is not None:
                left -= len(events[:left])
                if not left:
                    return Exit.OK
            if len(events) < PAGE:
                pause = SHORTEST_PAUSE if events else min(LONGEST_PAUSE, pause * 1.5)
                await asyncio.sleep(pause)
            page = await _ask(service, cli.output, {**filters, "limit": str(PAGE), "after": page.cursor})
            events = page.events


async def _ask(service: Service, output: Output, params: dict[str, str]) -> Page:
    patience = Patience(GIVE_UP_SECONDS, lambda why, pause: output.note(f"{why} Trying again in {pause:.1f} s."))
    while True:
        try:
            return (await service.query("/api/v1/events", params)).decode(EventsAnswer).data
        except Transient as trouble:
            await patience.wait(trouble)


def line(event: dict[str, Any]) -> Text:
    """One event for a person: time, name, user, page, properties. An event's name keeps its colour."""
    name = str(event.get("event_type", ""))
    shown = Text()
    shown.append(printable(str(event.get("occurred_at", ""))), style="dim")
    shown.append(f"  {printable(name)}", style=f"bold {_COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]}")
    for field in ("user_id", "session_id", "url"):
        if value := event.get(field):
            shown.append(f"  {printable(str(value))}")
    if properties := event.get("properties"):
        shown.append(f"  {printable(orjson.dumps(properties).decode())}", style="dim")
    return shown
