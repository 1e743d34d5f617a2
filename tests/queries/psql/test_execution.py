"""The extended protocol, message by message."""

from collections.abc import AsyncIterator

import pytest
from pygwire import messages

from tests.queries.psql.conftest import Psql
from tests.queries.psql.talk import Talk, failure, kinds, rows, talking

pytestmark = pytest.mark.stack

Parse, Bind, Describe, Execute = messages.Parse, messages.Bind, messages.Describe, messages.Execute
Sync, Query, Close = messages.Sync, messages.Query, messages.Close
_NAMES = "SELECT event_name FROM events ORDER BY created_at"


@pytest.fixture
async def talk(psql: Psql) -> AsyncIterator[Talk]:
    async with talking(psql.port) as one:
        await one.login(psql.tenant.id, psql.key)
        yield one


def described(found: list[messages.PGMessage]) -> list[tuple[str, int, int]]:
    (one,) = [one for one in found if isinstance(one, messages.RowDescription)]
    return [(field.name, field.type_oid, field.format_code) for field in one.fields]


async def test_a_statement_is_described_before_it_runs(talk: Talk) -> None:
    text = "SELECT event_name, count(*) AS n FROM events WHERE created_at > $1 AND asn = $2 GROUP BY 1 LIMIT $3"
    found = await talk.ask(Parse("s", text), Describe("S", "s"), Sync())
    assert kinds(found) == ["ParseComplete", "ParameterDescription", "RowDescription", "ReadyForQuery"]
    (parameters,) = [one for one in found if isinstance(one, messages.ParameterDescription)]
    assert parameters.type_oids == [1184, 20, 20]
    assert described(found) == [("event_name", 25, 0), ("n", 20, 0)]


async def test_what_has_no_rows_has_no_description(talk: Talk) -> None:
    for text in ("BEGIN", "SET application_name = 'x'", ""):
        assert "NoData" in kinds(await talk.ask(Parse("", text), Describe("S"), Bind(), Describe("P"), Sync()))
    assert described(await talk.ask(Parse("", "SHOW TimeZone"), Describe("S"), Sync())) == [("timezone", 25, 0)]
    assert (
        described(await talk.ask(Parse("", "SELECT oid FROM pg_class WHERE oid = $1"), Describe("S"), Sync()))[0][1]
        == 26
    )


async def test_formats_are_those_that_are_asked_for(talk: Talk) -> None:
    binds = Bind("", "", [1], [b"\0\0\0\5"], [1, 0])
    found = await talk.ask(Parse("", "SELECT $1::int4, 'x'::text", [23]), binds, Describe("P"), Execute(), Sync())
    assert [form for _, _, form in described(found)] == [1, 0]
    assert rows(found) == [[b"\0\0\0\5", b"x"]]


async def test_a_portal_gives_its_rows_in_parts(talk: Talk) -> None:
    await talk.ask(Query(query_string="BEGIN"))
    found = await talk.ask(Parse("", _NAMES), Bind("p"), Execute("p", 2), Sync())
    assert (kinds(found)[-2], len(rows(found))) == ("PortalSuspended", 2)
    found = await talk.ask(Execute("p", 2), Sync())
    assert (rows(found), kinds(found)[-2]) == ([[b"page_view"]], "CommandComplete")
    assert failure(await talk.ask(Execute("gone"), Sync())).code == "34000"


async def test_outside_of_a_transaction_a_portal_ends_with_sync(talk: Talk) -> None:
    await talk.ask(Parse("", _NAMES), Bind("p"), Execute("p", 1), Sync())
    assert failure(await talk.ask(Execute("p", 1), Sync())).code == "34000"


async def test_a_part_as_long_as_the_rest_is_not_suspended(talk: Talk) -> None:
    found = await talk.ask(Parse("", _NAMES), Bind(), Execute("", 3), Sync())
    assert (kinds(found)[-2], len(rows(found))) == ("CommandComplete", 3)


async def test_a_prepared_statement_is_used_again_and_closed(talk: Talk) -> None:
    await talk.ask(Parse("s", "SELECT count(*) FROM events WHERE event_name = $1"), Sync())
    for name, count in ((b"signup", b"1"), (b"page_view", b"2"), (None, b"0")):
        found = await talk.ask(Bind("", "s", [], [name]), Execute(), Sync())
        assert rows(found) == [[count]]
    assert failure(await talk.ask(Parse("s", "SELECT 1"), Sync())).code == "42P05"
    assert kinds(await talk.ask(Close("S", "s"), Close("P", "none"), Sync()))[:2] == ["CloseComplete"] * 2
    assert failure(await talk.ask(Bind("", "s", [], [b"x"]), Sync())).code == "26000"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ((Parse("", "SELECT 1; SELECT 2"),), "42601"),
        ((Parse("", "INSERT INTO events VALUES ($1)"),), "25006"),
        ((Parse("", "SELECT $1::int"), Bind("", "", [], [])), "08P01"),
        ((Parse("", "SELECT $1::int"), Bind("", "", [], [b"x"])), "22P02"),
        ((Parse("", "SELECT $1::int"), Bind("", "", [1], [b"x"])), "22P03"),
        ((Parse("", "SELECT 1"), Bind("", "", [], [], [7]), Execute()), "08P01"),
        ((Parse("", "SELECT nope FROM events"), Describe("S")), "42703"),
        ((Parse("", "SELECT * FROM nowhere"), Describe("S")), "42P01"),
        ((Parse("", "SELECT getenv('x')"), Describe("S")), "42883"),
        ((Describe("S", "none"),), "26000"),
        ((Parse("", "FETCH 1 FROM c"), Bind("", "", [], [], [1]), Execute()), "0A000"),
    ],
)
async def test_what_is_wrong_has_its_state(talk: Talk, sent: tuple[messages.PGMessage, ...], code: str) -> None:
    assert failure(await talk.ask(*sent, Sync())).code == code
    assert rows(await talk.ask(Query(query_string="SELECT 1"))) == [[b"1"]]


async def test_commands_run_in_the_extended_protocol_too(talk: Talk) -> None:
    found = await talk.ask(Parse("", "SET application_name = 'x'"), Bind(), Execute(), Sync())
    assert kinds(found) == ["ParseComplete", "BindComplete", "ParameterStatus", "CommandComplete", "ReadyForQuery"]
    assert rows(await talk.ask(Parse("", "SHOW application_name"), Bind(), Execute(), Sync())) == [[b"x"]]
    assert kinds(await talk.ask(Parse("", ""), Bind(), Execute(), Sync()))[2] == "EmptyQueryResponse"


async def test_a_simple_query_has_no_parameters(talk: Talk) -> None:
    assert failure(await talk.ask(Query(query_string="SELECT $1"))).code == "42P02"
