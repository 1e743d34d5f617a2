"""A person's events equal what plain Python makes of the same ones, page after page, and so do their sessions."""

from collections.abc import Sequence

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from queries.questions import spans
from queries.questions.bots import Bots
from queries.reports import biography, people
from queries.reports.biography import LOOKS, Cursor, Person
from queries.reports.view import view
from tests.examples import examples
from tests.queries import crowd
from tests.queries.crowd import DAY, HALF_HOUR, Row
from tests.queries.reports import happened
from tests.queries.reports.happened import CROWD, SINCE, UNTIL, arrive

pytestmark = pytest.mark.stack

PEOPLE = (Person("u", "u1"), Person("u", "u2"), Person("c", "c1"), Person("c", "c2"), Person("v", "v1"), Person("", ""))


def session(row: Row) -> str:
    return f"s:{row['session_id']}" if row["session_id"] else crowd.visitor(row)


def beginnings(rows: Sequence[Row]) -> dict[int, tuple[int, bool]]:
    """Number of an event -> when its session begins, and whether with it: of all events, however long ago."""
    found: dict[int, tuple[int, bool]] = {}
    last: dict[str, tuple[int, int]] = {}
    for row in rows:
        name, at = session(row), row["occurred_at"]
        if not name:
            continue
        gap = DAY if row["session_id"] else HALF_HOUR
        before, start = last.get(name, (-DAY - 1, 0))
        begins = at - before > gap
        last[name] = (at, at if begins else start)
        found[row["event_id"].int] = (last[name][1], begins)
    return found


def theirs(rows: Sequence[Row], person: Person) -> list[Row]:
    linked = crowd.links(rows)
    return [
        row
        for row in crowd.once(rows)
        if crowd.person(row, linked) == f"{person.letter}:{person.id}" or not person.letter
    ]


@settings(max_examples=examples(15), deadline=None)
@given(
    facts=CROWD,
    person=st.sampled_from(PEOPLE),
    asked=st.tuples(st.sampled_from(("exclude", "include")), st.integers(1, 4)),
    data=st.data(),
)
def test_it_equals_plain_python(
    warehouse: Client, facts: list[Row], person: Person, asked: tuple[Bots, int], data: st.DataObject
) -> None:
    of, (bots, limit) = happened.project(), asked
    rows = arrive(warehouse, of, facts, data)
    if person.letter == "c" and person.id in crowd.links(rows):
        person = Person("u", crowd.links(rows)[person.id])
    counted = [row for row in crowd.once(rows) if crowd.counted(row, bots)]
    expected = [
        row["event_id"].int
        for row in theirs(rows, person)
        if crowd.counted(row, bots) and SINCE <= row["occurred_at"] < UNTIL
    ][::-1]
    looked = view({"bots": bots}, of, spans.of_times(SINCE, UNTIL, spans.zone_of("UTC", ""), UNTIL, ""))
    before, seen = Cursor(), []
    while page := happened.rows_of(warehouse, biography.page(looked, person, before, limit)):
        seen += [(number, name, key, at) for *_, name, key, at, number in page]
        *_, ms, number = page[-1]
        before = Cursor(ms, number)
    assert [number for number, *_ in seen] == expected
    numbers = {number: (key, at) for number, name, key, at in seen if name}
    wanted = {number: begun for number, begun in beginnings(counted).items() if number in numbers}
    if numbers:
        read = people.of_project(bots)
        for back in LOOKS:
            found = happened.rows_of(warehouse, biography.starts(read, of.id, numbers, back))
            for number, start, first, uncertain in found:
                assert uncertain or (start, bool(first)) == wanted[number], "what is certain is right"
            if not any(uncertain for *_, uncertain in found):
                break
        assert {number: (start, bool(first)) for number, start, first, _ in found} == wanted


@given(ms=st.integers(0, 10**15), number=st.integers(0, 2**128 - 1))
def test_a_cursor_reads_back_what_it_wrote(ms: int, number: int) -> None:
    assert Cursor.parse(str(Cursor(ms, number))) == Cursor(ms, number)


@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    try:
        cursor = Cursor.parse(text)
    except ValueError:
        return
    ms, _, number = text.partition(".")
    assert (int(ms), int(number, 16)) == (cursor.ms, cursor.id)
