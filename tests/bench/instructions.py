"""Instructions per event of the two hottest functions, told by perf or by valgrind, whatever else the machine does.

    python -m tests.bench.instructions --of NAME --times 4

is the child that is counted. What it does before the first time is the same however often, so that two of them tell.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping

from ingest_api.process import calm_collector
from tests.bench import children, prepared
from tests.bench.plan import Plan
from tests.bench.report import Outcome
from workers import pipeline, row
from workers.reference import Reference

_STAGE = "instructions"
_EVENTS, _SEED = 1000, 3
#: the first times fill caches
_FEW, _MANY = 2, 6
_WITHIN_SECONDS = 300


def _stamping() -> Callable[[], object]:
    """Bytes to events with ids, as one request of a thousand: what bounds a front door's batches."""
    bodies = prepared.bodies(1, _EVENTS, _SEED)
    return lambda: prepared.received(bodies)


def _columns() -> Callable[[], object]:
    """Events to columns, through all steps: what a worker does with a batch besides reading and inserting it."""
    events, reference = [one.event for one in prepared.stamped(_EVENTS, _SEED)], Reference()
    return lambda: row.columns(pipeline.run(prepared.batches(events, _EVENTS)[0], reference))


HOT: Mapping[str, Callable[[], Callable[[], object]]] = {"parse and stamp": _stamping, "steps and columns": _columns}
#: what counts a command's instructions: its beginning, and the word before or after the number that it says
PERF = ("perf", "stat", "-x", ",", "-e", "instructions:u")
VALGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")


def instructions(_plan: Plan) -> Outcome:
    """Both functions; a note where nothing can count."""
    counter = _counter()
    if not counter:
        return Outcome(
            [], [f"{_STAGE}: not here: perf sees no counter of this processor, and valgrind is not installed."]
        )
    counts = {name: _of_one(counter, name) for name in HOT}
    notes = [f"{_STAGE}: {name}: {count:,.0f} an event, by {counter[0]}." for name, count in counts.items()]
    return Outcome([], notes, counts={name: round(count) for name, count in counts.items()})


def _of_one(counter: tuple[str, ...], name: str) -> float:
    """Of one event. A first child, which nobody counts, leaves compiled what changed since the last run."""
    _counted((), name, 1)
    return (_counted(counter, name, _MANY) - _counted(counter, name, _FEW)) / ((_MANY - _FEW) * _EVENTS)


def _counter() -> tuple[str, ...]:
    """What counts here; empty where nothing does."""
    for command in (PERF, VALGRIND):
        if shutil.which(command[0]) and _total([*command, "true"]):
            return command
    return ()


def _counted(counter: tuple[str, ...], name: str, times: int) -> int:
    module = (sys.executable, "-m", "tests.bench.instructions")
    return _total([*counter, *module, "--of", name, "--times", str(times)])


def _total(command: list[str]) -> int:
    """The instructions of a command; 0 where its counter sees none. Raises when the command fails."""
    with children.on_cpu(children.SUBJECT):
        done = subprocess.run(
            command, cwd=children.ROOT, capture_output=True, text=True, timeout=_WITHIN_SECONDS, check=True,
            env={"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    return told(done.stderr)


def told(report: str) -> int:
    """The number in what perf or callgrind says; 0 where there is none."""
    for line in report.splitlines():
        number, _, rest = line.partition(",")
        if rest and "instructions" in rest and number.isdigit():
            return int(number)
        if "Collected :" in line:
            return int(line.rpartition(":")[2])
    return 0


def main() -> None:
    """Do it so many times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", choices=HOT, required=True)
    parser.add_argument("--times", type=int, required=True)
    options = parser.parse_args()
    calm_collector()  # as services do
    hot = HOT[options.of]()
    for _ in range(options.times):
        hot()


if __name__ == "__main__":
    main()
