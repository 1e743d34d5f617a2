"""Runs what a client sends: statements of a simple query, and the messages of the extended protocol."""

import asyncio
from collections.abc import Sequence

from pygwire import messages

from queries.psql import commands, cursors, statements
from queries.psql.portals import Portal, Prepared
from queries.psql.replies import Replies
from queries.psql.runner import Runner
from queries.psql.sqlstate import FEATURE_NOT_SUPPORTED, PROTOCOL_VIOLATION, SYNTAX_ERROR, Failure
from queries.psql.state import State
from queries.psql.statements import Statement


class Execution:
    """Of one session. Raises `Failure`, and what the store raises; nothing is sent for these here."""

    def __init__(self, state: State, runner: Runner, replies: Replies) -> None:
        self._state = state
        self._runner = runner
        self._replies = replies

    async def simple(self, text: str) -> None:
        """A query message: statements one after the other, up to the first that fails."""
        parts = statements.split(text)
        if not parts:
            self._replies.say(messages.EmptyQueryResponse())
        for part in parts:
            if part.parameters:
                raise Failure("42P02", "there is no parameter $1")
            await self._run(part)

    async def extended(self, message: messages.PGMessage) -> None:
        """One message of the extended protocol."""
        match message:
            case messages.Parse():
                await self._parse(message)
            case messages.Bind():
                await self._bind(message)
            case messages.Describe():
                await self._describe(message)
            case messages.Execute():
                await self._execute(message)
            case messages.Close():
                await self._close(message)
            case _:
                raise Failure(PROTOCOL_VIOLATION, "This message has no place here.", fatal=True)

    async def _run(self, part: Statement) -> None:
        self._allow(part)
        if part.reads:
            portal = Portal(Prepared(part))
            try:
                portal.begin(await self._runner.read(part))
                self._replies.columns(portal.answer.columns if portal.answer else (), ())
                await self._replies.rows(portal)
            finally:
                await portal.close()
        else:
            await self._follow(part, describe=True)

    async def _follow(self, part: Statement, *, describe: bool, formats: Sequence[int] = ()) -> None:
        """What is no SELECT."""
        if part.first == "COPY":
            await self._replies.copied(*await self._runner.copy(part))
            return
        if part.first in cursors.WORDS:
            await cursors.run(part, self._state, self._runner, self._replies)
            return
        done = await commands.run(self._state, part)
        self._replies.done(done)
        if done.answer is None:
            self._replies.say(messages.CommandComplete(tag=done.tag))
            return
        portal = Portal(Prepared(part), formats=formats)
        portal.begin(done.answer)
        if describe:
            self._replies.columns(done.answer.columns, formats)
        await self._replies.rows(portal)

    def _allow(self, part: Statement) -> None:
        commands.allowed(self._state, part)
        statements.check(part)

    async def _parse(self, message: messages.Parse) -> None:
        parts = statements.split(message.query)
        if len(parts) > 1:
            raise Failure(SYNTAX_ERROR, "cannot insert multiple commands into a prepared statement")
        prepared = Prepared(None)
        if parts:
            self._allow(parts[0])
            prepared = Prepared(parts[0], await asyncio.to_thread(parts[0].kinds, message.param_types))
        self._state.prepare(message.statement, prepared)
        self._replies.say(messages.ParseComplete())

    async def _bind(self, message: messages.Bind) -> None:
        prepared = self._state.statement(message.statement)
        values = prepared.values(message.param_formats, message.param_values)
        await self._state.open(message.portal, Portal(prepared, values, tuple(message.result_formats)))
        self._replies.say(messages.BindComplete())

    async def _describe(self, message: messages.Describe) -> None:
        if message.kind == "S":
            prepared = self._state.statement(message.name)
            if prepared.columns is None:
                part = prepared.statement
                prepared.columns = await self._runner.columns(part, prepared.kinds) if part else ()
            self._replies.say(messages.ParameterDescription(type_oids=[kind.oid for kind in prepared.kinds]))
            self._replies.columns(prepared.columns, ())
            return
        portal = self._state.portal(message.name)
        part = portal.prepared.statement
        if part is not None and part.reads:
            await self._begin(portal, part)
            self._replies.columns(portal.answer.columns if portal.answer else (), portal.formats)
        else:
            columns = await self._runner.columns(part, ()) if part else ()
            self._replies.columns(columns, portal.formats)

    async def _execute(self, message: messages.Execute) -> None:
        portal = self._state.portal(message.portal)
        part = portal.prepared.statement
        if part is None:
            self._replies.say(messages.EmptyQueryResponse())
            return
        self._allow(part)
        if part.reads:
            await self._begin(portal, part)
            await self._replies.rows(portal, message.max_rows)
        elif part.first in {"FETCH", "COPY"} and portal.formats and any(portal.formats):
            raise Failure(FEATURE_NOT_SUPPORTED, f"{part.first} answers in text.")
        else:
            await self._follow(part, describe=False, formats=portal.formats)

    async def _begin(self, portal: Portal, part: Statement) -> None:
        if portal.answer is None:
            portal.begin(await self._runner.read(part, portal.prepared.kinds, portal.values))

    async def _close(self, message: messages.Close) -> None:
        if message.kind == "S":
            self._state.prepared.pop(message.name, None)
        else:
            await self._state.drop(message.name)
        self._replies.say(messages.CloseComplete())
