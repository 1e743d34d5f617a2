"""Rejected events of one cause."""

import pytest

from workers.fingerprint import cause, fingerprint

PARSE = "ClickHouse INCORRECT_DATA: Cannot parse JSON object here: "


@pytest.mark.parametrize(
    ("one", "another"),
    [
        (PARSE + '{"a":1e999}', PARSE + "not json"),
        ("event: Expected `str`, got `int` - at `$[3]`", "event: Expected `str`, got `int` - at `$[17]`"),
        ("x: '2024' is no 'date'", "x: 'yesterday' is no 'day'"),
        ("x: id 0190b6a0-5b5c-7c7c-8f2e-1c2d3e4f5a6b is odd", "x: id 7 is odd"),
        ('x: {"a": {"b": 1}} is odd', "x: {} is odd"),
    ],
)
def test_what_the_data_say_makes_no_difference(one: str, another: str) -> None:
    assert fingerprint("shop", "signup", one) == fingerprint("shop", "signup", another)


def test_project_name_and_cause_do() -> None:
    reasons = ("frame: version 9", "event: version 9", "event: too long", PARSE + "x", "ClickHouse OTHER: x")
    found = {fingerprint("shop", "signup", reason) for reason in reasons}
    found |= {fingerprint("blog", "signup", reasons[0]), fingerprint("shop", "login", reasons[0])}
    assert len(found) == 7
    assert all(len(one) == 16 for one in found)


def test_what_is_fit_for_a_log_quotes_no_data() -> None:
    assert cause(PARSE + '{"secret": 1}') == PARSE.rstrip(": ")
    assert (
        cause("frame: frame version 9; this build reads version 1")
        == "frame: frame version 9; this build reads version 1"
    )


def test_what_a_schema_says_is_told_apart_word_by_word() -> None:
    reasons = [f"schema: {field}: must satisfy {limit}" for field in ("item1", "item2") for limit in ("enum [1]", "x")]
    assert len({fingerprint("shop", "signup", reason) for reason in reasons}) == 4
