"""A statement -> its answer: the catalog, the events, or a command."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from queries.confined import Confined
from queries.gate import Gate
from queries.psql import answers, commands, copying
from queries.psql.answers import Answer, Column
from queries.psql.catalog.answer import CatalogBase, Found
from queries.psql.decoding import Bound
from queries.psql.kinds import Kind
from queries.psql.sqlstate import Failure
from queries.psql.state import State
from queries.psql.statements import Statement
from queries.sandbox.compile import Checked, compile  # noqa: A004  named for what it does
from queries.sandbox.errors import Unfit


@dataclass
class Runner:
    """Of one session."""

    confined: Confined
    gate: Gate
    state: State
    _catalog: CatalogBase | None = None

    async def read(self, statement: Statement, kinds: Sequence[Kind] = (), values: Sequence[Bound] = ()) -> Answer:
        """Start a SELECT. Raises `Failure`, and whatever the store raises."""
        if await asyncio.to_thread(lambda: statement.about_catalog):
            return answers.of_catalog(await self._ask_catalog(statement, kinds, values))
        checked = await self._checked(statement, kinds, values)
        return await answers.of_events(self.confined, self.gate, self.state.user, checked, statement.text)

    async def columns(self, statement: Statement, kinds: Sequence[Kind]) -> tuple[Column, ...]:
        """What a statement would answer; nothing for one that has no rows. Runs none of the events."""
        if statement.first == "SHOW":
            return commands.shown(statement.words)
        if not statement.reads:
            return ()
        if await asyncio.to_thread(lambda: statement.about_catalog):
            found = await self._ask_catalog(statement, kinds, [None] * len(kinds))
            return tuple(Column(name, kind) for name, kind in zip(found.names, found.kinds, strict=True))
        values = [_sample(kind) for kind in kinds]
        checked = await self._checked(statement, kinds, values)
        return await answers.described(self.confined, self.gate, self.state.user, checked, statement.text)

    async def copy(self, statement: Statement) -> tuple[copying.Copy, Answer]:
        """Start a COPY … TO STDOUT."""
        copy = copying.read(statement)
        return copy, await self.read(copy.statement)

    def close(self) -> None:
        """Forget the catalog."""
        if self._catalog is not None:
            self._catalog.close()

    async def _ask_catalog(self, statement: Statement, kinds: Sequence[Kind], values: Sequence[Bound]) -> Found:
        if self._catalog is None:
            self._catalog = await asyncio.to_thread(CatalogBase, self.state.user, self.state.settings)
        bound = {f"p{number}": _plain(*one) for number, one in enumerate(zip(kinds, values, strict=True), 1)}
        return await asyncio.to_thread(self._catalog.ask, statement.tree, bound)

    async def _checked(self, statement: Statement, kinds: Sequence[Kind], values: Sequence[Bound]) -> Checked:
        text = statement.typed(kinds) if kinds else statement.text
        used = range(1, statement.parameters + 1)
        bound: Mapping[str, object] = {str(number): values[number - 1] for number in used}
        try:
            return await asyncio.to_thread(compile, text, "postgres", bound)
        except Unfit as unfit:
            raise Failure(unfit.sqlstate, unfit.message) from unfit


def _plain(kind: Kind, value: Bound) -> Bound | int:
    """SQLite compares by type: a number is bound as one."""
    if not isinstance(value, str) or kind.form not in {"int", "bool"}:
        return value
    return int(value) if kind.form == "int" else int(value == "true")


def _sample(kind: Kind) -> Bound:
    """Some value of a type: what a statement answers does not hang on it."""
    if kind.element is not None:
        return []
    samples = {"int": "1", "float": "1", "numeric": "1", "bool": "true", "date": "2000-01-01"}
    samples |= dict.fromkeys(("timestamp", "timestamptz"), "2000-01-01 00:00:00.000000")
    samples |= {"uuid": "00000000-0000-0000-0000-000000000000", "json": "{}", "jsonb": "{}"}
    return samples.get(kind.form, "")
