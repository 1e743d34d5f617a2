"""What can be told apart by what, and what the pages of one answer have in common."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from queries.errors import Refused
from queries.questions import dimensions, measures, question
from queries.questions.dimensions import TIMES
from tests.queries import asked

QUESTION = asked.question("demo", "visitors", 1000, dimensions=(dimensions.find("country", "x"),))


def check(metrics: str, names: str) -> None:
    question.check(
        [measures.find(one, "x") for one in metrics.split()],
        [dimensions.find_or_time(one, "x") for one in names.split()],
        "dimensions",
    )


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        ("visitors", "country page properties.a time:day"),
        ("sessions bounce_rate", "entry_page exit_page country time:hour"),
        ("sessions visitors", "country hour_of_day"),
        ("new_users", ""),
    ],
)
def test_metrics_are_told_apart_by_what_they_are_of(metrics: str, names: str) -> None:
    check(metrics, names)


@pytest.mark.parametrize(
    ("metrics", "names", "why"),
    [
        ("visitors", "country country", "twice"),
        ("visitors", "time:day time:hour", "one of them can be a time"),
        ("visitors", "country page os city", "at most 3"),
        ("visitors", "entry_page", "visitors cannot be told apart by entry_page: only sessions have it"),
        ("visitors sessions", "page", "sessions cannot be told apart by page: a session has several, or none is kept"),
        ("sessions", "properties.a", "sessions cannot be told apart by properties.a"),
    ],
)
def test_other_combinations_are_refused_with_the_reason(metrics: str, names: str, why: str) -> None:
    with pytest.raises(Refused, match=rf"^dimensions: .*{why}"):
        check(metrics, names)


def test_an_open_series_ends_with_its_last_interval() -> None:
    assert QUESTION.until is None
    assert replace(QUESTION, edges=(0, 500, 2000)).until == 2000
    closed = replace(QUESTION, span=replace(QUESTION.span, until=1500), edges=(0, 500, 2000))
    assert closed.until == 1500


def test_the_time_is_found_wherever_it_stands() -> None:
    assert QUESTION.time is None
    assert replace(QUESTION, dimensions=(*QUESTION.dimensions, TIMES["time:day"])).time == 1


def test_pages_have_one_tag_and_other_questions_another() -> None:
    same = [replace(QUESTION, limit=5, offset=10), replace(QUESTION, span=replace(QUESTION.span, since=7, until=9))]
    assert {one.tag() for one in same} == {QUESTION.tag()}
    others = [
        replace(QUESTION, project="other"),
        replace(QUESTION, bots="only"),
        replace(QUESTION, order=((0, True),)),
        replace(QUESTION, site_id="x"),
        replace(QUESTION, dimensions=()),
        replace(QUESTION, span=replace(QUESTION.span, zone=ZoneInfo("Asia/Tokyo"))),
        asked.question("demo", "visitors", 1000, dimensions=QUESTION.dimensions, event_type="a"),
    ]
    assert len({one.tag() for one in [QUESTION, *others]}) == len(others) + 1
