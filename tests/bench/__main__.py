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

from tests.bench import guard, report
from tests.bench.append import append
from tests.bench.drain import drain
from tests.bench.endurance import endurance
from tests.bench.front_door import batch, single
from tests.bench.heavy import heavy
from tests.bench.idle import idle
from tests.bench.instructions import instructions
from tests.bench.journey import journey
from tests.bench.latency import latency
from tests.bench.page import page
from tests.bench.peers.peers import BIN as PEERS
from tests.bench.peers.peers import peers
from tests.bench.plan import QUICK, WHOLE, Plan
from tests.bench.questions import questions
from tests.bench.report import Outcome
from tests.bench.simulation.simulation import simulation
from tests.bench.sizes import sizes
from tests.bench.slow import slow
from tests.bench.steps import steps
from tests.bench.workers import workers

STAGES: dict[str, Callable[[Plan], Outcome]] = {
    "single": single,
    "batch100": lambda plan: batch(plan, 100),
    "batch1000": lambda plan: batch(plan, 1000),
    "latency": latency,
    "slow": slow,
    "append": append,
    "steps": steps,
    "instructions": instructions,
    "drain": drain,
    "journey": journey,
    "heavy": heavy,
    "questions": questions,
    "page": page,
    "peers": peers,
    "sizes": sizes,
    "workers": workers,
    "idle": idle,
    "endurance": endurance,
    "simulation": simulation,
}
#: run only where they are named: what they tell does not change from day to day
ASKED_FOR = {"page", "peers", "sizes", "workers", "idle", "endurance", "simulation"}
#: what the quick run leaves out besides: it takes longer than all others together
SLOW = {"instructions"}


def main() -> int:
    """Run the stages in their order. Returns the exit code."""
    options = _options()
    plan = QUICK if options.quick else WHOLE
    plan = replace(plan, events=options.events or plan.events, crowd=options.crowd)
    left_out = ASKED_FOR | SLOW if options.quick else ASKED_FOR
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a `kill` leaves nothing behind either
    where, outcome = report.machine(), Outcome([])
    for name in options.only or [name for name in STAGES if name not in left_out]:
        began = time.monotonic()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        outcome.add(STAGES[name](plan))
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    console, book = report.on_screen(), guard.read(guard.EXPECTED)
    report.show(console, where, outcome)
    if replace(plan, crowd=None) == WHOLE:  # of other sizes other ratios are right
        guard.show(console, book, where, outcome)
    if options.json:
        report.write(options.json, where, outcome)
    if options.expect and not outcome.problems:
        guard.write(guard.EXPECTED, guard.renewed(book, where, outcome))
    return 1 if outcome.problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each: a few minutes")
    parser.add_argument("--only", choices=STAGES, action="append", help="this stage; give it again for another")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here, too")
    parser.add_argument("--events", type=int, metavar="N", help="events of the set that questions are asked of")
    parser.add_argument("--crowd", type=Path, metavar="DIR", help="make this set here, or take the one that is here")
    parser.add_argument("--expect", action="store_true", help="expect from now on what this run finds")
    options = parser.parse_args()
    if options.expect and (options.quick or options.events):
        parser.error("--expect wants a whole run: other sizes have other ratios")
    if "peers" in (options.only or []) and not (PEERS / "uvicorn").exists():
        parser.error("the peers are not installed: `make peers` puts what they are made of into build/peers")
    return options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped; nothing is left behind.")
