"""The knee: whether a step held, and if not, which stage it was. Pure."""

import msgspec

#: a step holds when so much of what was offered is acknowledged
_ACKNOWLEDGED = 0.95
#: a process that takes this share of a processor has no more to give
_BUSY = 0.85
#: from here on Redis's memory is what sheds
_FULL = 0.75


class Step(msgspec.Struct, frozen=True):
    """What was offered and what became of it."""

    #: events a second
    offered: float
    acknowledged: float
    #: requests
    refused: int
    reason: str
    p50_ms: float
    p99_ms: float
    #: at the end
    lag_seconds: float
    waiting: int
    #: of Redis's maxmemory; 0 where there is none
    memory: float
    #: of one processor: this command, and the busiest worker where it runs on this machine
    own_busy: float
    worker_busy: float | None
    #: what workers wait for, in their own words
    trouble: str = ""


class Limits(msgspec.Struct, frozen=True):
    """From where on a step does not hold."""

    p99_ms: float
    lag_seconds: float


class Limit(msgspec.Struct, frozen=True):
    """The stage that limits, and what to do."""

    stage: str
    why: str
    remedy: str


def problem(step: Step, limits: Limits) -> str:
    """Why a step did not hold, for people; empty when it did."""
    if step.refused:
        return f"{step.refused} requests were refused: {step.reason}"
    if step.lag_seconds > limits.lag_seconds:
        return f"events waited {step.lag_seconds:.1f} s to be stored at the end, {step.waiting:,} of them"
    if step.acknowledged < _ACKNOWLEDGED * step.offered:
        return f"only {step.acknowledged:,.0f} events/s were acknowledged"
    if step.p99_ms > limits.p99_ms:
        return f"one of a hundred requests took longer than {limits.p99_ms:,.0f} ms: {step.p99_ms:,.0f} ms"
    return ""


def limit(step: Step, limits: Limits) -> Limit:
    """What the step that did not hold ran into."""
    if step.refused and step.memory >= _FULL:
        why = f"Redis holds {step.memory:.0%} of its maxmemory, and the front door sheds"
        return Limit("Redis memory", why, "Give it more maxmemory, or shorten HEADRACE_WINDOW_SECONDS.")
    if step.own_busy >= _BUSY and step.lag_seconds <= limits.lag_seconds:
        why = f"it used {step.own_busy:.0%} of a processor: more cannot be offered from here"
        return Limit("headrace bench", why, "Run several at once, from other machines, or with a larger --batch.")
    if step.lag_seconds > limits.lag_seconds:
        return _drain(step)
    why = "events are acknowledged late, and those that are do not wait to be stored"
    return Limit("front door", why, "Start more front door processes. If they are not busy, Redis's disk is too slow.")


def _drain(step: Step) -> Limit:
    if "ClickHouse" in step.trouble:
        return Limit("ClickHouse", f"workers wait for it: {step.trouble}", "Run `headrace doctor`.")
    if step.worker_busy is None:
        why = "events are acknowledged and wait; no worker runs on this machine, so its processor is not seen"
        return Limit("workers or ClickHouse", why, "Look which of the two is busy; add workers, up to one a shard.")
    if step.worker_busy >= _BUSY:
        why = f"the busiest worker used {step.worker_busy:.0%} of a processor"
        return Limit("workers", why, "Start more worker processes, up to one a shard.")
    why = f"events wait, and the busiest worker used {step.worker_busy:.0%} of a processor: it waits for its inserts"
    return Limit("ClickHouse", why, "Give ClickHouse more processors or a faster disk.")
