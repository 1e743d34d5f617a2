"""POST /api/v1/reports/paths: where people go from an event or a page of a visit, or come from, step by step."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from ingest_api import moment
from ingest_api.projects.keys import Kind
from queries.reports import steps
from queries.reports.answer import ReportAnswer, answered
from queries.reports.asked import Asked, Happening, Scope, scope
from queries.route import Call, Route
from queries.service import QueryService

NodeKind: TypeAlias = Literal["start", "page", "event", "other"]
_KINDS: dict[int, NodeKind] = {steps.NOTHING: "start", steps.PAGE: "page", steps.EVENT: "event", steps.OTHER: "other"}


class Anchor(Happening, frozen=True, forbid_unknown_fields=True):
    """The first such event of a visit."""

    page: Annotated[str, Meta(max_length=8192, description="a page view of this path")] = ""


class PathsAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /api/v1/reports/paths"""

    anchor: Annotated[
        Anchor | None, Meta(description="where paths begin; left out: where visits do, or end if it is previous")
    ] = None
    direction: Literal["next", "previous"] = "next"
    of: Annotated[steps.Of, Meta(description="what a step is: pages, events, or pages and all other events")] = "pages"
    steps: Annotated[int, Meta(ge=1, le=10)] = 5
    top: Annotated[int, Meta(ge=1, le=50, description="nodes of a step; the rest is one named other")] = 10
    collapse: Annotated[bool, Meta(description="the same again and again is one step")] = True


class Node(msgspec.Struct, frozen=True):
    """A page or an event at a step. `ended`: visits that go no further; null at the last step, where nobody looks."""

    step: int
    kind: NodeKind
    name: str
    visits: int
    ended: int | None


class Link(msgspec.Struct, frozen=True):
    """So many visits go from one node to another; both are places in `nodes`."""

    source: int
    target: int
    visits: int


class Paths(msgspec.Struct, frozen=True):
    """The first node, of step 0, is where all paths begin. The nodes of each step are those of most visits first."""

    period: str
    direction: str
    nodes: list[Node]
    links: list[Link]


async def paths(service: QueryService, call: Call) -> ReportAnswer[Paths]:
    """Of the key's project."""
    asked: PathsAsked = call.body
    found = scope(asked, call.project.id, moment.now_ms())
    shaped = partial(shape, asked, found.span.label)
    return await answered(service, call.project, asked.site_id, steps.build(read(asked, found)), shaped)


def read(asked: PathsAsked, found: Scope) -> steps.Paths:
    """Checked and complete. Raises `Refused` naming the field."""
    anchor = ""
    if asked.anchor:
        anchor = found.happens(asked.anchor.event, asked.anchor.filters, "anchor.filters")
        if asked.anchor.page:
            anchor = f"({anchor} AND is_page_view AND path = {found.binder.bind(asked.anchor.page, 'String')})"
    backwards = asked.direction == "previous"
    return steps.Paths(found, anchor, asked.of, backwards, asked.steps, asked.top, asked.collapse)


def shape(asked: PathsAsked, period: str, rows: Sequence[Sequence[Any]]) -> Paths:
    """Rows of `steps.build`."""
    visits: Counter[tuple[int, int, str]] = Counter()
    ended: Counter[tuple[int, int, str]] = Counter()
    for step, source, target, count in rows:
        if step == 1:
            visits[0, *source] += count
        (visits if target[0] else ended)[(step, *target) if target[0] else (step - 1, *source)] += count
    ordered = sorted(visits, key=lambda node: (node[0], node[1] == steps.OTHER, -visits[node], node))
    nodes = [
        Node(
            step, _KINDS[kind], name, visits[step, kind, name], ended[step, kind, name] if step < asked.steps else None
        )
        for step, kind, name in ordered
    ]
    place = {node: index for index, node in enumerate(ordered)}
    links = [
        Link(place[step - 1, *source], place[step, *target], count) for step, source, target, count in rows if target[0]
    ]
    nodes = nodes or [Node(0, "start", "", 0, 0)]
    return Paths(period, asked.direction, nodes, sorted(links, key=lambda link: (link.source, link.target)))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/v1/reports/paths",
        paths,
        ReportAnswer[Paths],
        "Where visits go, or come from",
        Kind.QUERY,
        PathsAsked,
        reads=True,
    ),
)
