"""The steps: what each costs an event, on 10,000 distinct user agents and addresses.

    python -m tests.bench.steps --batches 30

is the child that measures itself: it prints the microseconds of CPU per event of each step as JSON, of the first ten
batches, which find the caches empty, and of the others.
"""

import argparse
import sys
import time
from collections import defaultdict

import msgspec

from ingest_api.process import calm_collector
from tests.bench import children, visitors
from tests.bench.measure import Sample
from tests.bench.plan import Plan
from tests.bench.report import Goal, Line, Outcome
from workers import pipeline

_STAGE = "steps"
_COLD = 10
_BATCHES = 30


class Costs(msgspec.Struct):
    """Microseconds of CPU per event, by step."""

    cold: dict[str, float]
    warm: dict[str, float]


def steps(plan: Plan) -> Outcome:
    """The best of the rounds for each step: what else the machine does only ever adds."""
    rounds = [
        children.answer(Costs, children.SUBJECT, 120, "tests.bench.steps", batches=_BATCHES) for _ in range(plan.rounds)
    ]
    warm = _best([one.warm for one in rounds])
    cold, total = sum(_best([one.cold for one in rounds]).values()), sum(warm.values())
    lines = [
        Line(_STAGE, "all", _sample(total), goals=(Goal("<= 6 us an event", total <= 6),)),
        Line(_STAGE, "all, caches empty at first", _sample(cold)),
    ]
    return Outcome(lines + [Line(_STAGE, name, _sample(cost)) for name, cost in warm.items()])


def _best(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


def _sample(microseconds: float) -> Sample:
    """Microseconds per event are as many milliseconds per 1,000."""
    return Sample(events=1000, rate=1_000_000 / microseconds, cpu_ms=microseconds)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, required=True)
    calm_collector()  # as a worker does
    reference = visitors.reference()
    spent = (defaultdict[str, float](float), defaultdict[str, float](float))
    events = [0, 0]
    for number, batch in enumerate(visitors.batches(parser.parse_args().batches)):
        when = number >= _COLD
        events[when] += len(batch.events)
        for name, step in pipeline.STEPS:
            started = time.process_time()
            step(batch, reference)
            spent[when][name] += time.process_time() - started
    each = [
        {name: 1_000_000 * cpu / count for name, cpu in one.items()} for one, count in zip(spent, events, strict=True)
    ]
    sys.stdout.buffer.write(msgspec.json.encode(Costs(*each)))


if __name__ == "__main__":
    main()
