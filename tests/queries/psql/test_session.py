"""A session: its turns, its errors, its time."""

import pytest
from pygwire import messages

from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from tests.queries.conftest import Tenant
from tests.queries.psql.conftest import Psql, listening
from tests.queries.psql.talk import LARGE, SLOW, Talk, failure, failures, kinds, rows, talking
from tests.waiting import until

pytestmark = pytest.mark.stack

Query, Sync = messages.Query, messages.Sync


async def entered(talk: Talk, psql: Psql) -> Talk:
    assert kinds(await talk.login(psql.tenant.id, psql.key))[-1] == "ReadyForQuery"
    return talk


def status(found: list[messages.PGMessage]) -> str:
    last = found[-1]
    assert isinstance(last, messages.ReadyForQuery)
    return str(last.status)


async def test_statements_of_one_query_end_at_the_first_that_fails(psql: Psql) -> None:
    async with talking(psql.port) as one:
        talk = await entered(one, psql)
        found = await talk.ask(Query(query_string="SELECT 1; DROP TABLE events; SELECT 2"))
        assert (rows(found), failure(found).code, status(found)) == ([[b"1"]], "25006", "I")
        assert kinds(await talk.ask(Query(query_string=" ; "))) == ["EmptyQueryResponse", "ReadyForQuery"]


async def test_a_failed_transaction_waits_for_its_end(psql: Psql) -> None:
    async with talking(psql.port) as one:
        talk = await entered(one, psql)
        for text, wanted in (("BEGIN", "T"), ("SELECT nope FROM events", "E"), ("SELECT 1", "E"), ("ROLLBACK", "I")):
            assert status(await talk.ask(Query(query_string=text))) == wanted


async def test_after_an_error_messages_are_skipped_up_to_sync(psql: Psql) -> None:
    async with talking(psql.port) as one:
        talk = await entered(one, psql)
        bad = (messages.Parse(query="SELECT ("), messages.Bind(), messages.Describe("P"), messages.Execute(), Sync())
        good = (messages.Parse(query="SELECT 7"), messages.Bind(), messages.Execute(), Sync())
        await talk.send(*bad, *good)
        found = await talk.until_ready()
        assert kinds(found) == ["ParseComplete", "BindComplete", "ErrorResponse", "ReadyForQuery"]
        assert failure(found).code == "42601"
        assert rows(await talk.until_ready()) == [[b"7"]]


async def test_settings_limit_the_time_of_a_statement(psql: Psql) -> None:
    async with talking(psql.port) as one:
        talk = await entered(one, psql)
        await talk.ask(Query(query_string="SET statement_timeout = '50ms'"))
        found = await talk.ask(Query(query_string=SLOW))
        assert (failure(found).code, "timeout" in failure(found).message) == ("57014", True)
        await talk.ask(Query(query_string="RESET statement_timeout"))
        assert rows(await talk.ask(Query(query_string="SELECT 1"))) == [[b"1"]]


async def test_the_service_limits_it_whatever_the_settings_say(
    asked: Tenant, redis_url: str, clickhouse_url: str
) -> None:
    async with (
        listening(redis_url, clickhouse_url, asked, query_timeout_seconds=0.3) as psql,
        talking(psql.port) as one,
    ):
        talk = await entered(one, psql)
        await talk.ask(Query(query_string="SET statement_timeout = '1h'"))
        assert failure(await talk.ask(Query(query_string=SLOW))).code in {"54000", "57014"}


async def test_a_client_that_asks_nothing_is_cut(asked: Tenant, redis_url: str, clickhouse_url: str) -> None:
    async with listening(redis_url, clickhouse_url, asked, psql_idle_seconds=0.2) as psql, talking(psql.port) as one:
        talk = await entered(one, psql)
        assert failure(await talk.until_ready()).code == "57P05"
        assert await talk.ended()


async def test_a_client_that_goes_ends_what_it_asked_for(psql: Psql) -> None:
    async with talking(psql.port) as one:
        talk = await entered(one, psql)
        await talk.send(Query(query_string=SLOW))

    async def alone() -> bool:
        return not psql.server.clients

    assert await until(alone, within=8.0)


async def test_a_client_that_does_not_read_is_let_go(asked: Tenant, redis_url: str, clickhouse_url: str) -> None:
    async with listening(redis_url, clickhouse_url, asked, query_timeout_seconds=1) as psql, talking(psql.port) as one:
        talk = await entered(one, psql)  # whose buffer is small, and which nobody reads from now on
        await talk.send(Query(query_string=LARGE))

        async def alone() -> bool:
            return not psql.server.clients

        assert await until(alone)


async def test_the_rest_of_a_copy_that_was_refused_is_passed_over(psql: Psql) -> None:
    async with talking(psql.port) as one:
        talk = await entered(one, psql)
        assert failure(await talk.ask(Query(query_string="COPY events FROM STDIN"))).code == "25006"
        await talk.send(messages.CopyData(data=b"x"), messages.CopyDone())
        assert rows(await talk.ask(Query(query_string="SELECT 1"))) == [[b"1"]]


async def test_a_message_out_of_place_ends_the_session(psql: Psql) -> None:
    async with talking(psql.port) as one:
        talk = await entered(one, psql)
        assert failure(await talk.ask(messages.PasswordMessage(password="x"))).fields["S"] == "FATAL"
        assert await talk.ended()


async def test_a_session_ends_with_its_key(psql: Psql, redis: Redis) -> None:
    key, token = await Projects(redis).create_key(psql.tenant.id, Kind.QUERY)
    async with talking(psql.port) as one:
        await one.login(psql.tenant.id, token)
        assert rows(await one.ask(Query(query_string="SELECT 1"))) == [[b"1"]]
        await Projects(redis).revoke_key(key.id)
        found: list[messages.PGMessage] = []

        async def refused() -> bool:
            found[:] = await one.ask(Query(query_string="SELECT 1"))
            return bool(failures(found))

        assert await until(refused)
        assert failure(found).code == "28P01"
        assert await one.ended()


async def test_a_client_may_say_goodbye(psql: Psql) -> None:
    async with talking(psql.port) as one:
        talk = await entered(one, psql)
        await talk.send(messages.Terminate())
        assert await talk.ended()
