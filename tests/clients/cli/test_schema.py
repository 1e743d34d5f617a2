"""`headrace schema` against a real query service."""

import uuid
from collections.abc import AsyncIterator

import orjson
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient

from ingest_api.projects.schemas import Schemas
from ingest_api.stream import Redis
from tests.clients.cli.conftest import Headrace
from tests.clients.cli.describing import Describing, describing

pytestmark = pytest.mark.stack

PLAN = {"required": ["plan"]}
NAME = "Product Viewed / 50%"


@pytest.fixture
async def shop_front(
    headrace: Headrace, redis: Redis, redis_url: str, clickhouse_url: str, shop: str
) -> AsyncIterator[Describing]:
    """The command knows where it is, and has a file."""
    headrace.write("plan.json", orjson.dumps(PLAN))
    async with describing(redis, redis_url, clickhouse_url, shop) as one:
        headrace.env = one.env
        yield one


async def test_a_schema_is_set_listed_shown_and_removed(headrace: Headrace, shop_front: Describing) -> None:
    project = shop_front.project
    assert (await headrace("schema", "list", project)).out.strip() == "The project has no schemas."
    made = await headrace("schema", "set", project, NAME, "plan.json")
    assert (made.code, made.out.strip()) == (0, f"Events named {NAME} have a schema, version 1, mode warn.")
    changed = await headrace("schema", "set", project, NAME, "plan.json", "--mode", "reject", "--json")
    assert (changed.document["version"], changed.document["mode"]) == (2, "reject")
    listed = await headrace("schema", "list", project)
    assert listed.out.splitlines()[1].split()[:5] == [*NAME.split(), "reject"]
    shown = await headrace("schema", "show", project, NAME)
    assert (orjson.loads(shown.out), shown.err.startswith(f"{NAME}: reject, version 2")) == (PLAN, True)
    assert list((await Schemas(shop_front.redis).all())[project]) == [NAME]
    removed = await headrace("schema", "remove", project, NAME)
    assert (removed.code, removed.out.strip()) == (0, f"Events named {NAME} are checked no longer.")
    gone = await headrace("schema", "show", project, NAME)
    assert (gone.code, "have no schema" in gone.err) == (1, True)


async def test_what_is_shown_can_be_set_again(headrace: Headrace, shop_front: Describing) -> None:
    await headrace("schema", "set", shop_front.project, "signup", "plan.json")
    shown = await headrace("schema", "show", shop_front.project, "signup")
    again = await headrace("schema", "set", shop_front.project, "login", "-", stdin=shown.out.encode())
    assert again.code == 0, again.err
    found = (await Schemas(shop_front.redis).all())[shop_front.project]
    assert found["login"].text == found["signup"].text


async def test_a_wrong_schema_or_file_is_said_to_be_so(headrace: Headrace, shop_front: Describing) -> None:
    headrace.write("wrong.json", b'{"properties":{"a":{"type":"objekt"}}}')
    headrace.write("list.json", b"[]")
    for file, why in (("wrong.json", "schema.properties.a.type"), ("list.json", "no JSON object"), ("no.json", "read")):
        ended = await headrace("schema", "set", shop_front.project, "signup", file)
        assert ended.code == 2
        assert why in ended.err
    assert (await headrace("schema", "set", "nowhere", "signup", "plan.json")).code == 1


async def test_a_trial_tells_what_would_fail_and_ends_with_one(
    headrace: Headrace, shop_front: Describing, warehouse: AsyncClient
) -> None:
    project = shop_front.project
    ended = await headrace("schema", "check", project, NAME, "--file", "plan.json")
    assert (ended.code, ended.out.strip()) == (0, "0 of 0 stored events would fail.")
    rows = [[project, NAME, "{}", uuid.uuid4()], [project, NAME, '{"plan":"pro"}', uuid.uuid4()]]
    await warehouse.insert("events", rows, column_names=["project", "name", "properties", "event_id"])
    ended = await headrace("schema", "check", project, NAME, "--file", "plan.json")
    assert ended.code == 1
    assert ended.out.splitlines()[0] == "1 of 2 stored events would fail."
    assert ended.out.splitlines()[2].split() == ["plan", "1", "is", "required"]
    assert (await headrace("schema", "check", project, NAME)).code == 1, "no schema is set"
    await headrace("schema", "set", project, NAME, "plan.json")
    assert (await headrace("schema", "check", project, NAME, "--json")).document["failing"] == 1
