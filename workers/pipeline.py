"""The steps of a batch, in their order, each timed by the runner."""

import time
from collections.abc import Callable

from workers import telemetry
from workers.batch import Batch
from workers.reference import Reference
from workers.row import reject_impossible
from workers.steps.dedupe import dedupe
from workers.steps.page import page

Step = Callable[[Batch, Reference], None]

#: name -> step. Each is a pure function of the batch and the reference, so that a replay gives the same rows
STEPS: tuple[tuple[str, Step], ...] = (
    ("reject_impossible", reject_impossible),
    ("dedupe", dedupe),
    ("page", page),
)
#: what is left to do for events whose columns come from the archive
_ALWAYS = frozenset({"reject_impossible", "dedupe", "erased"})


def run(batch: Batch, reference: Reference) -> Batch:
    """Take a batch through every step."""
    for name, step in STEPS:
        if batch.enriched and name not in _ALWAYS:
            continue
        started = time.perf_counter()
        step(batch, reference)
        telemetry.STEP_SECONDS.labels(name).inc(time.perf_counter() - started)
    return batch
