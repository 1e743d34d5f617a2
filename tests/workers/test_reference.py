"""The reference of the steps follows what is changed."""

import pytest

from ingest_api.project import Settings
from ingest_api.projects import Projects
from ingest_api.stream import Redis
from workers.reference import References

pytestmark = pytest.mark.stack


async def test_what_was_changed_before_the_call_is_in_the_reference(redis: Redis) -> None:
    references, projects = References(redis), Projects(redis)
    assert (await references.current()).projects == {}
    made = await projects.create("shop")
    assert (await references.current()).projects == {"shop": made}
    changed = await projects.update("shop", Settings(ip="keep"))
    assert (await references.current()).projects == {"shop": changed}


async def test_while_nothing_changes_it_is_the_same_one(redis: Redis) -> None:
    references = References(redis)
    await Projects(redis).create("shop")
    assert await references.current() is await references.current()
