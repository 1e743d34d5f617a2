"""What follows from one check after the other."""

from typing import Any

from ingest_api.alerts.alert import HISTORY, Alert, State
from ingest_api.alerts.notice import Notice
from tests.ingest_api.alerts.test_alert import made
from workers.alerts import alarm

MINUTE = 60_000
START = 1_795_000_020_000  # a whole minute


class Course:
    """Checks of one alert, a minute apart."""

    def __init__(self, **fields: Any) -> None:
        self.alert: Alert = made(**{"condition": "above", "value": 10, "every": 1, **fields})
        self.state = State(changed_at=1)
        self.now = START

    def check(self, value: float | None, before: float | None = None) -> Notice | None:
        self.now += MINUTE
        self.state, notice = alarm.after(self.alert, self.state, value, before, self.now)
        return notice

    def told(self, *values: float | None) -> list[str]:
        """The notices, '' where there is none."""
        return [notice.type.removeprefix("alert.") if (notice := self.check(one)) else "" for one in values]


def test_it_fires_once_and_is_resolved_once() -> None:
    course = Course()
    assert course.told(5, 11, 12, 12, 3, 3, 11) == ["", "firing", "", "", "resolved", "", "firing"]
    first, second = course.state.history[1], course.state.history[0]
    assert (first.began_at, first.ended_at, first.value) == (START + 2 * MINUTE, START + 5 * MINUTE, 11)
    assert (second.began_at, second.ended_at) == (START + 7 * MINUTE, 0)
    assert course.state.outcome == "firing"


def test_it_waits_for_several_checks_in_a_row() -> None:
    course = Course(**{"for": 3})
    assert course.told(11, 11, 5, 11, 11) == [""] * 5
    assert (course.state.outcome, course.state.streak) == ("pending", 2)
    assert course.told(11, 5) == ["firing", "resolved"]


def test_it_reminds_while_it_fires() -> None:
    course = Course(remind_minutes=2)
    assert course.told(11, 11, 11, 11, 11, 5, 5) == ["firing", "", "reminder", "", "reminder", "resolved", ""]


def test_nobody_is_told_of_the_end_who_does_not_want_to() -> None:
    course = Course(resolved=False)
    assert course.told(11, 5, 11) == ["firing", "", "firing"]
    assert [bool(one.ended_at) for one in course.state.history] == [False, True]


def test_no_data_changes_nothing_or_counts_as_one_wants() -> None:
    course = Course()
    assert course.told(None, 11, None, 11, 5) == ["", "firing", "", "", "resolved"]
    assert Course().told(None) == [""]
    course = Course(no_data="fire")
    assert course.told(5, None, None, 5) == ["", "firing", "", "resolved"]
    course = Course(no_data="ok")
    assert course.told(11, None) == ["firing", "resolved"]
    course = Course()
    course.check(None)
    assert course.state.outcome == "no_data"


def test_nothing_to_compare_with_is_no_data() -> None:
    course = Course(condition="changed_by_percent", value=50)
    assert (course.check(5, 0), course.state.outcome) == (None, "no_data")
    assert course.check(5, 2) == Notice("alert.firing", 5, 2)


def test_a_check_that_could_not_be_made_changes_nothing_but_when_the_next_is() -> None:
    course = Course()
    course.told(11)
    state = alarm.failed(course.alert, course.state, "away", course.now + MINUTE)
    assert (state.outcome, state.problem, state.firing, state.streak) == ("failed", "away", True, 1)
    assert state.due_at == course.now + 2 * MINUTE
    course.state = state
    assert course.told(11, 5) == ["", "resolved"]
    assert course.state.problem == ""


def test_checks_are_due_at_whole_minutes() -> None:
    course = Course(every=5)
    course.now += 7_123
    course.check(1)
    assert course.state.due_at == START + 6 * MINUTE
    assert course.state.checked_at == START + MINUTE + 7_123


def test_the_past_is_not_kept_for_ever_and_never_changed_in_place() -> None:
    course = Course()
    for _ in range(HISTORY + 5):
        course.told(11)
        before = course.state
        course.told(5)
        assert before.firing
    assert len(course.state.history) == HISTORY
