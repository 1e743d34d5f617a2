"""Prepared statements and portals: what is bound, and how far its rows have been sent."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

from queries.psql import answers
from queries.psql.answers import Answer, Column
from queries.psql.decoding import Bound, decode
from queries.psql.encoding import Encoder
from queries.psql.kinds import Kind
from queries.psql.sqlstate import LIMIT_EXCEEDED, PROTOCOL_VIOLATION, Failure
from queries.psql.statements import Statement

_IN_MEMORY = 1 << 20
#: what may be put aside for one portal, and for all of the process
MAX_PARKED, MAX_PARKED_IN_ALL = 64 << 20, 1 << 30


class _Parking:
    """How many bytes are put aside in this process."""

    used = 0


@dataclass
class Prepared:
    """A statement and the types of its parameters. `statement` is None for an empty text."""

    statement: Statement | None
    kinds: tuple[Kind, ...] = ()
    #: known once it was described; an empty tuple is of what gives no rows
    columns: tuple[Column, ...] | None = None

    def values(self, formats: Sequence[int], given: Sequence[bytes | None]) -> tuple[Bound, ...]:
        """The parameters, decoded. Raises `Failure` where they are not what the statement asks for."""
        if len(given) != len(self.kinds):
            wanted = f"{len(given)} parameters were bound, and the statement has {len(self.kinds)}."
            raise Failure(PROTOCOL_VIOLATION, wanted)
        if len(formats) not in {0, 1, len(given)} or not {0, 1}.issuperset(formats):
            raise Failure(PROTOCOL_VIOLATION, "The formats of the parameters are not those of their values.")
        each = formats if len(formats) == len(given) else [formats[0] if formats else 0] * len(given)
        return tuple(
            None if value is None else decode(kind, bool(form), value)
            for kind, form, value in zip(self.kinds, each, given, strict=True)
        )


@dataclass
class Portal:
    """A statement with its parameters, and its answer once it has begun."""

    prepared: Prepared
    values: tuple[Bound, ...] = ()
    formats: Sequence[int] = ()
    answer: Answer | None = None
    #: the last row was sent
    done: bool = False
    sent: int = 0
    _encoders: list[Encoder] = field(default_factory=list)
    #: lines that were read and not yet sent
    _ready: list[bytes] = field(default_factory=list)
    _parked: IO[bytes] | None = None
    _parked_bytes: int = 0

    def begin(self, answer: Answer) -> None:
        """Its statement runs."""
        self.answer, self._encoders = answer, answers.encoders(answer.columns, self.formats)

    async def rows(self, most: int) -> list[bytes]:
        """The next messages, `most` at most (0: as many as came at once); none at the end of the answer."""
        while not self._ready and not self.done:
            self._ready = await self._more()
            self.done = not self._ready
        count = min(most or len(self._ready), len(self._ready))
        taken, self._ready = self._ready[:count], self._ready[count:]
        self.sent += len(taken)
        return [answers.data_row(line, self._encoders) for line in taken]

    async def park(self) -> bool:
        """Whether more rows are there. They are put aside, so that no one waits in the engine for a slow reader."""
        if not self._ready and not self.done and self._parked is None:
            self._ready = await self._more()
            self.done = not self._ready
        if self._parked is None and not self.done and self.answer is not None:
            parked = self._parked = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed in `close`
            async for lines in self.answer.lines:
                self._take(sum(map(len, lines)))
                parked.writelines(line + b"\n" for line in lines)
            parked.seek(0)
        return bool(self._ready) or (self._parked is not None and await self._peek())

    async def close(self) -> None:
        """Let go of everything behind it."""
        self.done, self._ready = True, []
        _Parking.used -= self._parked_bytes
        self._parked_bytes = 0
        if self._parked is not None:
            self._parked.close()
        if self.answer is not None:
            await self.answer.lines.aclose()

    def _take(self, size: int) -> None:
        """Room for rows that are put aside. Raises `Failure` when there is none."""
        if self._parked_bytes + size > MAX_PARKED or _Parking.used + size > MAX_PARKED_IN_ALL:
            raise Failure(LIMIT_EXCEEDED, "Too much is left for later: fetch larger parts, or ask for less.")
        self._parked_bytes += size
        _Parking.used += size

    async def _peek(self) -> bool:
        self._ready = await self._more()
        self.done = not self._ready
        return not self.done

    async def _more(self) -> list[bytes]:
        if self._parked is not None:
            return [line.rstrip(b"\n") for line in self._parked.readlines(_IN_MEMORY)]
        try:
            return [*await anext(self.answer.lines)] if self.answer else []
        except StopAsyncIteration:
            return []
