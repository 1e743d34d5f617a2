"""Experiments with a clock that jumps. libfaketime moves one process's; the monotonic clock goes on as it does."""

import importlib.util
from pathlib import Path

from tests.faults.actor import Actor
from tests.faults.experiment import ONCE, Experiment
from tests.faults.play import Play

_JUMPS = ("+3600", "-3600", "+0")


def jumps(name: str, part: str) -> Experiment:
    """The clock of one part of the stage."""

    async def breaks(play: Play) -> None:
        """Its clock jumps an hour ahead, then an hour behind, then to where it should be, under load."""
        stage = play.stage
        clock = stage.folder / "clock"
        clock.write_text("+0")
        actor: Actor = getattr(stage, part)
        await actor.stop()
        await actor.start(
            LD_PRELOAD=_library(),
            FAKETIME_TIMESTAMP_FILE=str(clock),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
        )
        for jump in _JUMPS:
            clock.write_text(jump)
            await play.recorder.acknowledge(50)
            await play.committed(3)
        play.notes.append(f"jumps: {', '.join(_JUMPS)} s")

    return Experiment(f"clock of {name} jumps", breaks, f"goes on at once; {ONCE}", quick=part == "redis")


def _library() -> str:
    """What the loader puts before the C library. Raises `FileNotFoundError` where the package was built without it."""
    found = importlib.util.find_spec("libfaketime")
    for folder in found.submodule_search_locations or () if found else ():
        for file in Path(folder).glob("vendor/**/libfaketime.so.1"):
            return str(file)
    raise FileNotFoundError("libfaketime.so.1: install the dev dependencies on Linux")


EXPERIMENTS = (
    jumps("Redis", "redis"),
    jumps("the front door", "door"),
    jumps("a worker", "worker"),
)
