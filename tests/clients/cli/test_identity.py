"""`headrace identity`, on a real query service and the real engine."""

from collections.abc import AsyncIterator

import pytest

from ingest_api.projects.keys import Kind
from ingest_api.projects.projects import Projects
from ingest_api.stream import Redis, install
from queries.settings import Settings
from tests.clients.cli.conftest import Headrace
from tests.queries.conftest import serve
from tests.queries.stored import event, store
from workers import migrate

pytestmark = pytest.mark.stack


@pytest.fixture
async def desk(
    headrace: Headrace, redis: Redis, redis_url: str, clickhouse_url: str, shop: str
) -> AsyncIterator[Headrace]:
    """The command, with the keys of a project: c/1 did something, then said that it is Ada. Bob is known, too."""
    with migrate.connect(clickhouse_url) as client:
        claim = {"client_id": "c/1", "user_id": "ada@x", "kind": "identify", "properties": '{"plan":"pro"}'}
        store(client, event(shop, client_id="c/1"), event(shop, **claim), event(shop, user_id="bob"))
    await install(redis, 2, 3600)
    projects = Projects(redis)
    await projects.create(shop)
    _, query = await projects.create_key(shop, Kind.QUERY)
    _, delete = await projects.create_key(shop, Kind.DELETE)
    async with serve(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url)) as service:
        headrace.env = {
            "HEADRACE_URL": service._url,
            "HEADRACE_QUERY_KEY": query,
            "HEADRACE_DELETE_KEY": delete,
        }
        yield headrace


async def test_a_link_is_shown_undone_and_made_again(desk: Headrace) -> None:
    shown = await desk("identity", "show", "c/1")
    assert shown.code == 0
    assert [line.split()[:3] for line in shown.out.splitlines()[1:]] == [
        ["linked", "to", "ada@x"],
        ["claimed", "for", "ada@x"],
    ]
    assert (await desk("identity", "unlink", "c/1")).out.startswith("c/1 is nobody's.")
    document = (await desk("identity", "show", "c/1", "--json")).document
    assert (document["identities"], document["decision"]["user_id"], len(document["claims"])) == ([], "", 1)
    assert (await desk("identity", "link", "c/1", "bob")).out == "c/1 is bob's.\n"
    assert (await desk("identity", "show", "c/1", "--json")).document["identities"][0]["user_id"] == "bob"


async def test_a_user_is_shown_with_the_past_of_her_anonymous_ids(desk: Headrace) -> None:
    shown = await desk("identity", "user", "ada@x")
    cells = {line[:14].strip(): line[14:].strip() for line in shown.out.splitlines()}
    assert (cells["events"], cells["anonymous id"], cells["trait plan"]) == ("2", "c/1", '"pro"')
    assert (await desk("identity", "user", "ada@x", "--json")).document["traits"] == {"plan": "pro"}


async def test_two_users_are_not_joined_and_the_answer_says_why(desk: Headrace) -> None:
    ended = await desk("identity", "link", "bob", "ada@x")
    assert (ended.code, ended.out) == (1, "")
    assert "two users are never joined" in ended.err


async def test_who_is_not_there_ends_with_one(desk: Headrace) -> None:
    for words in (("show", "nobody"), ("user", "nobody")):
        assert (await desk("identity", *words)).code == 1


async def test_without_a_delete_key_nothing_is_changed(desk: Headrace) -> None:
    ended = await desk("identity", "unlink", "c/1", HEADRACE_DELETE_KEY="")
    assert (ended.code, "HEADRACE_DELETE_KEY" in ended.err) == (2, True)
    refused = await desk("identity", "unlink", "c/1", HEADRACE_DELETE_KEY=desk.env["HEADRACE_QUERY_KEY"])
    assert (refused.code, "HEADRACE_DELETE_KEY" in refused.err) == (3, True)
    assert (await desk("identity", "show", "c/1", "--json")).document["decision"] is None
