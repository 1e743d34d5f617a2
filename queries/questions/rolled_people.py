"""People in rollups: sets of numbers, in which a user and the anonymous ids linked to it become one. Pure text.

`people` of a rollup holds a number for each user and each visitor without one. Links may come later than the rollup,
and go: what is linked now is told when it is asked. Everybody linked stands for the user's number; where the user has
none yet, for the least number of an id that is linked to it.
"""

from queries.questions.sources import OWN, PERSON
from workers.rollups.rolled import WHO

_HASHED = "reinterpretAsUInt128(sipHash128({}))"
#: FROM of a row for each link, hashed
_PAIRS = " ".join(
    (
        "FROM (SELECT",
        f"{_HASHED.format('link.1')} AS client, {_HASHED.format('link.2')} AS user",
        "FROM (SELECT arrayJoin(arrayZip(linked.1, linked.2)) AS link))",
    )
)
_NUMBERS = "SELECT visitor AS hashed, number FROM visitor_numbers WHERE project = {project:String} AND visitor IN"
#: SELECT of one row: numbers of ids that are linked, what each stands for, and (hash, number) of users with either;
#: `linked` is known
LINKS = " ".join(
    (
        "SELECT",
        "(arrayFlatten(groupArray(members)), arrayFlatten(groupArray(arrayMap(one -> stands_for, members))),",
        "groupArray((user, stands_for))) FROM (",
        "SELECT user, groupArrayIf(number, hashed != user) AS members, minIf(number, hashed = user) AS own,",
        "if(own != 0, own, arrayMin(members)) AS stands_for FROM (SELECT one.1 AS hashed, one.2 AS user FROM (",
        f"SELECT arrayJoin([(client, user), (user, user)]) AS one {_PAIRS})) AS alike",
        f"INNER JOIN ({_NUMBERS} (SELECT arrayJoin([client, user]) {_PAIRS})) AS known USING (hashed)",
        "GROUP BY user)",
    )
)
#: over rows of the stand-in
MEASURE = "groupBitmapMerge(people) + uniqExactMerge(strangers)"
_LINKED_HERE = "bitmapAnd(people, bitmapBuild(links.1))"
#: the set of a rollup's row, with everybody linked as whom it stands for; `links` is that of `LINKS`
ROLLED = (
    f"if(bitmapHasAny(people, bitmapBuild(links.1)), bitmapOr(bitmapAndnot(people, bitmapBuild(links.1)), bitmapBuild("
    f"arrayMap(one -> transform(one, links.1, links.2, one), bitmapToArray({_LINKED_HERE})))), people) AS people"
)


def raw(rows: str, kept: str) -> str:
    """SELECT of the stand-in's columns of events: who has a number as `people`, everybody else as `strangers`.

    `rows` is FROM and WHERE, `kept` the columns that stay; `clean`, `linked` and `links` are known.
    """
    person = f"{OWN} AS own, {PERSON} AS person, {_HASHED.format('person')} AS hashed"
    named = " ".join(("SELECT occurred_at AS at,", kept, f", {person}", rows, "AND own != ''"))
    known = " ".join(
        (
            "SELECT hashed, min(number) AS number FROM (",
            f"{_NUMBERS} (SELECT {WHO} {rows}) AND notEmpty(clean) UNION ALL",
            "SELECT one.1 AS hashed, one.2 AS number FROM (SELECT arrayJoin(links.3) AS one)) GROUP BY hashed",
        )
    )
    return " ".join(
        (
            "SELECT min(at) AS occurred_at,",
            kept,
            ", groupBitmapStateIf(number, number != 0) AS people,",
            "uniqExactStateIf(person, number = 0) AS strangers",
            f"FROM ({named}) AS open LEFT JOIN ({known}) AS known USING (hashed) GROUP BY toStartOfHour(at), {kept}",
        )
    )
