"""Events under a tombstone are left out of a batch, and told where they lay."""

from ingest_api.projects import tombstones
from tests.workers.entries import batch, event
from workers.batch import set_aside
from workers.reference import Reference
from workers.steps.erased import erased

SECRET = b"s" * 32
STONE = tombstones.stone(SECRET, "demo", 1_795_000_000_900, users=["ada"])
REFERENCE = Reference(secret=SECRET, tombstones=(STONE,))


def test_what_was_erased_is_dropped_also_among_the_rejected() -> None:
    some = batch([event(0, user_id="ada"), event(1, user_id="bob"), event(2, user_id="ada"), event(3, user_id="bob")])
    for place in (3, 2):  # two of them are rejected
        some.rejected.append(set_aside(some.events[place], some.positions[place], "why"))
    some.keep([True, True, False, False])
    some.derived["host"] = ["a", "b"]
    erased(some, REFERENCE)
    assert ([one.user_id for one in some.events], some.derived) == (["bob"], {"host": ["b"]})
    assert [position.index for position in some.positions] == [1]
    assert [one.position.index for one in some.rejected] == [3]
    assert [position.index for position in some.erased] == [0, 2]


def test_later_events_of_the_user_and_those_of_other_projects_stay() -> None:
    some = batch([event(5000, user_id="ada"), event(1, user_id="ada", project="other")])
    erased(some, REFERENCE)
    assert (len(some.events), some.erased) == (2, [])


def test_without_tombstones_nothing_is_looked_at() -> None:
    some = batch([event(0, user_id="ada")])
    events = some.events
    erased(some, Reference())
    assert some.events is events
