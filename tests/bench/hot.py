"""What an event costs inside the front door, without sockets and Redis, beside the same of another checkout.

    python -m tests.bench.hot --batch 100 --rounds 100 --against DIR

The parts: bodies are parsed, their events checked and stamped, made a frame, answered. Both checkouts are measured in
turn, each in a process of its own, by CPU time alone. Prints microseconds per event, the best of the rounds, and the
median of the rounds' ratios. Without --against there is one; with --rounds 1 it suits `valgrind --tool=callgrind`.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, TypeVar, cast

import msgspec

from ingest_api import collect, frame
from ingest_api.dialect import Outcome, Parsed
from ingest_api.dialects.intake import DIALECT
from ingest_api.http.request import RawRequest
from ingest_api.process import calm_collector
from ingest_api.projects.projects import Project
from ingest_api.rules.limits import Limits
from ingest_api.rules.normalise import Stamped
from ingest_api.settings import Settings
from tests.bench import prepared

#: events of one round: some 30 ms, so that among many there are some that nothing else disturbed
_EVENTS = 4_000
#: events that go through one part before the next part begins
_TOGETHER = 1000
_ROOT = Path(__file__).parents[2]
_ALL = "all"

Costs = dict[str, float]
A = TypeVar("A")
B = TypeVar("B")


class Hot:
    """The parts of the front door, on the same bodies over and over."""

    def __init__(self, batch: int) -> None:
        now = int(time.time() * 1000)
        bodies = prepared.bodies(_EVENTS // batch, batch, seed=1)
        if batch == 1:
            bodies = [body[1:-1] for body in bodies]
        requests = [RawRequest({}, {}, "", body, now, "127.0.0.1", "headrace-bench/1") for body in bodies]
        each = max(_TOGETHER // batch, 1)
        self._groups = [requests[first : first + each] for first in range(0, len(requests), each)]
        self._door = cast("Any", SimpleNamespace(limits=Limits.of(Settings())))
        self._project = Project(prepared.PROJECT, (), now)
        self._single = batch == 1

    def round(self) -> Costs:
        """Microseconds of CPU per event, by part."""
        spent: Costs = defaultdict(float)

        def part(name: str, do: Callable[[A], B], given: Iterable[A]) -> list[B]:
            started = time.process_time()
            made = [do(one) for one in given]
            spent[name] += time.process_time() - started
            return made

        for requests in self._groups:
            parsed = part("parse", self._parse, requests)
            stamped = part("stamp", self._stamp, zip(requests, parsed, strict=True))
            part("frame", self._frame, stamped)
            part("answer", self._answer, stamped)
        each = {name: seconds * 1_000_000 / _EVENTS for name, seconds in spent.items()}
        return {**each, _ALL: sum(each.values())}

    def _parse(self, raw: RawRequest) -> Parsed:
        return DIALECT.parse(raw, 10_000)

    def _stamp(self, given: tuple[RawRequest, Parsed]) -> list[Stamped]:
        return cast("list[Stamped]", collect._stamp(self._door, cast("Any", DIALECT), self._project, *given))

    def _frame(self, stamped: list[Stamped]) -> bytes:
        return frame.encode_rows([one.row for one in stamped])[0]

    def _answer(self, stamped: list[Stamped]) -> bytes:
        return DIALECT.reply(Outcome(stamped, self._single, self._project.created_at)).body


class Checkout:
    """A process that measures one checkout, a round whenever it is asked."""

    def __init__(self, root: Path, batch: int) -> None:
        own = root / Path(__file__).relative_to(_ROOT)  # a module may lie elsewhere there
        command = [sys.executable, "-P", str(own), "--batch", str(batch), "--serve"]
        self._process = subprocess.Popen(
            command, cwd=root, env={"PYTHONPATH": str(root)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.rounds: list[Costs] = []

    def measure(self) -> None:
        """One round more."""
        asking, answering = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        asking.write(b"\n")
        asking.flush()
        self.rounds.append(msgspec.json.decode(answering.readline(), type=Costs))

    def best(self, part: str) -> float:
        """The round that was disturbed least."""
        return min(one[part] for one in self.rounds)

    def end(self) -> None:
        """Its standard input ends, so it does."""
        self._process.communicate()


def compare(batch: int, rounds: int, against: Path | None) -> None:
    """Measure in turn, print a table."""
    checkouts = [Checkout(root, batch) for root in (_ROOT, against) if root is not None]
    try:
        for _ in range(rounds + 1):
            for one in checkouts:
                one.measure()
        for one in checkouts:
            del one.rounds[0]  # it warms caches
    finally:
        for one in checkouts:
            one.end()
    for part in checkouts[0].rounds[0]:
        told = "  ".join(f"{one.best(part):6.2f} us" for one in checkouts)
        if against is not None:
            pairs = zip(*(one.rounds for one in checkouts), strict=True)
            told += f"  ratio {statistics.median(this[part] / that[part] for this, that in pairs):.2f}"
        print(f"{part:8}{told}")


def serve(batch: int) -> None:
    """Measure a round for each line on standard input."""
    hot = Hot(batch)
    calm_collector()  # as a front door does
    for _ in sys.stdin:
        sys.stdout.buffer.write(msgspec.json.encode(hot.round()) + b"\n")
        sys.stdout.flush()


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--against", type=Path, metavar="DIR", help="the root of another checkout")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.batch)
    else:
        compare(options.batch, options.rounds, options.against)


if __name__ == "__main__":
    main()
