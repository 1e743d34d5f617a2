"""python -m tests.bench: rates, latencies, CPU and memory per stage, beside a ceiling measured in the same run.

Speed never fails a run: the exit code is 1 only when a count is wrong, 0 otherwise.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.bench import report
from tests.bench.append import append
from tests.bench.drain import drain
from tests.bench.front_door import batch, single
from tests.bench.heavy import heavy
from tests.bench.journey import journey
from tests.bench.page import page
from tests.bench.plan import QUICK, WHOLE, Plan
from tests.bench.questions import questions
from tests.bench.report import Outcome
from tests.bench.simulation.simulation import simulation
from tests.bench.sizes import sizes
from tests.bench.slow import slow
from tests.bench.steps import steps

STAGES: dict[str, Callable[[Plan], Outcome]] = {
    "single": single,
    "batch100": lambda plan: batch(plan, 100),
    "batch1000": lambda plan: batch(plan, 1000),
    "slow": slow,
    "append": append,
    "steps": steps,
    "drain": drain,
    "journey": journey,
    "heavy": heavy,
    "questions": questions,
    "page": page,
    "sizes": sizes,
    "simulation": simulation,
}
#: run only where they are named: what they tell does not change from day to day
ASKED_FOR = {"page", "sizes", "simulation"}


def main() -> int:
    """Run the stages in their order. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each: about a minute")
    parser.add_argument("--only", choices=STAGES, action="append", help="this stage; give it again for another")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here, too")
    parser.add_argument("--events", type=int, metavar="N", help="events of the set that questions are asked of")
    parser.add_argument("--crowd", type=Path, metavar="DIR", help="make this set here, or take the one that is here")
    options = parser.parse_args()
    plan = QUICK if options.quick else WHOLE
    plan = replace(plan, events=options.events or plan.events, crowd=options.crowd)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a `kill` leaves nothing behind either
    where, outcome = report.machine(), Outcome([])
    for name in options.only or [name for name in STAGES if name not in ASKED_FOR]:
        began = time.monotonic()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        outcome.add(STAGES[name](plan))
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    report.show(where, outcome)
    if options.json:
        report.write(options.json, where, outcome)
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped; nothing is left behind.")
