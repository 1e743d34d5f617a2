"""Whose the events of a frame are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api import runs

PROJECTS = st.text("abc.-_19", min_size=1, max_size=5)
RUNS = st.lists(st.tuples(PROJECTS, st.integers(1, 9)), min_size=1, max_size=8)


@given(RUNS)
def test_what_was_written_is_read(written: list[runs.Run]) -> None:
    assert runs.decode(runs.encode(written).encode()) == tuple(written)


@pytest.mark.parametrize("field", [b"", b"demo", b"demo\0", b"demo\0x", b"demo\x001\0shop", b"\xff\x001"])
def test_anything_else_is_refused(field: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        runs.decode(field)


@given(RUNS, st.data())
def test_shares_and_owners_are_those_of_the_events_one_by_one(written: list[runs.Run], data: st.DataObject) -> None:
    owners = [project for project, count in written for _ in range(count)]
    skip = data.draw(st.lists(st.integers(0, len(owners) - 1), unique=True).map(sorted))
    assert [runs.owner(written, position) for position in range(len(owners))] == owners
    assert runs.owner(written, len(owners)) is None
    counted: dict[str, int] = {}
    for project, count in runs.live(written, skip):
        counted[project] = counted.get(project, 0) + count
    one_by_one = dict.fromkeys(owners, 0)
    for position, project in enumerate(owners):
        one_by_one[project] += position not in skip
    assert counted == one_by_one
