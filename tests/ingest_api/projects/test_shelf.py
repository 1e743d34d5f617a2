"""What projects save: kept by name, a version with every change, at most so many, never another's."""

import pytest

from ingest_api.projects.project import Conflict, NotThere
from ingest_api.projects.projects import Projects
from ingest_api.projects.saved import ALERTS, QUERIES, SHELVES
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack


@pytest.fixture
async def shelf(redis: Redis) -> Shelf:
    """Of two projects."""
    for name in ("shop", "blog"):
        await Projects(redis).create(name)
    return Shelf(redis, QUERIES)


async def test_a_document_is_saved_changed_and_removed(shelf: Shelf) -> None:
    made = await shelf.put("shop", "a", "{}")
    assert (made.text, made.version) == ("{}", 1)
    assert await shelf.put("shop", "a", "{}") == made, "what is the same is not changed"
    changed = await shelf.put("shop", "a", '{"x":1}')
    assert (changed.version, changed.changed_at >= made.changed_at) == (2, True)
    assert await shelf.get("shop", "a") == changed
    assert await shelf.remove("shop", "a") == changed
    for gone in (shelf.get("shop", "a"), shelf.remove("shop", "a")):
        with pytest.raises(NotThere, match="no query named 'a'"):
            await gone


async def test_projects_and_shelves_are_apart(shelf: Shelf, redis: Redis) -> None:
    await shelf.put("shop", "a", "{}")
    await shelf.put("blog", "b", "{}")
    assert (list(await shelf.of("shop")), list(await shelf.of("blog"))) == (["a"], ["b"])
    assert await Shelf(redis, ALERTS).all() == {}
    with pytest.raises(NotThere):
        await shelf.get("blog", "a")
    for unknown in (shelf.put("nowhere", "a", "{}"), shelf.of("nowhere")):
        with pytest.raises(NotThere, match="nowhere"):
            await unknown


async def test_a_project_has_so_many_at_most(shelf: Shelf) -> None:
    most = SHELVES[QUERIES][1]
    for number in range(most):
        await shelf.put("shop", str(number), "{}")
    with pytest.raises(Conflict, match=f"at most {most}"):
        await shelf.put("shop", "more", "{}")
    await shelf.put("shop", "0", '{"changed":1}')
    await shelf.put("blog", "mine", "{}")


async def test_what_caches_of_keys_watch_does_not_move(shelf: Shelf, redis: Redis) -> None:
    version = await Projects(redis).version()
    await shelf.put("shop", "a", "{}")
    await shelf.remove("shop", "a")
    assert await Projects(redis).version() == version
