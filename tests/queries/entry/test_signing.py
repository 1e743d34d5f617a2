"""Signing in with a browser: who one is then, what it opens, how it ends, and what pages of elsewhere cannot do."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.ports import free_port
from ingest_api import access
from ingest_api.moment import now_ms
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Install, Redis
from queries.entry import sessions
from queries.settings import Settings
from tests.queries.conftest import Service, Tenant, serve
from tests.queries.visitor import PATH, Visitor
from tests.waiting import until

pytestmark = pytest.mark.stack

NOBODY = {"signed_in": False}


@pytest.fixture
def visitor(service: Service) -> Visitor:
    """A browser without a cookie."""
    return Visitor(service)


@pytest.fixture
async def admin(redis: Redis) -> str:
    """An admin key."""
    return (await Projects(redis).create_key("", Kind.ADMIN))[1]


@pytest.fixture
async def with_psql(installed: Install, redis_url: str, clickhouse_url: str) -> AsyncIterator[tuple[Service, int]]:
    """A service that has the PSQL wire too, on this port."""
    port = free_port()
    settings = Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, psql_port=port, session_seconds=120)
    async with serve(settings) as one:
        yield one, port


async def test_without_a_cookie_nobody_is_signed_in_and_that_is_no_error(visitor: Visitor) -> None:
    assert await visitor.who() == NOBODY
    visitor.cookie = "headrace_session=hr_session_nonsense"
    assert await visitor.who() == NOBODY
    assert (await visitor.ask("/api/v1/stats")).status == 401


async def test_a_query_key_signs_in_and_the_cookie_opens_what_the_key_does(visitor: Visitor, tenant: Tenant) -> None:
    told = await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    assert told == await visitor.who()
    assert (told["signed_in"], told["kinds"], told["shared"], told["psql_url"]) == (True, ["query"], False, None)
    assert told["project"] == {"id": tenant.id, "name": tenant.id, "site_ids": [tenant.site]}
    assert (await visitor.ask("/api/v1/stats")).value == 0
    assert (await visitor.ask("/api/v2/query", "POST", {"metrics": ["event_count"]})).status == 200
    assert (await visitor.ask("/api/v1/projects")).status == 401
    assert (await visitor.ask("/api/v1/erasures")).status == 401


async def test_the_answer_says_where_the_service_is_and_for_how_long_one_is_signed_in(
    with_psql: tuple[Service, int], tenant: Tenant
) -> None:
    service, port = with_psql
    before = now_ms()
    told = await Visitor(service).sign_in(key=tenant.keys[Kind.QUERY])
    assert told["origin"].startswith("http://127.0.0.1:")
    assert told["psql_url"] == f"postgresql://{tenant.id}:<your query key>@127.0.0.1:{port}/events"
    assert before + 120_000 <= told["expires_at"] <= now_ms() + 120_000


async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_from_plain_http_behind_tls(
    visitor: Visitor, tenant: Tenant
) -> None:
    order = {"key": tenant.keys[Kind.QUERY]}
    plain = (await visitor.ask(PATH, "POST", order)).headers["Set-Cookie"]
    _, *flags = plain.split("; ")
    assert plain.startswith("headrace_session=hr_session_")
    assert flags[1:] == ["Path=/", "HttpOnly", "SameSite=Strict"]
    assert 43_190 <= int(flags[0].removeprefix("Max-Age=")) <= 43_200
    secure = (await visitor.ask(PATH, "POST", order, headers={"X-Forwarded-Proto": "https"})).headers["Set-Cookie"]
    assert secure.startswith("__Host-headrace_session=hr_session_")
    assert secure.split("; ")[2:] == ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"]
    gone = (await visitor.ask(PATH, "DELETE")).headers["Set-Cookie"]
    assert gone == "headrace_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"


async def test_keys_that_open_nothing_here_do_not_sign_in_and_are_all_told_the_same(
    visitor: Visitor, tenant: Tenant, redis: Redis
) -> None:
    projects = Projects(redis)
    gone, revoked = await projects.create_key(tenant.id, Kind.QUERY)
    await projects.revoke_key(gone.id)
    _, expired = await projects.create_key(tenant.id, Kind.QUERY, expires_at=1)
    good = tenant.keys[Kind.QUERY]
    for key in (revoked, expired, tenant.keys[Kind.WRITE], good[:-1], gone.id, f"hr_query_{gone.id}", "é", "x" * 200):
        answer = await visitor.ask(PATH, "POST", {"key": key})
        assert (answer.status, answer.headers.get("Set-Cookie")) == (401, None)
        assert answer.body["error"].startswith("This key does not sign in")
    assert await visitor.who() == NOBODY


async def test_what_is_no_order_is_refused(visitor: Visitor, tenant: Tenant) -> None:
    key = tenant.keys[Kind.QUERY]
    for order in ({}, {"key": key, "project": tenant.id}, {"key": 1}, {"token": key}, {"key": "x" * 201}, b"nonsense"):
        assert (await visitor.ask(PATH, "POST", order)).status == 400


async def test_a_key_of_another_kind_is_added_and_the_token_is_a_new_one(
    visitor: Visitor, tenant: Tenant, admin: str
) -> None:
    await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    first = Visitor(visitor.service, visitor.cookie)
    told = await visitor.sign_in(key=admin)
    assert (told["kinds"], told["project"]["id"]) == (["admin", "query"], tenant.id)
    assert visitor.cookie != first.cookie
    assert await first.who() == NOBODY, "whoever knew the token from before did not rise with it"
    assert (await visitor.ask("/api/v1/projects")).status == 200
    assert (await visitor.ask("/api/v1/stats")).status == 200
    assert (await visitor.sign_in(key=tenant.keys[Kind.DELETE]))["kinds"] == ["admin", "delete", "query"]


async def test_a_key_of_another_project_takes_the_place_of_the_first_ones(
    visitor: Visitor, tenant: Tenant, stranger: Tenant, admin: str
) -> None:
    for key in (tenant.keys[Kind.QUERY], tenant.keys[Kind.DELETE], admin):
        await visitor.sign_in(key=key)
    told = await visitor.sign_in(key=stranger.keys[Kind.QUERY])
    assert (told["kinds"], told["project"]["id"]) == (["admin", "query"], stranger.id)


async def test_an_admin_opens_a_project_for_as_long_as_the_admin_key_lives(
    visitor: Visitor, tenant: Tenant, stranger: Tenant, redis: Redis
) -> None:
    projects = Projects(redis)
    key, token = await projects.create_key("", Kind.ADMIN)
    told = await visitor.sign_in(key=token)
    assert (told["kinds"], told["project"]) == (["admin"], None)
    assert (await visitor.ask("/api/v1/stats")).status == 401
    before = Visitor(visitor.service, visitor.cookie)
    for one in (tenant, stranger):
        opened = await visitor.sign_in(project=one.id)
        assert (opened["kinds"], opened["project"]["id"]) == (["admin", "query"], one.id)
        assert opened["expires_at"] == told["expires_at"]
        assert (await visitor.ask("/api/v1/stats", params={"site_id": one.site})).status == 200
        assert (await visitor.ask("/api/v1/erasures")).status == 401
    assert await before.who() == NOBODY
    assert (await visitor.ask("/api/v1/stats", params={"site_id": tenant.site})).status == 403
    assert (await visitor.ask(PATH, "POST", {"project": "nowhere"})).status == 404
    await projects.revoke_key(key.id)
    await until(lambda: nobody(visitor), within=5.0)
    assert (await visitor.ask("/api/v1/stats")).status == 401


async def test_only_an_admin_opens_a_project(visitor: Visitor, tenant: Tenant, stranger: Tenant) -> None:
    assert (await visitor.ask(PATH, "POST", {"project": tenant.id})).status == 401
    await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    for one in (tenant, stranger):
        assert (await visitor.ask(PATH, "POST", {"project": one.id})).status == 401
    assert (await visitor.who())["project"]["id"] == tenant.id


async def test_signing_out_ends_the_session_at_once_and_leaves_the_key(visitor: Visitor, tenant: Tenant) -> None:
    await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    copy = Visitor(visitor.service, visitor.cookie)
    await visitor.sign_out()
    assert visitor.cookie == ""
    assert await copy.who() == NOBODY
    assert (await copy.ask("/api/v1/stats")).status == 401
    await visitor.sign_out()
    assert (await visitor.service.stats(tenant)).status == 200


async def nobody(visitor: Visitor) -> bool:
    return bool(await visitor.who() == NOBODY)


async def test_a_revoked_key_closes_its_sessions_within_seconds(
    visitor: Visitor, tenant: Tenant, admin: str, redis: Redis
) -> None:
    projects = Projects(redis)
    key, token = await projects.create_key(tenant.id, Kind.QUERY)
    await visitor.sign_in(key=token)
    await projects.revoke_key(key.id)
    await until(lambda: nobody(visitor), within=5.0)
    assert access.CHECK_SECONDS < 5.0
    assert (await visitor.ask("/api/v1/stats")).status == 401


async def test_of_two_keys_the_other_goes_on_when_one_is_revoked(
    visitor: Visitor, tenant: Tenant, redis: Redis
) -> None:
    projects = Projects(redis)
    key, admin = await projects.create_key("", Kind.ADMIN)
    await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    await visitor.sign_in(key=admin)
    await projects.revoke_key(key.id)

    async def query_alone() -> bool:
        return bool((await visitor.who())["kinds"] == ["query"])

    await until(query_alone, within=5.0)
    assert (await visitor.ask("/api/v1/projects")).status == 401


async def test_a_key_that_expires_ends_the_session_with_it(visitor: Visitor, tenant: Tenant, redis: Redis) -> None:
    end = now_ms() + 3000
    _, token = await Projects(redis).create_key(tenant.id, Kind.QUERY, expires_at=end)
    assert (await visitor.sign_in(key=token))["expires_at"] == end
    await until(lambda: nobody(visitor), within=5.0)


async def test_a_token_of_a_session_is_no_key_and_a_key_is_no_cookie(
    visitor: Visitor, tenant: Tenant, admin: str
) -> None:
    await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    await visitor.sign_in(key=admin)
    for path in ("/api/v1/stats", "/api/v1/projects"):
        assert (await visitor.service.ask(path, f"Bearer {visitor.token}")).status == 401
    assert (await visitor.ask(PATH, "POST", {"key": visitor.token})).status == 401
    for key in (*tenant.keys.values(), admin):
        thief = Visitor(visitor.service, f"headrace_session={key}")
        assert await thief.who() == NOBODY
        assert (await thief.ask("/api/v1/stats")).status == 401


async def test_a_cookie_that_was_set_over_plain_http_does_not_count_behind_tls(
    visitor: Visitor, tenant: Tenant
) -> None:
    await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    tls = {"X-Forwarded-Proto": "https"}
    assert (await visitor.ask(PATH, headers=tls)).body["data"] == NOBODY
    assert (await visitor.ask("/api/v1/stats", headers=tls)).status == 401


async def test_redis_knows_neither_tokens_nor_keys_and_forgets_in_time(
    visitor: Visitor, tenant: Tenant, redis: Redis
) -> None:
    await visitor.sign_in(key=tenant.keys[Kind.QUERY])
    told = await visitor.sign_in(key=(await Projects(redis).create_key("", Kind.ADMIN))[1])
    secrets = [visitor.token.split("_")[3], tenant.keys[Kind.QUERY].split("_")[3]]
    names = [name async for name in redis.scan_iter()]
    for name in names:
        found = await redis.dump(name)
        assert found is not None
        assert [secret for secret in secrets if secret.encode() in found] == []
    own = [name for name in names if name.startswith((sessions.RECORD.encode(), sessions.OF_KEY.encode()))]
    assert len(own) == 3, "one record, and an index of each key"
    assert all([0 < await redis.pttl(name) <= 43_200_000 for name in own])
    assert told["signed_in"]
    await visitor.sign_out()
    assert [name async for name in redis.scan_iter(f"{sessions.RECORD}*")] == []
    assert [name async for name in redis.scan_iter(f"{sessions.OF_KEY}*")] == []
