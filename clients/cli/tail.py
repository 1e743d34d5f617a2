"""`headrace tail`: events as they become queryable."""

import asyncio
import zlib
from typing import Annotated, Any, NoReturn

import msgspec
import orjson
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.text import Text

from clients.cli.errors import Exit, No, Transient
from clients.cli.live import Stream
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
    filters = {"event_type": event_type} if event_type else {}
    async with Service(cli.settings) as service:
        # The service wants a limit of one at least, even when none is to be shown.
        page = await _ask(service, cli.output, {**filters, "limit": str(max(1, limit))})
        shown = Shown(cli.output, page.cursor, stop_after)
        try:
            shown.all(page.events if limit else [], page.cursor)
            try:
                await _follow(service, shown, filters)
            except No:  # a query service that is older than this command
                await _poll(service, shown, filters)
        except Enough:
            return Exit.OK


class Enough(Exception):
    """So many events were shown as were asked for."""


class Shown:
    """What was shown last, and how many events are left to show."""

    def __init__(self, output: Output, cursor: str, left: int | None) -> None:
        self.output = output
        self.cursor = cursor
        self._left = left

    def all(self, events: list[dict[str, Any]], cursor: str) -> None:
        """Show events; `cursor` is behind the last of them. Raises `Enough`."""
        for event in events[: self._left]:
            self.output.line(event, line(event))
        self.cursor = cursor
        if self._left is not None:
            self._left -= len(events[: self._left])
            if not self._left:
                raise Enough


async def _follow(service: Service, shown: Shown, filters: dict[str, str]) -> NoReturn:
    """Each event as it comes. A connection that ends is made again: the cursor goes on where it ended."""
    patience = _patience(shown.output)
    while True:
        stream, failed = Stream(), list[Exception]()

        def show(piece: bytes, stream: Stream = stream, failed: list[Exception] = failed) -> None:
            try:
                for message in stream.feed(piece):
                    events = [orjson.loads(message.data)] if message.event == "event" else []
                    shown.all(events, message.id or shown.cursor)
            except Exception as error:  # a pipe that nobody reads is no failure of the service
                failed.append(error)
                raise _Ended from error

        try:
            await service.query("/api/v1/live", {**filters, "after": shown.cursor}, show)
        except _Ended:
            raise failed[0] from None
        except Transient as trouble:
            if not stream.heard:
                await patience.wait(trouble)
                continue
        patience = _patience(shown.output)
        await asyncio.sleep(SHORTEST_PAUSE)


class _Ended(Exception):
    """Showing an event ended the stream."""


async def _poll(service: Service, shown: Shown, filters: dict[str, str]) -> NoReturn:
    """Page after page."""
    pause = SHORTEST_PAUSE
    while True:
        page = await _ask(service, shown.output, {**filters, "limit": str(PAGE), "after": shown.cursor})
        shown.all(page.events, page.cursor)
        if len(page.events) < PAGE:
            pause = SHORTEST_PAUSE if page.events else min(LONGEST_PAUSE, pause * 1.5)
            await asyncio.sleep(pause)


def _patience(output: Output) -> Patience:
    return Patience(GIVE_UP_SECONDS, lambda why, pause: output.note(f"{why} Trying again in {pause:.1f} s."))


async def _ask(service: Service, output: Output, params: dict[str, str]) -> Page:
    patience = _patience(output)
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
