"""The store of schemas."""

import asyncio
from typing import Any

import pytest

from ingest_api.projects import schemas
from ingest_api.projects.project import Conflict, Invalid, NotThere
from ingest_api.projects.projects import Projects
from ingest_api.projects.records import SCHEMAS
from ingest_api.projects.schema import Schema
from ingest_api.projects.schemas import Schemas
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack

PLAN: dict[str, Any] = {"required": ["plan"]}


@pytest.fixture
async def store(redis: Redis) -> Schemas:
    """With two projects and no schema."""
    for name in ("shop", "blog"):
        await Projects(redis).create(name)
    return Schemas(redis)


async def test_a_schema_is_set_changed_and_taken_away_and_each_change_counts(store: Schemas, redis: Redis) -> None:
    access = await Projects(redis).version()
    made = await store.put("shop", "signup", PLAN, "warn")
    assert (made.text, made.mode, made.version) == ('{"required":["plan"]}', "warn", 1)
    assert await store.get("shop", "signup") == made
    changed = await store.put("shop", "signup", PLAN, "reject")
    assert (changed.mode, changed.version) == ("reject", 2)
    assert changed.changed_at >= made.changed_at
    assert await store.version() == 2
    assert await store.remove("shop", "signup") == changed
    assert (await store.all(), await store.version()) == ({}, 3)
    assert await Projects(redis).version() == access, "who may do what is not concerned"


async def test_what_is_the_same_already_is_not_changed(store: Schemas) -> None:
    made = await store.put("shop", "signup", {"a": 1.0, **PLAN}, "warn")
    assert await store.put("shop", "signup", {"a": 1.0, **PLAN}, "warn") == made
    assert await store.version() == 1


async def test_the_time_of_a_change_is_that_of_the_streams(store: Schemas, redis: Redis) -> None:
    before = await redis.xadd("any", {"a": "b"})
    made = await store.put("shop", "signup", PLAN, "warn")
    after = await redis.xadd("any", {"a": "b"})
    assert int(before.split(b"-")[0]) <= made.changed_at <= int(after.split(b"-")[0])


async def test_projects_and_names_are_kept_apart(store: Schemas) -> None:
    names = ["signup", "Product Viewed", "käufe", "a/b", "shop\N{ZERO WIDTH JOINER}", "x" * 255]
    for name in names:
        await store.put("shop", name, PLAN, "warn")
    other = await store.put("blog", "signup", PLAN, "reject")
    assert list(await store.of("shop")) == sorted(names)
    assert await store.of("blog") == {"signup": other}
    assert {project: len(found) for project, found in (await store.all()).items()} == {"blog": 1, "shop": len(names)}


async def test_what_is_not_there_is_said_to_be_so(store: Schemas) -> None:
    for call in (store.get("shop", "x"), store.remove("shop", "x"), store.of("no"), store.put("no", "x", {}, "warn")):
        with pytest.raises(NotThere):
            await call
    assert await store.version() == 0


async def test_a_wrong_schema_changes_nothing(store: Schemas, redis: Redis) -> None:
    made = await store.put("shop", "signup", PLAN, "warn")
    with pytest.raises(Invalid, match=r"schema\.type"):
        await store.put("shop", "signup", {"type": "objekt"}, "warn")
    assert await store.all() == {"shop": {"signup": made}}


async def test_a_project_has_a_thousand_schemas_and_not_one_more(store: Schemas, redis: Redis) -> None:
    made = await store.put("shop", "signup", PLAN, "warn")
    (raw,) = (await redis.hgetall(SCHEMAS)).values()  # type: ignore[misc]  # redis-py 5: awaitable or not
    others = {f"shop\0event{number}": raw for number in range(schemas.MAX_SCHEMAS - 1)}
    await redis.hset(SCHEMAS, mapping=others)  # type: ignore[misc]  # redis-py 5: awaitable or not
    with pytest.raises(Conflict, match="at most 1000 schemas"):
        await store.put("shop", "one more", PLAN, "warn")
    assert (await store.put("shop", "signup", PLAN, "reject")).version == made.version + 1
    assert (await store.put("blog", "signup", PLAN, "warn")).version == 1


async def test_changes_at_once_are_all_counted(store: Schemas) -> None:
    def puts(number: int) -> Any:
        return store.put("shop", "signup", {"maxProperties": number}, "warn")

    made: list[Schema] = await asyncio.gather(*map(puts, range(10)))
    assert sorted(one.version for one in made) == list(range(1, 11))
    assert await store.version() == 10
