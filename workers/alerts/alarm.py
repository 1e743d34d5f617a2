"""Alarm: what a check means: which state follows, and what is to be told. Pure."""

import msgspec

from ingest_api.alerts.alert import HISTORY, Alert, Firing, State, holds
from ingest_api.alerts.notice import Notice

_MINUTE_MS = 60_000


def after(
    alert: Alert, state: State, value: float | None, before: float | None, now_ms: int
) -> tuple[State, Notice | None]:
    """The state after a check that found this value, and a notice where there is one."""
    so = None if value is None else holds(alert, value, before)
    new = _checked(alert, state, now_ms)
    new.value, new.before = value, before
    if so is None and alert.no_data == "keep":
        new.outcome = "firing" if new.firing else "no_data"
        return new, _reminder(alert, new, now_ms)
    if so or (so is None and alert.no_data == "fire"):
        new.streak += 1
        return new, _bad(alert, new, now_ms)
    new.streak, new.outcome = 0, "ok"
    return new, _good(alert, new, now_ms)


def failed(alert: Alert, state: State, problem: str, now_ms: int) -> State:
    """The state after a check that could not be made: neither well nor not."""
    new = _checked(alert, state, now_ms)
    new.outcome, new.problem = "failed", problem
    return new


def _checked(alert: Alert, state: State, now_ms: int) -> State:
    """A state of its own. Checks are due at whole minutes, so that none is late for having been slow before."""
    history = [msgspec.structs.replace(one) for one in state.history]
    due_at = (now_ms // _MINUTE_MS + alert.every) * _MINUTE_MS
    return msgspec.structs.replace(state, history=history, checked_at=now_ms, due_at=due_at, problem="")


def _bad(alert: Alert, new: State, now_ms: int) -> Notice | None:
    if new.firing:
        new.outcome = "firing"
        return _reminder(alert, new, now_ms)
    if new.streak < alert.for_:
        new.outcome = "pending"
        return None
    new.outcome, new.told_at = "firing", now_ms
    new.history = [Firing(now_ms, new.value), *new.history][:HISTORY]
    return Notice("alert.firing", new.value, new.before)


def _good(alert: Alert, new: State, now_ms: int) -> Notice | None:
    if not new.firing:
        return None
    new.history[0].ended_at = now_ms
    return Notice("alert.resolved", new.value, new.before) if alert.resolved else None


def _reminder(alert: Alert, new: State, now_ms: int) -> Notice | None:
    if not new.firing or not alert.remind_minutes or now_ms - new.told_at < alert.remind_minutes * _MINUTE_MS:
        return None
    new.told_at = now_ms
    return Notice("alert.reminder", new.value, new.before)
