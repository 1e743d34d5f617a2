"""Experiments with entries that can never become rows."""

from tests.faults import poison
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play

_REJECTED = f"rejected rows with their reasons, neighbours stored; {ONCE}"


async def frames_that_are_none(play: Play) -> None:
    """Entries that are no frames, among good ones."""
    for _ in range(play.rounds):
        await play.recorder.acknowledge(30)
        await poison.no_frame(play)
    play.notes.append(f"{play.rounds} entries")


async def rows_that_are_no_events(play: Play) -> None:
    """Frames whose rows are no events, among good ones."""
    for _ in range(play.rounds):
        await play.recorder.acknowledge(30)
        await poison.no_events(play, 5)
    play.notes.append(f"{play.recorder.poisoned} rows")


async def rows_that_clickhouse_refuses(play: Play) -> None:
    """Frames with events whose properties ClickHouse does not take, each between two good ones."""
    for _ in range(play.rounds):
        await play.recorder.acknowledge(30)
        await poison.refused_properties(play, 3)
    play.notes.append(f"{play.recorder.poisoned} rows")


EXPERIMENTS = (
    Experiment("entries that are no frames", frames_that_are_none, _REJECTED, quick=True),
    Experiment("rows that are no events", rows_that_are_no_events, _REJECTED),
    Experiment("rows that ClickHouse refuses", rows_that_clickhouse_refuses, _REJECTED, quick=True),
)
