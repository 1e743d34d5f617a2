"""The steps, together."""

from tests.workers.entries import entry, event
from workers import pipeline
from workers.batch import decode
from workers.reference import Reference
from workers.row import columns


def test_a_replay_gives_the_same_rows() -> None:
    entries = [entry("1000-0", [event(i, url=f"https://example.com/{i}") for i in range(50)] + [event(7)])]
    first, again = pipeline.run(decode(1, entries), Reference()), pipeline.run(decode(1, entries), Reference())
    assert columns(first) == columns(again)
    assert first.span == again.span


def test_every_step_has_a_name_of_its_own() -> None:
    names = [name for name, _ in pipeline.STEPS]
    assert len(set(names)) == len(names)
