"""What a client is told, as messages on a socket."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from pygwire import messages

from queries.psql import answers, kinds, replies
from queries.psql.answers import Answer, Column
from queries.psql.commands import Done
from queries.psql.copying import Copy
from queries.psql.portals import Portal, Prepared
from queries.psql.replies import Replies
from queries.psql.sqlstate import Failure
from queries.psql.state import State
from queries.psql.statements import split
from queries.psql.wire import Wire
from tests.queries.psql.talk import Talk
from tests.queries.psql.talk import kinds as names

_COLUMNS = (Column("n", kinds.INT8),)


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Replies, Talk]]:
    """Who tells, and who is told."""
    ours, theirs = socket.socketpair()
    one, other = await asyncio.open_connection(sock=ours), await asyncio.open_connection(sock=theirs)
    yield Replies(Wire(*one)), Talk(*other)
    for _, writer in (one, other):
        writer.close()


def portal(count: int) -> Portal:
    made = Portal(Prepared(split("SELECT 1")[0]))
    made.begin(Answer(_COLUMNS, answers.listed([[b"%d" % number] for number in range(count)])))
    return made


async def told(ends: tuple[Replies, Talk]) -> list[messages.PGMessage]:
    ends[0].ready(State("p", status="T"))
    return (await ends[1].until_ready())[:-1]


async def test_all_rows_end_with_their_number(ends: tuple[Replies, Talk]) -> None:
    await ends[0].rows(portal(3))
    found = await told(ends)
    assert names(found) == ["DataRow", "CommandComplete"]
    assert isinstance(found[-1], messages.CommandComplete)
    assert (len(found), found[-1].tag) == (4, "SELECT 3")


async def test_a_part_of_the_rows_is_suspended_until_the_last(ends: tuple[Replies, Talk]) -> None:
    one = portal(5)
    for most, last in ((2, "PortalSuspended"), (2, "PortalSuspended"), (2, "CommandComplete")):
        await ends[0].rows(one, most)
        assert names(await told(ends))[-1] == last
    await one.close()


async def test_many_rows_are_taken_as_they_come(ends: tuple[Replies, Talk]) -> None:
    async with asyncio.TaskGroup() as tasks:
        sent = tasks.create_task(ends[0].rows(portal(50_000)))
        await asyncio.sleep(0)
        sent.add_done_callback(lambda _: ends[0].ready(State("p")))
        found = await ends[1].until_ready()
    assert len(found) == 50_002


async def test_columns_or_none(ends: tuple[Replies, Talk]) -> None:
    ends[0].columns(_COLUMNS, (1,))
    ends[0].columns((), ())
    described, nothing = await told(ends)
    assert isinstance(described, messages.RowDescription)
    assert [(one.name, one.type_oid, one.type_size, one.format_code) for one in described.fields] == [("n", 20, 8, 1)]
    assert isinstance(nothing, messages.NoData)


async def test_a_command_may_warn_and_change_settings(ends: tuple[Replies, Talk]) -> None:
    ends[0].done(Done("SET", changed=[("application_name", "x")], warning="careful"))
    assert names(await told(ends)) == ["NoticeResponse", "ParameterStatus"]


async def test_a_copy_is_data_between_its_head_and_its_end(ends: tuple[Replies, Talk]) -> None:
    answer = Answer(_COLUMNS, answers.listed([[b"1"], [b"null"]]))
    await ends[0].copied(Copy(split("SELECT 1")[0], csv=True, header=True), answer)
    ends[0].ready(State("p"))
    data = await ends[1].reader.readuntil(b"COPY 2\0")
    assert [part in data for part in (b"n\n", b"1\n")] == [True, True]


def test_an_error_has_its_fields_and_no_zeros() -> None:
    made = replies.error(Failure("42601", "a\0b", hint="try c", fatal=True))
    assert made.fields == {"S": "FATAL", "V": "FATAL", "C": "42601", "M": "ab", "H": "try c"}
