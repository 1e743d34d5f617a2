"""The server: TLS, places, requests to cancel, clients that do harm, and its end."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import asyncpg
import psycopg
import pytest
from pygwire import messages

from deploy.local.ports import free_port
from ingest_api.projects.keys import Kind
from queries.settings import Settings
from tests.queries.conftest import Tenant, serve
from tests.queries.hostile import INJECTIONS
from tests.queries.psql.conftest import Psql, listening
from tests.queries.psql.talk import LARGE, SLOW, Talk, failure, kinds, length, rows, talking
from tests.queries.sandbox.test_all import GROUPS, statements
from tests.waiting import until

pytestmark = pytest.mark.stack


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    folder: Path = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    made = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    )
    named = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert))
    subprocess.run([*made, *named], check=True, capture_output=True)
    return str(cert), str(key)


async def test_tls_is_spoken_and_verified(
    asked: Tenant, redis_url: str, clickhouse_url: str, certificate: tuple[str, str]
) -> None:
    cert, key = certificate
    async with listening(redis_url, clickhouse_url, asked, psql_tls_cert=cert, psql_tls_key=key) as psql:
        async with await psql.connect(sslmode="verify-full", sslrootcert=cert) as connection:
            cursor = await connection.execute(LARGE)
            assert len(await cursor.fetchall()) == 300
        other = await asyncpg.connect(psql.url, ssl=ssl.create_default_context(cafile=cert))
        assert await other.fetchval("SELECT count(*) FROM events") == 3
        await other.close()
        async with await psql.connect(sslmode="disable") as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_what_is_sent_before_tls_begins_is_not_taken_for_encrypted(
    asked: Tenant, redis_url: str, clickhouse_url: str, certificate: tuple[str, str]
) -> None:
    cert, key = certificate
    startup = messages.StartupMessage(params={"user": asked.id, "database": "events"})
    async with listening(redis_url, clickhouse_url, asked, psql_tls_cert=cert, psql_tls_key=key) as psql:
        async with talking(psql.port) as talk:
            await talk.raw(messages.SSLRequest().to_wire() + startup.to_wire())
            assert failure(await talk.until_ready(initial=True)).code == "08P01"
        async with talking(psql.port) as talk:
            await talk.send(messages.SSLRequest())
            assert await talk.reader.readexactly(1) == b"S"
            await talk.raw(b"this is no TLS at all, this is no TLS at all")
            assert await talk.ended()


async def test_a_certificate_that_cannot_be_read_is_named(
    asked: Tenant, redis_url: str, clickhouse_url: str, certificate: tuple[str, str], tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    for cert in ("/none.pem", str(nothing), certificate[0]):
        with pytest.raises(ValueError, match="HEADRACE_PSQL_TLS_CERT"):
            async with listening(redis_url, clickhouse_url, asked, psql_tls_cert=cert):
                pass


async def test_a_project_takes_half_of_the_places(asked: Tenant, redis_url: str, clickhouse_url: str) -> None:
    async with listening(redis_url, clickhouse_url, asked, psql_connections=4) as psql:
        first, second = await psql.connect(), await psql.connect()
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            await psql.connect()
        await first.close()

        async def again() -> bool:
            try:
                await (await psql.connect()).close()
            except psycopg.OperationalError:
                return False
            return True

        assert await until(again)
        await second.close()


async def test_a_statement_is_canceled_and_the_session_goes_on(psql: Psql) -> None:
    async with await psql.connect() as connection:
        slow = asyncio.ensure_future(connection.execute(SLOW))

        async def ended() -> bool:
            await connection.cancel_safe()
            return slow.done()

        assert await until(ended)
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            await slow
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_nobody_else_can_cancel_it(psql: Psql) -> None:
    async with talking(psql.port) as talk:
        found = await talk.login(psql.tenant.id, psql.key)
        (name,) = [one for one in found if isinstance(one, messages.BackendKeyData)]
        for process, secret in ((name.process_id, b"\0\0\0\0"), (name.process_id + 1, name.secret_key), (0, b"")):
            async with talking(psql.port) as other:
                await other.send(messages.CancelRequest(process, secret))
                assert await other.ended()
        assert rows(await talk.ask(messages.Query(query_string="SELECT 1"))) == [[b"1"]]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
        length(2**31 - 1) + b"\0\3\0\0" + b"a" * 100_000,
        length(-5) + b"\0\3\0\0",
        b"\0" * 1000,
    ],
)
async def test_garbage_is_sent_away(psql: Psql, data: bytes) -> None:
    async with talking(psql.port) as talk:
        try:
            await talk.raw(data)
        except ConnectionError:
            return
        assert await talk.ended()
    async with await psql.connect() as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_a_message_that_is_too_long_is_not_waited_for(psql: Psql) -> None:
    async with talking(psql.port) as talk:
        await talk.login(psql.tenant.id, psql.key)
        await talk.raw(b"Q" + length(1 << 30) + b"SELECT")
        assert failure(await talk.until_ready()).fields["S"] == "FATAL"
        assert await talk.ended()


async def test_those_who_say_nothing_keep_nobody_out(asked: Tenant, redis_url: str, clickhouse_url: str) -> None:
    async with listening(redis_url, clickhouse_url, asked, psql_connections=2) as psql:
        silent = [await asyncio.open_connection("127.0.0.1", psql.port) for _ in range(3)]
        async with await psql.connect() as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
        for _, writer in silent:
            writer.close()


async def test_at_its_end_clients_are_told(asked: Tenant, redis_url: str, clickhouse_url: str) -> None:
    async with listening(redis_url, clickhouse_url, asked) as psql:
        reader, writer = await asyncio.open_connection("127.0.0.1", psql.port)
        talk = Talk(reader, writer)
        assert kinds(await talk.login(asked.id, psql.key))[-1] == "ReadyForQuery"
    assert failure(await talk.until_ready()).code == "57P01"
    writer.close()


async def test_the_service_starts_it_where_a_port_is_set(asked: Tenant, redis_url: str, clickhouse_url: str) -> None:
    port = free_port()
    async with (
        serve(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, psql_port=port)),
        talking(port) as talk,
    ):
        await talk.login(asked.id, asked.keys[Kind.QUERY])
        assert rows(await talk.ask(messages.Query(query_string="SELECT count(*) FROM events"))) == [[b"3"]]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.stem)
async def test_no_hostile_statement_reaches_another_tenant(
    asked: Tenant, redis_url: str, clickhouse_url: str, group: Path
) -> None:
    async with listening(redis_url, clickhouse_url, asked, query_timeout_seconds=2) as psql, talking(psql.port) as talk:
        await talk.login(asked.id, psql.key)
        for text in statements(group):
            found = await talk.ask(messages.Query(query_string=text.replace("\0", "")))
            assert not [row for row in rows(found) if any(b"hidden" in (value or b"") for value in row)], text
            codes = [one.code for one in found if isinstance(one, messages.ErrorResponse)]
            assert "XX000" not in codes, text


async def test_no_hostile_parameter_is_more_than_a_text(psql: Psql) -> None:
    async with await psql.connect() as connection:
        for text in INJECTIONS:
            value = text.replace("\0", "").encode(errors="replace").decode()
            for asked in (
                "SELECT %s::text, count(*) FROM events WHERE name = %s",
                "SELECT %s::text, count(*) FROM pg_class WHERE relname = %s",
            ):
                cursor = await connection.execute(asked.encode(), (value, value))
                assert await cursor.fetchone() == (value, 0)


async def test_a_tenant_sees_nothing_of_another(psql: Psql, stranger: Tenant) -> None:
    async with await psql.connect() as connection:
        for text in (
            "SELECT count(*) FROM events WHERE event_name = 'secret'",
            "SELECT count(*) FROM users WHERE user_id = 'hidden'",
            f"SELECT count(*) FROM events WHERE visitor = '{stranger.id}'",
        ):
            assert await (await connection.execute(text.encode())).fetchone() == (0,)
