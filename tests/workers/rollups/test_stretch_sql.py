"""The words of rolled sessions: the view tells what a session is, and nothing is in them but names of our own."""

from queries.questions.binder import Binder
from queries.questions.rolled_sessions import sessions
from workers.rollups import stretch
from workers.rollups import stretch_sql as sql


def test_sessions_are_those_of_the_view_for_builders_and_questions_alike() -> None:
    asked = sessions(0, 10**13, "exclude", Binder({"project": "p"}, zone="UTC", doers=str))
    for text in (sql.ROWS, asked):
        assert (
            f"SELECT {stretch.COLUMNS} FROM sessions_of_stretches(" in text or f"{stretch.COLUMNS}\nFROM sess" in text
        )
        assert "FROM events" not in text


def test_a_mark_is_that_of_a_stretch_and_of_a_day_around_it() -> None:
    assert stretch.MARGIN % stretch.SECONDS == 0
    assert f"{stretch.MARGIN} PRECEDING AND {stretch.MARGIN} FOLLOWING" in sql.DUE
    assert stretch.FIRST % stretch.SECONDS == stretch.LAST % stretch.SECONDS == 0


def test_a_version_that_is_too_old_is_not_let_count() -> None:
    assert "WHERE toUnixTimestamp64Milli(now64(3)) < {until:Int64}" in sql.CLOSE
