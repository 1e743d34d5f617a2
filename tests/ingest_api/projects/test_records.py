"""Changes of projects and keys: one step each, seen whole or not at all."""

import asyncio

import pytest

from ingest_api.projects.project import Conflict, NotThere, Project
from ingest_api.projects.records import PROJECTS, SITES, VERSION, Records, change
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack

SHOP = Project("shop", ("web",), 1)


async def make(records: Records) -> None:
    """A project and its site."""
    records.put_project(SHOP)
    records.claim("web", "shop")


async def test_what_was_written_is_read_back(redis: Redis) -> None:
    await change(redis, make)
    assert await Records(redis).project("shop") == SHOP
    assert await Records(redis).owner("web") == "shop"


async def test_a_change_that_fails_leaves_nothing(redis: Redis) -> None:
    async def fails(records: Records) -> None:
        await make(records)
        raise Conflict("no")

    with pytest.raises(Conflict):
        await change(redis, fails)
    assert await redis.exists(PROJECTS, SITES, VERSION) == 0


async def test_a_change_that_writes_nothing_keeps_the_version(redis: Redis) -> None:
    async def looks(records: Records) -> Project | None:
        return await records.find("shop")

    assert await change(redis, looks) is None
    assert await redis.get(VERSION) is None


async def test_what_changed_in_between_makes_the_plan_run_again(redis: Redis) -> None:
    await change(redis, make)
    seen: list[int] = []

    async def add_day(records: Records) -> None:
        found = await records.project("shop")
        seen.append(found.past_days)
        if len(seen) == 1:  # somebody else is faster, once
            await change(redis, other)
        records.put_project(Project("shop", found.site_ids, 1, past_days=found.past_days + 1))

    async def other(records: Records) -> None:
        records.put_project(Project("shop", ("web",), 1, past_days=10))

    await change(redis, add_day)
    assert (seen, (await Records(redis).project("shop")).past_days) == ([0, 10], 11)


async def test_many_at_once_lose_nothing(redis: Redis) -> None:
    await change(redis, make)

    async def add_day(records: Records) -> None:
        found = await records.project("shop")
        records.put_project(Project("shop", found.site_ids, 1, past_days=found.past_days + 1))

    await asyncio.gather(*(change(redis, add_day) for _ in range(20)))
    assert (await Records(redis).project("shop")).past_days == 20
    assert await redis.get(VERSION) == b"21"


async def test_an_unknown_project_is_said_to_be_so(redis: Redis) -> None:
    with pytest.raises(NotThere, match="headrace project create nowhere"):
        await Records(redis).project("nowhere")
