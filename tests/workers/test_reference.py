"""The reference of the steps follows what is changed."""

import msgspec
import pytest

from ingest_api.projects.project import Settings
from ingest_api.projects.projects import Projects
from ingest_api.projects.schemas import Schemas
from ingest_api.stream import Redis
from workers.reference import Reference, References

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


async def test_schemas_are_in_it_as_soon_as_they_are_set_and_no_longer_than_they_are(redis: Redis) -> None:
    references, schemas = References(redis), Schemas(redis)
    await Projects(redis).create("shop")
    assert (await references.current()).schemas == {}
    made = await schemas.put("shop", "signup", {"required": ["plan"]}, "warn")
    found = await references.current()
    assert found.schemas == {"shop": {"signup": made}}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Reference) == found
    await schemas.remove("shop", "signup")
    assert (await references.current()).schemas == {}
