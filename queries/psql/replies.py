"""What a session tells its client: columns, rows, tags, errors, settings."""

import asyncio
import contextlib
from collections.abc import Sequence

from pygwire import TransactionStatus, messages

from queries.psql import copying
from queries.psql.answers import Answer, Column
from queries.psql.commands import Done
from queries.psql.copying import Copy
from queries.psql.portals import Portal
from queries.psql.sqlstate import Failure
from queries.psql.state import State
from queries.psql.wire import Wire

_FLUSH_BYTES = 64 * 1024


class Replies:
    """Writes to one client; what is many waits for the client to take it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def say(self, *sent: messages.PGMessage) -> None:
        """Short messages."""
        self._wire.write(*sent)

    def ready(self, state: State) -> None:
        """The next statement may come."""
        self.say(messages.ReadyForQuery(status=TransactionStatus(state.status)))

    def failed(self, failure: Failure) -> None:
        """A statement failed."""
        self.say(error(failure))

    def columns(self, columns: Sequence[Column], formats: Sequence[int]) -> None:
        """What the rows will be like; that there are none where there are no columns."""
        if not columns:
            self.say(messages.NoData())
            return
        each = formats if len(formats) == len(columns) else [formats[0] if formats else 0] * len(columns)
        described = [
            messages.FieldDescription(one.name, 0, 0, one.kind.oid, one.kind.size, -1, form)
            for one, form in zip(columns, each, strict=True)
        ]
        self.say(messages.RowDescription(fields=described))

    async def rows(self, portal: Portal, most: int = 0) -> None:
        """The rows of a portal that has begun, at most so many (0: all), and what ends them."""
        left = most
        while rows := await portal.rows(left):
            await self._many(rows)
            left -= len(rows) if most else 0
            if most and not left:
                break
        if most and not left and await portal.park():
            self.say(messages.PortalSuspended())
            return
        tag = portal.answer.tag if portal.answer else "SELECT"
        counted = f"{tag} {portal.sent}" if tag in {"SELECT", "FETCH"} else tag
        self.say(messages.CommandComplete(tag=counted))

    async def fetched(self, portal: Portal, most: int) -> None:
        """The next rows of a cursor: at most so many, or with 0 all."""
        self.columns(portal.answer.columns if portal.answer else (), portal.formats)
        before = portal.sent
        while (not most or portal.sent - before < most) and (
            rows := await portal.rows(most and most - portal.sent + before)
        ):
            await self._many(rows)
        await portal.park()
        self.say(messages.CommandComplete(tag=f"FETCH {portal.sent - before}"))

    def done(self, done: Done) -> None:
        """What a command says besides rows and its tag."""
        if done.warning:
            self.say(messages.NoticeResponse(fields={"S": "WARNING", "V": "WARNING", "C": "01000", "M": done.warning}))
        self.say(*(messages.ParameterStatus(name=name, value=value) for name, value in done.changed))

    async def copied(self, copy: Copy, answer: Answer) -> None:
        """All rows of a COPY."""
        header, row = copying.writer(copy, answer.columns)
        formats = [0] * len(answer.columns)
        self.say(messages.CopyOutResponse(overall_format=0, col_formats=formats))
        count = 0
        async with contextlib.aclosing(answer.lines) as blocks:
            if header:
                self.say(messages.CopyData(data=header))
            async for lines in blocks:
                count += len(lines)
                await self._many([messages.CopyData(data=row(line)).to_wire() for line in lines])
        self.say(messages.CopyDone(), messages.CommandComplete(tag=f"COPY {count}"))

    async def _many(self, rows: Sequence[bytes]) -> None:
        part, size = [], 0
        for row in rows:
            part.append(row)
            size += len(row)
            if size >= _FLUSH_BYTES:
                self._wire.write_bytes(b"".join(part))
                await self._wire.drain()
                await asyncio.sleep(0)  # `drain` lets nobody else work while the client keeps up
                part, size = [], 0
        self._wire.write_bytes(b"".join(part))
        await self._wire.drain()


def error(failure: Failure) -> messages.ErrorResponse:
    """The message of a failure."""
    severity = "FATAL" if failure.fatal else "ERROR"
    fields = {"S": severity, "V": severity, "C": failure.sqlstate, "M": failure.message.replace("\0", "")}
    return messages.ErrorResponse(fields=fields | ({"H": failure.hint} if failure.hint else {}))
