"""The steps of a batch, in their order, each timed by the runner."""

import time
from collections.abc import Callable

from workers import telemetry
from workers.batch import Batch
from workers.row import reject_impossible
from workers.steps.dedupe import dedupe
from workers.steps.page import page

Step = Callable[[Batch], None]

#: name -> step. Each is a pure function of the batch, so that a replay gives the same rows
STEPS: tuple[tuple[str, Step], ...] = (
    ("reject_impossible", reject_impossible),
    ("dedupe", dedupe),
    ("page", page),
)


def run(batch: Batch) -> Batch:
    """Take a batch through every step."""
    for name, step in STEPS:
        started = time.perf_counter()
        step(batch)
        telemetry.STEP_SECONDS.labels(name).inc(time.perf_counter() - started)
    return batch
