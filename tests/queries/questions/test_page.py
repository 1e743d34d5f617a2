"""A cursor leads on from where it was made, and nothing else is one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.errors import Refused
from queries.questions import page
from tests.queries import asked
from tests.queries.test_request import NASTY

QUESTION = replace(asked.question("demo", "visitors", 1000), limit=10)


def test_a_cursor_goes_on_with_the_span_and_the_place_of_its_page() -> None:
    for until in (None, 5000):
        first = replace(QUESTION, span=replace(QUESTION.span, until=until), offset=20)
        later = replace(QUESTION, span=replace(QUESTION.span, since=3000, until=9000))
        found = page.turned(later, page.next_cursor(first))
        assert (found.offset, found.span.since, found.span.until) == (30, 1000, until)
        assert page.next_cursor(found).startswith("40.1000.")


def test_without_a_cursor_a_question_stays_as_it_is() -> None:
    assert page.turned(QUESTION, "") is QUESTION


def test_a_cursor_of_another_question_is_refused() -> None:
    with pytest.raises(Refused, match=r"^cursor: is of another question"):
        page.turned(replace(QUESTION, bots="only"), page.next_cursor(QUESTION))


TAG = QUESTION.tag()


@pytest.mark.parametrize(
    "cursor",
    [
        *NASTY[1:],
        *("1", "1.2", "1.2.3", f"1.2.3.{TAG}.", f".2.3.{TAG}", f"1..3.{TAG}", f"1.3.2.{TAG}"),
        *(f"-1.2.3.{TAG}", f"1.2.x.{TAG}", f"1000001.2.3.{TAG}", f"1.{'9' * 20}..{TAG}", f"٣.2.3.{TAG}"),
    ],
    ids=ascii,
)
def test_another_text_is_refused(cursor: str) -> None:
    with pytest.raises(Refused, match=r"^cursor: "):
        page.turned(QUESTION, cursor)


@given(st.text() | st.from_regex(rf"[0-9.]{{0,30}}\.{TAG}"))
def test_any_text_is_a_cursor_or_refused(cursor: str) -> None:
    try:
        found = page.turned(QUESTION, cursor)
    except Refused:
        return
    assert found.offset >= 0
    assert found.span.until is None or found.span.since < found.span.until
