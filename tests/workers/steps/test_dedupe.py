"""Events that a batch holds twice."""

from tests.workers.entries import batch, event
from workers.reference import Reference
from workers.steps.dedupe import dedupe


def test_the_first_of_equal_ids_is_kept() -> None:
    twice = batch([event(1, title="first"), event(2), event(1, title="second")])
    dedupe(twice, Reference())
    assert [one.title for one in twice.events] == ["first", ""]
    assert [position.index for position in twice.positions] == [0, 1]
    assert [position.index for position in twice.repeated] == [2]


def test_equal_ids_of_two_projects_are_two_events() -> None:
    both = batch([event(1), event(1, project="other")])
    dedupe(both, Reference())
    assert (len(both.events), both.repeated) == (2, [])
