"""The steps of a batch, in their order, each timed by the runner."""

import time
from collections.abc import Callable

from workers import telemetry
from workers.batch import Batch
from workers.reference import Reference
from workers.row import reject_impossible
from workers.steps.bots import bots
from workers.steps.channel import channel
from workers.steps.dedupe import dedupe
from workers.steps.erased import erased
from workers.steps.geo import geo
from workers.steps.page import page
from workers.steps.privacy import privacy
from workers.steps.schema import schema
from workers.steps.user_agent import user_agent
from workers.steps.visitor import visitor

Step = Callable[[Batch, Reference], None]

#: name -> step. Each is a pure function of the batch and the reference, so that a replay gives the same rows
STEPS: tuple[tuple[str, Step], ...] = (
    ("reject_impossible", reject_impossible),
    ("dedupe", dedupe),
    ("erased", erased),
    ("page", page),
    ("user_agent", user_agent),
    ("bots", bots),
    ("geo", geo),
    ("channel", channel),
    ("visitor", visitor),
    ("schema", schema),
    ("privacy", privacy),
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
