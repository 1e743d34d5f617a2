"""Feed: the last events, then each new one as it becomes queryable, for as long as somebody looks."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

from clients.cli.errors import CliError, Transient
from clients.cli.live import Stream
from clients.cli.retry import BASE_SECONDS
from clients.cli.service import Service
from clients.cli.tail import EventsAnswer

#: shown first
LATEST = 50
#: between two attempts
_LONGEST_PAUSE = 5.0


class Feed:
    """Shows events of this name, or all. `trouble` hears why none come, and '' when they do again."""

    def __init__(
        self, service: Service, event_type: str, show: Callable[[dict[str, Any]], None], trouble: Callable[[str], None]
    ) -> None:
        self._service = service
        self._filters = {"event_type": event_type} if event_type else {}
        self._show = show
        self._trouble = trouble
        self._cursor = ""

    async def run(self) -> None:
        """Ends only where asking again is no use."""
        pause = BASE_SECONDS
        while True:
            stream = Stream()
            try:
                await self._latest()
                await self._live(stream)
                pause = BASE_SECONDS
            except Transient as why:
                if stream.heard:  # each connection ends some time
                    pause = BASE_SECONDS
                else:
                    self._trouble(str(why))
                    pause = max(why.retry_after, min(_LONGEST_PAUSE, pause * 2))
            except CliError as why:
                self._trouble(str(why))
                return
            await asyncio.sleep(pause)

    async def _latest(self) -> None:
        if self._cursor:
            return
        params = {**self._filters, "limit": str(LATEST)}
        page = (await self._service.query("/api/v1/events", params)).decode(EventsAnswer).data
        self._cursor = page.cursor
        self._trouble("")
        for event in page.events:
            self._show(event)

    async def _live(self, stream: Stream) -> None:
        def take(piece: bytes) -> None:
            if not stream.heard:
                self._trouble("")
            for message in stream.feed(piece):
                self._cursor = message.id or self._cursor
                if message.event == "event":
                    self._show(orjson.loads(message.data))

        await self._service.query("/api/v1/live", {**self._filters, "after": self._cursor}, take)
