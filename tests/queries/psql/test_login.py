"""Logging in: who is let in, who is not, and what either is told."""

import pytest
from pygwire import messages

from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from queries.psql.login import is_loopback
from tests.queries.conftest import Tenant
from tests.queries.psql.conftest import Psql
from tests.queries.psql.talk import Talk, failure, kinds, talking

pytestmark = pytest.mark.stack


async def refused(psql: Psql, user: str, password: str, **parameters: str) -> messages.ErrorResponse:
    async with talking(psql.port) as talk:
        found = await talk.login(user, password, **parameters)
        assert await talk.ended()
    one = failure(found)
    assert one.fields["S"] == "FATAL"
    return one


async def test_a_query_key_opens_its_project(psql: Psql) -> None:
    async with talking(psql.port) as talk:
        found = await talk.login(psql.tenant.id, psql.key, application_name="mine", TimeZone="Europe/Berlin")
    said = {one.name: one.value for one in found if isinstance(one, messages.ParameterStatus)}
    assert said["server_version"].startswith("15.")
    assert (said["application_name"], said["TimeZone"], said["session_authorization"]) == (
        "mine",
        "UTC",
        psql.tenant.id,
    )
    assert kinds(found)[:2] == ["AuthenticationCleartextPassword", "AuthenticationOk"]
    assert kinds(found)[-2:] == ["BackendKeyData", "ReadyForQuery"]


async def test_every_wrong_key_is_refused_alike(psql: Psql, stranger: Tenant, redis: Redis) -> None:
    _, admin = await Projects(redis).create_key("", Kind.ADMIN)
    wrong = [
        (psql.tenant.id, ""),
        (psql.tenant.id, "x"),
        (psql.tenant.id, psql.key[:-1] + "x"),
        (psql.tenant.id, psql.tenant.keys[Kind.WRITE]),
        (psql.tenant.id, psql.tenant.keys[Kind.DELETE]),
        (psql.tenant.id, stranger.keys[Kind.QUERY]),
        (psql.tenant.id, admin),
        (psql.tenant.id, "é"),
        ("nobody", psql.key),
        (stranger.id, psql.key),
        ("", psql.key),
        ("x" * 5000, psql.key),
    ]
    told = [
        (one.code, one.message.replace(user[:200], "…"))
        for user, key in wrong
        for one in [await refused(psql, user, key)]
    ]
    assert {code for code, _ in told} == {"28P01"}
    assert {text for user, (_, text) in zip(wrong, told, strict=True) if user[0]} == {
        'password authentication failed for user "…"'
    }


async def test_a_revoked_key_opens_nothing(psql: Psql, redis: Redis) -> None:
    key, token = await Projects(redis).create_key(psql.tenant.id, Kind.QUERY)
    await Projects(redis).revoke_key(key.id)
    assert (await refused(psql, psql.tenant.id, token)).code == "28P01"


async def test_there_is_one_database(psql: Psql) -> None:
    one = await refused(psql, psql.tenant.id, psql.key, database="postgres")
    assert (one.code, "events" in one.message) == ("3D000", True)


async def test_texts_are_utf8(psql: Psql) -> None:
    assert (await refused(psql, psql.tenant.id, psql.key, client_encoding="LATIN1")).code == "22023"
    async with talking(psql.port) as talk:
        assert kinds(await talk.login(psql.tenant.id, psql.key, client_encoding="'utf-8'"))[-1] == "ReadyForQuery"


async def test_nothing_is_replicated(psql: Psql) -> None:
    assert (await refused(psql, psql.tenant.id, psql.key, replication="database")).code == "0A000"


async def test_a_later_version_is_told_which_one_is_spoken(psql: Psql) -> None:
    async with talking(psql.port) as talk:
        startup = messages.StartupMessage(
            params={"user": psql.tenant.id, "database": "events", "_pq_.extra": "1"}, protocol_version=0x00030002
        )
        await talk.send(startup, messages.PasswordMessage(password=psql.key))
        found = await talk.until_ready(initial=True)
    (version,) = [one for one in found if isinstance(one, messages.NegotiateProtocolVersion)]
    assert (version.newest_minor, version.unrecognized) == (0x00030000, ["_pq_.extra"])
    assert kinds(found)[-1] == "ReadyForQuery"


async def test_without_a_certificate_tls_is_declined_and_the_client_may_go_on(psql: Psql) -> None:
    async with talking(psql.port) as talk:
        for request in (messages.GSSEncRequest(), messages.SSLRequest()):
            await talk.send(request)
            assert await talk.reader.readexactly(1) == b"N"
        assert kinds(await talk.login(psql.tenant.id, psql.key))[-1] == "ReadyForQuery"


async def asks_for_ever(talk: Talk) -> None:
    for _ in range(4):
        await talk.send(messages.SSLRequest())
        await talk.reader.readexactly(1)


async def test_a_client_that_only_asks_for_tls_is_sent_away(psql: Psql) -> None:
    async with talking(psql.port) as talk:
        await asks_for_ever(talk)
        assert failure(await talk.until_ready()).code == "08P01"


async def test_another_message_in_place_of_the_password_ends_it(psql: Psql) -> None:
    async with talking(psql.port) as talk:
        await talk.send(messages.StartupMessage(params={"user": psql.tenant.id}))
        await talk.send(messages.Query(query_string="SELECT 1"))
        assert failure(await talk.until_ready(initial=True)).code == "08P01"


@pytest.mark.parametrize(
    ("peer", "wanted"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("", True), ("10.0.0.1", False), ("fe80::1%eth0", False)],
)
async def test_only_this_machine_may_come_without_tls(peer: str, wanted: bool) -> None:
    assert is_loopback(peer) == wanted
