"""The engine's errors in words for people, without the engine's own."""

import pytest

from queries.sandbox import verdicts


def test_a_name_is_repeated_only_if_it_was_written() -> None:
    said = "Unknown expression identifier `nam` in scope SELECT nam FROM headrace.events"
    assert verdicts.sentence(47, said, "SELECT nam FROM events") == (
        "There is no column of this name: nam. docs/sql.md lists the columns."
    )
    assert verdicts.sentence(47, "Unknown identifier `_hr_secret`", "SELECT x") == (
        "There is no column of this name. docs/sql.md lists the columns."
    )


def test_values_that_the_engine_quotes_are_not_shown() -> None:
    said = verdicts.sentence(6, "Cannot parse string 'secret' as UInt8", "SELECT toUInt8(name) FROM events")
    assert said is not None
    assert "secret" not in said


@pytest.mark.parametrize("code", [60, 210, 242, 497, 516])
def test_what_is_not_the_statements_fault_is_told_apart(code: int) -> None:
    assert verdicts.sentence(code, "Table headrace.events does not exist", "SELECT 1") is None


def test_an_error_without_words_of_ours_gives_its_number() -> None:
    assert verdicts.sentence(9999, "x", "SELECT 1") == "The engine cannot run this statement (its error 9999)."
