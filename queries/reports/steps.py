"""Paths -> SQL: what comes after, or before, a moment of each visit, step by step, as counted links. Pure."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from queries.questions.visits import SESSION
from queries.reports import people
from queries.reports.asked import Scope
from queries.sql import Statement

Of: TypeAlias = Literal["pages", "events", "both"]

#: what a node is, as the statement says it
NOTHING, PAGE, EVENT, OTHER = range(4)
_IS_PAGE = "is_page_view AND url != ''"
#: over rows of `events`: what kind of node an event is
_KINDS: dict[Of, str] = {
    "pages": f"if({_IS_PAGE}, {PAGE}, {NOTHING})",
    "events": f"{EVENT}",
    "both": f"if({_IS_PAGE}, {PAGE}, {EVENT})",
}


@dataclass(frozen=True, slots=True)
class Paths:
    """Checked. `anchor` is a condition on events, '' for the start of the visit, or its end where it goes backwards."""

    scope: Scope
    anchor: str
    of: Of
    backwards: bool
    steps: int
    top: int
    collapse: bool


def build(paths: Paths) -> Statement:
    """Rows: step, (kind, name) that it comes from, (kind, name) that it goes to, visits.

    Step 1 comes from NOTHING, and a visit that has no such step goes there. Behind the `top` nodes all are OTHER.
    """
    binder = paths.scope.binder
    top = binder.bind(paths.top, "UInt32")
    ranked = (
        "SELECT *, dense_rank() OVER (PARTITION BY step ORDER BY left_visits DESC, a) AS left_rank, "
        "dense_rank() OVER (PARTITION BY step, b.1 = 0 ORDER BY right_visits DESC, b) AS right_rank FROM ("
        "SELECT *, sum(visits) OVER (PARTITION BY step, a) AS left_visits, "
        f"sum(visits) OVER (PARTITION BY step, b) AS right_visits FROM ({_links(paths)}))"
    )
    text = (
        f"SELECT step, if(left_rank <= {top}, a, ({OTHER}, '')) AS goes_from, "
        f"if(right_rank <= {top}, b, ({OTHER}, '')) AS goes_to, sum(visits) FROM ({ranked}) "
        "GROUP BY step, goes_from, goes_to"
    )
    return Statement(text, binder.parameters)


def _links(paths: Paths) -> str:
    """Each visit goes from step to step, and after the last one once to NOTHING."""
    steps = paths.scope.binder.bind(paths.steps, "UInt32")
    return (
        "SELECT step, left[step] AS a, path[step] AS b, count() AS visits FROM ("
        f"SELECT arrayPushFront(path, ({NOTHING}, '')) AS left, path, "
        f"arrayJoin(range(1, least(length(path) + 1, {steps}) + 1)) AS step FROM ({_paths(paths)})) GROUP BY step, a, b"
    )


def _paths(paths: Paths) -> str:
    """The `path` of each visit that holds the anchor, or any node where there is none."""
    part = "numbers"
    if paths.anchor:
        part = "arraySlice(numbers, 1, place - 1)" if paths.backwards else "arraySlice(numbers, place + 1)"
    nodes = f"arrayMap(n -> (n.4, n.5), arrayFilter(n -> n.4 != {NOTHING}, {part}))"
    if paths.backwards:
        nodes = f"arrayReverse({nodes})"
    if paths.collapse and paths.anchor:
        nodes = f"arrayPopFront(arrayCompact(arrayPushFront({nodes}, (numbers[place].4, numbers[place].5))))"
    elif paths.collapse:
        nodes = f"arrayCompact({nodes})"
    held = "place > 0" if paths.anchor else "notEmpty(path)"
    return f"SELECT arrayFirstIndex(n -> n.3, numbers) AS place, {nodes} AS path FROM ({_visits(paths)}) WHERE {held}"


def _visits(paths: Paths) -> str:
    """Of each visit `numbers`: (time, id, whether it is the anchor, kind, name) of its events in order."""
    scope = paths.scope
    binder = scope.binder
    within = people.around(scope.span.since, scope.span.until)
    where = scope.read
    columns = {
        "kind": f"if({scope.wanted}, {_KINDS[paths.of]}, {NOTHING})",
        "node": f"multiIf(kind = {PAGE}, path, kind = {EVENT}, name, '')",
        "number": f"(toUnixTimestamp64Milli(occurred_at), toUInt128(event_id), {paths.anchor or '0'}, kind, node)",
    }
    if paths.anchor:  # few visits hold it: only theirs are put together
        such = f"{where} AND {people.between(binder, *within)} AND {paths.anchor}"
        where += f" AND who IN (SELECT {SESSION} FROM events FINAL WHERE {such})"
    read = people.events("session", columns, where, within, binder)
    grouped = f"SELECT who, arraySort(groupArray(number)) AS numbers FROM ({read}) GROUP BY who"
    return people.visits(binder, scope.span, grouped, "number.1")
