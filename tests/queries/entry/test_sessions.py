"""Sessions in Redis: what finds one, how many there are of a key, and when they end."""

import msgspec
import pytest

from ingest_api.access import Directory
from ingest_api.moment import now_ms
from ingest_api.projects import keys
from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis
from queries.entry import sessions
from queries.entry.sessions import OF_KEY, RECORD, Session, Sessions
from queries.errors import Refused
from tests.queries.conftest import Tenant
from tests.waiting import until

pytestmark = pytest.mark.stack


def store(redis: Redis, seconds: int = 60, *, demo_keys: bool = False) -> Sessions:
    """The store of one process."""
    return Sessions(redis, Directory(redis, demo_keys=demo_keys), Projects(redis), seconds)


async def test_a_session_is_found_by_its_whole_token_alone(redis: Redis, tenant: Tenant) -> None:
    one = store(redis)
    session, token = await one.sign_in(None, tenant.keys[Kind.QUERY])
    assert await one.find(token) == session
    assert await store(redis).find(token) == session, "every process finds it"
    body = f"hr_session_{session.id}_{'0' * 27}"
    wrong = ["", session.id, token[:-1], token + "0", f" {token}", token.replace("session", "query"), "\ud800"]
    for other in (*wrong, body + keys._checksum(body), keys.mint("session")[1]):
        assert await one.find(other) is None


async def test_a_key_is_no_session_even_where_a_record_has_its_id(redis: Redis, tenant: Tenant) -> None:
    token = tenant.keys[Kind.QUERY]
    named = keys.key_id(token)
    assert named is not None
    forged = Session(named, keys.digest(token), (named,), now_ms() + 60_000)
    await redis.set(RECORD + named, msgspec.json.encode(forged))
    assert await store(redis).find(token) is None


async def test_the_id_of_a_key_that_was_resolved_does_not_open_as_a_token(redis: Redis, tenant: Tenant) -> None:
    directory = Directory(redis)
    named = keys.key_id(tenant.keys[Kind.QUERY])
    assert named is not None
    assert await directory.of_key(named) is not None
    assert await directory.find(named) is None
    assert directory.cached(named) is None


async def test_a_session_ends_in_its_time(redis: Redis, tenant: Tenant) -> None:
    one = store(redis, seconds=1)
    session, token = await one.sign_in(None, tenant.keys[Kind.QUERY])
    assert await one.find(token) == session

    async def over() -> bool:
        return await one.find(token) is None and await redis.exists(RECORD + session.id, *index(session)) == 0

    await until(over, within=5.0)


def index(session: Session) -> list[str]:
    return [OF_KEY + one for one in session.keys]


async def test_of_too_many_sessions_of_a_key_the_oldest_goes(redis: Redis, tenant: Tenant) -> None:
    one = store(redis)
    session, first = await one.sign_in(None, tenant.keys[Kind.QUERY])
    (name,) = index(session)
    earlier = {f"old-{number}": now_ms() + 1 for number in range(2)}
    later = {f"more-{number}": session.expires_at + 1 + number for number in range(sessions.MAX_OF_KEY - 2)}
    await redis.zadd(name, {**earlier, **later})
    await until(lambda: _past(max(earlier.values())))
    _, second = await one.sign_in(None, tenant.keys[Kind.QUERY])
    assert await redis.zcard(name) == sessions.MAX_OF_KEY, "those that have ended do not count"
    assert await one.find(first) is not None
    _, third = await one.sign_in(None, tenant.keys[Kind.QUERY])
    assert await redis.zcard(name) == sessions.MAX_OF_KEY
    assert await one.find(first) is None
    assert await redis.exists(RECORD + session.id) == 0
    assert None not in [await one.find(token) for token in (second, third)]


async def _past(moment: int) -> bool:
    return now_ms() > moment


async def test_a_fixed_token_of_the_demo_does_not_sign_in(redis: Redis, tenant: Tenant) -> None:
    await Projects(redis).allow_demo_token("test_123", (Kind.QUERY,), tenant.id)
    with pytest.raises(Refused) as refused:
        await store(redis, demo_keys=True).sign_in(None, "test_123")
    assert refused.value.status == 401


async def test_a_share_stands_alone(redis: Redis, tenant: Tenant) -> None:
    one, projects = store(redis), Projects(redis)
    _, admin = await projects.create_key("", Kind.ADMIN)
    _, share = await projects.create_key(tenant.id, Kind.SHARE)
    session, _ = await one.sign_in(None, tenant.keys[Kind.QUERY])
    session, _ = await one.sign_in(session, share)
    assert session.keys == (keys.key_id(share),)
    session, _ = await one.sign_in(session, admin)
    assert session.keys == (keys.key_id(admin),)


async def test_the_same_kind_again_takes_the_place_of_the_first(redis: Redis, tenant: Tenant) -> None:
    one, projects = store(redis), Projects(redis)
    session, _ = await one.sign_in(None, tenant.keys[Kind.QUERY])
    key, again = await projects.create_key(tenant.id, Kind.QUERY)
    session, _ = await one.sign_in(session, again)
    assert session.keys == (key.id,)


async def test_what_a_session_opens_goes_by_the_name_of_the_key_that_opens_it(redis: Redis, tenant: Tenant) -> None:
    one = store(redis)
    session, _ = await one.sign_in(None, tenant.keys[Kind.QUERY])
    session, _ = await one.sign_in(session, tenant.keys[Kind.DELETE])
    for kind in (Kind.QUERY, Kind.DELETE):
        found = await one.access(session, (kind,))
        assert found is not None
        assert found.key_id == keys.key_id(tenant.keys[kind])
        assert found.kinds == {Kind.QUERY, Kind.DELETE}


async def test_an_admin_who_signs_in_again_keeps_the_project_and_a_query_key_brings_its_own(
    redis: Redis, tenant: Tenant, stranger: Tenant
) -> None:
    one, projects = store(redis), Projects(redis)
    _, admin = await projects.create_key("", Kind.ADMIN)
    session, _ = await one.sign_in(None, admin)
    session, _ = await one.open_project(session, tenant.id)
    session, _ = await one.sign_in(session, admin)
    assert session.project == tenant.id
    session, _ = await one.sign_in(session, stranger.keys[Kind.QUERY])
    found = await one.access(session)
    assert found is not None
    assert (found.project, session.project) == (stranger.project, "")
    session, _ = await one.open_project(session, tenant.id)
    found = await one.access(session)
    assert found is not None
    assert (found.project, set(found.kinds)) == (tenant.project, {Kind.ADMIN, Kind.QUERY})
    assert session.keys == (keys.key_id(admin),), "the key of the other project is out"
