"""The append alone: stamped events through the appender, beside the same frames written with a plain XADD."""

from tests.bench import children
from tests.bench.front_door import bare_frames
from tests.bench.measure import Sample, alternate, median, ratio, spread
from tests.bench.plan import Plan
from tests.bench.report import Line, Outcome, noise
from tests.bench.room import room

_BATCH = 100
_STAGE = "append alone"


def append(plan: Plan) -> Outcome:
    """16 requests of 100 stamped events at once. The appender says itself how many were new: all of them."""
    with room() as (_, redis, _):
        runs = alternate(
            plan.rounds,
            lambda: _appender(redis, plan.seconds),
            lambda: bare_frames(redis, _BATCH, plan.seconds, decode=0),
        )
    lines = [
        Line(_STAGE, "Appender, with index", median(runs[0]), ratio(*runs), spread=spread(*runs)),
        Line(_STAGE, "ceiling: frame, XADD", median(runs[1])),
    ]
    return Outcome(lines, noise(_STAGE, runs[1]))


def _appender(redis: str, seconds: float) -> Sample:
    return children.answer(
        Sample, children.SUBJECT, seconds * 3 + 30, "tests.bench.appending", redis=redis, batch=_BATCH, seconds=seconds
    )
