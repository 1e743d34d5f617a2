"""Rollups: a stand-in for `events` that reads closed hours from their rollups, and all others raw. Pure.

Its rows have the columns that a question uses, so that conditions and dimensions stay as they are; only the measures
differ, for a row may stand for many events. Which hours are read from where is decided once in a statement.
"""

from collections.abc import Iterable
from dataclasses import replace

from queries.questions import closed, rolled_people, sources
from queries.questions.binder import Binder
from queries.questions.filters import And, Did, Filter, Leaf, Not, Or, condition, leaves
from queries.questions.measures import Metric
from queries.questions.question import Question
from queries.questions.sources import Source
from workers.rollups.rolled import DIMENSIONS, VISITOR

#: measure -> the same over rows of the stand-in. Whoever has a number is counted by it; who has none is in no rollup
MEASURES: dict[str, str] = {
    "event_count": "sum(events)",
    "page_views": "sum(page_views)",
    "visitors": "groupBitmapMerge(visitors) + uniqExactMerge(unnumbered)",
    "unique_users": rolled_people.MEASURE,
}
_BOTS = {"exclude": "NOT is_bot", "only": "is_bot", "include": "1"}
_NOBODY = "arrayReduce('uniqExactState', CAST([], 'Array(String)'))"


def source(question: Question, binder: Binder, metrics: Iterable[Metric]) -> Source | None:
    """Closed hours from their rollups, all else of the events; None where rollups cannot answer this exactly.

    The metrics are of one source.
    """
    names = {metric.name for metric in metrics}
    if not _can_answer(question, names):
        return None
    raw = sources.events(question, binder)
    name = next(iter(_dimensions(question)), "")
    rolled = _rolled(question, name, binder, names) + sources.among(question, raw.keys, binder)
    unrolled = _raw(question, name, binder, names)
    known = [f"({closed.clean((question.span.since, question.until), binder)}) AS clean"]
    known += [sources.LINKED, f"({rolled_people.LINKS}) AS links"] if "unique_users" in names else []
    text = " ".join(("WITH", ", ".join(known), "SELECT * FROM", f"({rolled} UNION ALL {unrolled})"))
    return replace(raw, text=f"FROM ({text}) AS hours", values={one: MEASURES[one] for one in names})


def _can_answer(question: Question, names: set[str]) -> bool:
    """Whether all that is asked for is known of whole hours."""
    dimensions = _dimensions(question)
    first, last = closed.whole((question.span.since, question.until))
    return (
        names <= MEASURES.keys()
        and len(dimensions) <= 1
        and dimensions <= DIMENSIONS.keys()
        and (last is None or first < last)
        and not any(edge % closed.HOUR_MS for edge in question.edges[1:-1])
        and not _asks_who_did(question.filter)
    )


def _dimensions(question: Question) -> set[str]:
    """Those that matter: rollups know the site of each row, and the hour."""
    used = [*question.dimensions, *(leaf.dimension for leaf in leaves(question.filter))]
    return {one.name for one in used if not one.interval and one.name != "site_id"}


def _asks_who_did(found: Filter) -> bool:
    match found:
        case And(parts) | Or(parts):
            return any(map(_asks_who_did, parts))
        case Not(part):
            return _asks_who_did(part)
        case Leaf():
            return False
        case Did():
            return True


def _rolled(question: Question, name: str, binder: Binder, names: set[str]) -> str:
    """SELECT of the rollups' rows of clean hours. The whole hour lies in the interval that its start lies in."""
    columns = ["toDateTime64(hour, 3, 'UTC') AS occurred_at", "site_id"]
    columns += [f"value AS {DIMENSIONS[name]}"] if name else []
    if "unique_users" in names:
        columns += [rolled_people.ROLLED, f"{_NOBODY} AS strangers"]
    else:
        columns += ["events", "page_views"]
    columns += ["visitors", f"{_NOBODY} AS unnumbered"] if "visitors" in names else []
    where = ["project = {project:String}", f"dimension = {binder.bind(name, 'String')}", _BOTS[question.bots]]
    where += ["site_id IN ({site_id:String}, '')"] if question.site_id else []
    where.append("(hour, version) IN (SELECT one.1, one.2 FROM (SELECT arrayJoin(clean) AS one))")
    where.append(condition(question.filter, binder))
    return " ".join(("SELECT", ", ".join(columns), "FROM rollup_hours WHERE", " AND ".join(where)))


def _raw(question: Question, name: str, binder: Binder, names: set[str]) -> str:
    """SELECT of the same columns from the events of all other hours."""
    rows = f"{sources.events(question, binder).text} AND {closed.OPEN}"
    kept = ", ".join(["site_id", *([DIMENSIONS[name]] if name else [])])
    if "unique_users" in names:
        return rolled_people.raw(rows, kept)
    if "visitors" not in names:
        return " ".join(("SELECT occurred_at,", kept, ", 1 AS events, toUInt64(is_page_view) AS page_views", rows))
    read = " ".join(
        ("SELECT occurred_at AS at,", kept, f", is_page_view AS page_view, visitor AS who, {VISITOR} AS hashed", rows)
    )
    numbers = " ".join(
        (
            "SELECT visitor AS hashed, min(number) AS number FROM visitor_numbers WHERE project = {project:String}",
            f"AND notEmpty(clean) AND visitor IN (SELECT {VISITOR} {rows}) GROUP BY hashed",
        )
    )
    return " ".join(
        (
            "SELECT min(at) AS occurred_at,",
            kept,
            ", count() AS events, countIf(page_view) AS page_views,",
            "groupBitmapStateIf(number, number != 0) AS visitors,",
            "uniqExactStateIf(who, number = 0 AND who != '') AS unnumbered",
            f"FROM ({read}) AS open LEFT JOIN ({numbers}) AS numbers USING (hashed)",
            f"GROUP BY toStartOfHour(at), {kept}",
        )
    )
