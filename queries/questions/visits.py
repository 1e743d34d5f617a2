"""Visits: which sessions a filter means. Pure.

What a session has, it is asked itself. What only events have means: the sessions that hold such an event, one and the
same for all that is said of events side by side. `not` of it means: an event that is not so.
"""

from dataclasses import dataclass, field

from queries.questions import filters
from queries.questions.binder import Binder
from queries.questions.filters import And, Did, Filter, Leaf, Not, Or

#: of an event, as the view `sessions` names it
SESSION = "if(session_id != '', concat('s:', session_id), visitor)"


@dataclass(slots=True)
class Held:
    """Conditions on events that sessions hold, joined to them by the moments of such events."""

    conditions: list[str] = field(default_factory=list)

    def column(self, condition: str) -> str:
        """The moments at which a session's visitor had such an event."""
        if condition not in self.conditions:
            self.conditions.append(condition)
        return f"held{self.conditions.index(condition)}"

    def join(self, around: str) -> str:
        """The join; `around` are the events of which such an event may be one."""
        if not self.conditions:
            return ""
        columns = ", ".join(
            f"groupArrayIf(occurred_at, {condition}) AS held{index}" for index, condition in enumerate(self.conditions)
        )
        any_of_them = " OR ".join(self.conditions)
        read = f"FROM events FINAL WHERE {around} AND session != '' AND ({any_of_them}) GROUP BY session"
        return " ".join((" LEFT ANY JOIN (SELECT", SESSION, "AS session,", columns, read, ") AS such USING (session)"))


def condition(found: Filter, binder: Binder, held: Held) -> str:
    """Over rows of `sessions`, joined with what is `held`. Raises `Refused` where nothing can be told."""
    asked = {bool(leaf.dimension.session) for leaf in _own(found)}
    if asked == {False} and not _did(found):
        return _holds(found, binder, held)
    match found:
        case Leaf():
            return filters.tested(found, found.dimension.of_session(binder), binder)
        case And(parts):
            return f"({' AND '.join(condition(part, binder, held) for part in _together(parts)) or '1'})"
        case Or(parts):
            return f"({' OR '.join(condition(part, binder, held) for part in parts)})"
        case Not(part):
            return f"(NOT {condition(part, binder, held)})"
        case Did(part):
            return filters.did(part, binder)


def _together(parts: tuple[Filter, ...]) -> list[Filter]:
    """What is said of events is said of one event."""
    of_events = tuple(part for part in parts if not _did(part) and not any(one.dimension.session for one in _own(part)))
    rest = [part for part in parts if part not in of_events]
    return [*rest, And(of_events)] if len(of_events) > 1 else list(parts)


def _holds(found: Filter, binder: Binder, held: Held) -> str:
    if isinstance(found, Leaf) and found.dimension.held:
        return f"arrayExists(one -> {filters.tested(found, 'one', binder)}, {found.dimension.held})"
    column = held.column(filters.condition(found, binder))
    return f"arrayExists(at -> at >= started_at AND at <= ended_at, {column})"


def _own(found: Filter) -> list[Leaf]:
    """The tests that are not of what people did."""
    match found:
        case Leaf():
            return [found]
        case And(parts) | Or(parts):
            return [leaf for part in parts for leaf in _own(part)]
        case Not(part):
            return _own(part)
        case Did():
            return []


def _did(found: Filter) -> bool:
    match found:
        case Did():
            return True
        case And(parts) | Or(parts):
            return any(map(_did, parts))
        case Not(part):
            return _did(part)
        case Leaf():
            return False
