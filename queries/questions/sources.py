"""Sources: what measures are worked out of, as FROM and WHERE with bound parameters. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from queries.errors import Refused
from queries.questions import filters, rolled_sessions, visits
from queries.questions.binder import Binder
from queries.questions.bots import CONDITION
from queries.questions.dimensions import Dimension
from queries.questions.measures import Of
from queries.questions.question import Question

#: events are read a day past the end of a range, and no event has a later time than the year 2299
_LAST = 10_413_791_999_999 - 86_400_000
#: what a server takes of parameters is bounded, too
_MOST_BYTES = 200_000

#: whose an event is as far as it says so itself, '' of nobody: the user's, else the visitor's, with a letter before
OWN = (
    "multiIf(user_id != '', concat('u:', user_id), client_id != '', concat('c:', client_id), "
    "visitor_id != '', concat('v:', visitor_id), '')"
)
#: for WITH: keys of the anonymous ids that are linked, and of their users in the same order. Asked once in a statement
LINKED = (
    "(SELECT (groupArray(concat('c:', client_id)), groupArray(concat('u:', user_id))) "
    "FROM identities(project={project:String})) AS linked"
)
#: of rows with the key of whose they are as `own`: the user that it is linked to, else itself
PERSON = "if(empty(linked.1), own, transform(own, linked.1, linked.2, own))"
#: person -> the moment of its first event of any kind, of those who came in the range
_FIRST_SEEN = (
    f"WITH {LINKED} SELECT {PERSON} AS person, min(first_seen) AS first_seen FROM ("
    "SELECT if(user_id != '', concat('u:', user_id), concat('c:', client_id)) AS own, first_seen FROM sightings "
    "WHERE project = {project:String}) GROUP BY person "
    "HAVING first_seen >= fromUnixTimestamp64Milli({since:Int64})"
)
#: person -> keys of the anonymous ids linked to it
_ALIASES = (
    "SELECT one.2 AS person, groupArray(one.1) AS aliases FROM ("
    "SELECT arrayJoin(arrayZip(linked.1, linked.2)) AS one) GROUP BY person"
)


@dataclass(frozen=True, slots=True)
class Source:
    """Rows, and the value of each dimension of the question over them."""

    #: FROM and WHERE
    text: str
    keys: tuple[str, ...]
    #: metric -> aggregate, where it is not the measure's own
    values: Mapping[str, str] = field(default_factory=dict)


def binder(question: Question) -> Binder:
    """With the parameters that sources name, and a range in which people have done something."""
    until = question.until
    parameters: dict[str, object] = {"project": question.project, "since": question.span.since}
    parameters |= {} if until is None else {"until": until}
    parameters |= {"site_id": question.site_id} if question.site_id else {}
    return Binder(parameters, zone=question.span.zone.key, doers=lambda such: doers(f"{_realm(question)} AND {such}"))


def doers(where: str) -> str:
    """SELECT of the keys (`filters.KEY`) of all people who have such an event, under each of their ids."""
    return (
        f"WITH {LINKED} SELECT arrayJoin(arrayConcat([person], aliases)) FROM ("
        f"SELECT DISTINCT {PERSON} AS person FROM ("
        f"SELECT DISTINCT {OWN} AS own FROM events FINAL WHERE {where} AND own != '')) AS doers "
        f"LEFT ANY JOIN ({_ALIASES}) AS alike USING (person)"
    )


def events(question: Question, binder: Binder) -> Source:
    """Each event of the range once, however often it was stored."""
    keys = tuple(_key(one, one.text(binder), "occurred_at", question, binder) for one in question.dimensions)
    where = f"{_realm(question)} AND {filters.condition(question.filter, binder)}{among(question, keys, binder)}"
    return Source(f"FROM events FINAL WHERE {where}", keys)


def persons(question: Question, binder: Binder, more: str = "") -> Source:
    """A `person` for each user, anonymous id and cookieless visitor of these events; some come more than once."""
    read = events(question, binder)
    names = tuple(f"d{index}" for index in range(len(read.keys)))
    columns = "".join(f", {key} AS {name}" for key, name in zip(read.keys, names, strict=True))
    kept = "".join(f", {name}" for name in names)
    people = (
        f"WITH {LINKED} SELECT {PERSON} AS person{kept} FROM ("
        f"SELECT DISTINCT {OWN} AS own{columns} {read.text} AND own != '')"
    )
    return Source(f"FROM ({people}) AS people{more}", names)


def newcomers(question: Question, binder: Binder) -> Source:
    """The same with when each was `first_seen`: 1970 where that was before the range."""
    return persons(question, binder, f" LEFT ANY JOIN ({_FIRST_SEEN}) AS firsts USING (person)")


def sessions(question: Question, binder: Binder) -> Source:
    """The sessions that start in the range and hold such an event, whole."""
    until = _LAST if question.until is None else min(question.until, _LAST)
    within = binder.bind(until, "Int64")
    keys = tuple(_key(one, one.of_session(binder), "started_at", question, binder) for one in question.dimensions)
    held = visits.Held()
    where = visits.condition(question.filter, binder, held) + among(question, keys, binder)
    if question.site_id:
        where = f"hasAny(site_ids, [{{site_id:String}}, '']) AND {where}"
    visited = rolled_sessions.sessions(question.span.since, until, question.bots, binder)
    around = (
        "project = {project:String} AND occurred_at >= fromUnixTimestamp64Milli({since:Int64}) "
        f"AND occurred_at < fromUnixTimestamp64Milli({within} + 86400000) AND {CONDITION[question.bots]}"
    )
    return Source(f"FROM {visited} AS visits{held.join(around)} WHERE {where}", keys)


SOURCES: Mapping[Of, Callable[[Question, Binder], Source]] = {
    "events": events,
    "persons": persons,
    "newcomers": newcomers,
    "sessions": sessions,
}


def bucket(time: str, edges: Sequence[int], binder: Binder) -> str:
    """The start of the interval that a moment lies in, Unix ms; the first one's for what lies before."""
    firsts, counts, steps = zip(*_runs(edges[:-1]), strict=True)
    arrays = ", ".join(binder.bind(list(some), "Array(Int64)") for some in (firsts, counts, steps))
    starts = f"arrayFlatten(arrayMap((a, n, s) -> arrayMap(i -> a + i * s, range(n)), {arrays}))"
    return f"roundDown(toUnixTimestamp64Milli({time}), {starts})"


def _runs(starts: Sequence[int]) -> list[tuple[int, int, int]]:
    """Numbers as first, how many, step: a few runs stand for years of hours."""
    runs: list[tuple[int, int, int]] = []
    for start in starts:
        if runs:
            first, count, step = runs[-1]
            if count == 1 or start == first + count * step:
                runs[-1] = (first, count + 1, start - first if count == 1 else step)
                continue
        runs.append((start, 1, 0))
    return runs


def _realm(question: Question) -> str:
    """The events of the question before its filters."""
    where = ["project = {project:String}", "occurred_at >= fromUnixTimestamp64Milli({since:Int64})"]
    if question.until is not None:
        where.append("occurred_at < fromUnixTimestamp64Milli({until:Int64})")
    if question.site_id:
        where.append("site_id IN ({site_id:String}, '')")
    return " AND ".join((*where, CONDITION[question.bots]))


def _key(dimension: Dimension, value: str, time: str, question: Question, binder: Binder) -> str:
    return bucket(time, question.edges, binder) if dimension.interval else value


def among(question: Question, keys: Sequence[str], binder: Binder) -> str:
    """Only the groups that are asked for."""
    if question.among is None:
        return ""
    if sum(len(str(one).encode()) for group in question.among for one in group) > _MOST_BYTES:
        raise Refused(422, "The values of these groups are too long to be asked for at once. Ask for fewer of them.")
    plain = [key for key, one in zip(keys, question.dimensions, strict=True) if not one.interval]
    columns = [
        binder.bind([str(one) for one in column], "Array(String)") for column in zip(*question.among, strict=True)
    ]
    values = ", ".join(f"toString({key})" for key in plain)
    return f" AND ({values}) IN arrayZip({', '.join(columns)})" if len(plain) > 1 else f" AND {values} IN {columns[0]}"
