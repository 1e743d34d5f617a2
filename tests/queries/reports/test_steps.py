"""The paths report equals what plain Python makes of the same events."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.projects.project import Project
from queries.reports import steps
from queries.reports.paths import Paths, PathsAsked, read, shape
from tests.examples import examples
from tests.queries import crowd
from tests.queries.crowd import Row
from tests.queries.reports import happened
from tests.queries.reports.happened import CROWD

pytestmark = pytest.mark.stack

Node = tuple[str, str]
ANCHOR = st.sampled_from((None, None, {"event": "cart"}, {"page": "/a"}, {"filters": [["is", "country", ["DE"]]]}))
ASKED = st.fixed_dictionaries(
    {
        "anchor": ANCHOR,
        "direction": st.sampled_from(("next", "previous")),
        "of": st.sampled_from(("pages", "events", "both")),
        "steps": st.integers(1, 4),
        "top": st.integers(1, 3),
        "collapse": st.booleans(),
        "filters": st.sampled_from(([], [], [["is_not", "page", ["/c"]]])),
        "bots": st.sampled_from(("exclude", "include")),
    }
)


def ask(warehouse: Client, shop: Project, /, **fields: Any) -> Paths:
    asked, scope = happened.question(PathsAsked, shop, **fields)
    return shape(asked, "", happened.rows_of(warehouse, steps.build(read(asked, scope))))


def counts(row: Row, asked: dict[str, Any]) -> bool:
    return not asked["filters"] or row["path"] != "/c"


def node(row: Row, asked: dict[str, Any]) -> Node | None:
    page = row["name"] in crowd.PAGES and row["url"]
    if not counts(row, asked) or (asked["of"] == "pages" and not page):
        return None
    return ("page", row["path"]) if page and asked["of"] != "events" else ("event", row["name"])


def is_anchor(row: Row, asked: dict[str, Any]) -> bool:
    wanted = asked["anchor"]
    return counts(row, asked) and (
        (row["name"] == wanted.get("event", row["name"]))
        and ("page" not in wanted or (row["name"] in crowd.PAGES and row["path"] == wanted["page"]))
        and ("filters" not in wanted or row["country"] == "DE")
    )


def path(rows: Sequence[Row], asked: dict[str, Any]) -> list[Node] | None:
    """The steps of a visit; None of one that is not asked for."""
    before: list[Node | None] = []
    some = list(rows)
    if asked["anchor"]:
        places = [place for place, row in enumerate(rows) if is_anchor(row, asked)]
        if not places:
            return None
        before = [node(rows[places[0]], asked)]
        some = some[: places[0]] if asked["direction"] == "previous" else some[places[0] + 1 :]
    if asked["direction"] == "previous":
        some.reverse()
    taken = [one for row in some if (one := node(row, asked))]
    if asked["collapse"]:
        taken = [one for last, one in pairwise([*(before or [None]), *taken]) if one and one != last]
    return taken[: asked["steps"]] if asked["anchor"] or taken else None


def expected(found: Sequence[list[Node]], asked: dict[str, Any]) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """Nodes, links and where visits end, with the small ones put together."""
    kept: list[set[Node]] = []
    for step in range(asked["steps"]):
        seen = Counter(one[step] for one in found if len(one) > step)
        kept.append(
            {one for one, _ in sorted(seen.items(), key=lambda of: (-of[1], of[0][0] != "page", of[0]))[: asked["top"]]}
        )
    named = [
        [("start", ""), *(one if one in kept[step] else ("other", "") for step, one in enumerate(some))]
        for some in found
    ]
    nodes = Counter((step, *one) for some in named for step, one in enumerate(some))
    links = Counter((step, *pair) for some in named for step, pair in enumerate(pairwise(some)))
    ended = Counter((len(some) - 1, *some[-1]) for some in named if len(some) <= asked["steps"])
    return nodes, links, ended


@settings(max_examples=examples(20), deadline=None)
@given(CROWD, ASKED, st.data())
def test_paths_are_those_of_plain_python(
    warehouse: Client, facts: list[Row], asked: dict[str, Any], data: st.DataObject
) -> None:
    of = happened.project()
    events = happened.arrive(warehouse, of, facts, data)
    visits = [path(rows, asked) for rows in happened.of_everybody(events, "session", asked["bots"])]
    nodes, links, ended = expected([one for one in visits if one is not None], asked)
    told = ask(warehouse, of, **asked)
    assert {(one.step, one.kind, one.name): one.visits for one in told.nodes if one.visits} == nodes
    assert {(one.step, one.kind, one.name): one.ended for one in told.nodes if one.ended} == ended
    assert {one.ended for one in told.nodes if one.step == asked["steps"]} <= {None}
    named = [(one.kind, one.name) for one in told.nodes]
    assert {
        (told.nodes[one.source].step, named[one.source], named[one.target]): one.visits for one in told.links
    } == links
