"""Every question is checked, and every refusal names the parameter."""

from collections.abc import Mapping
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.errors import Refused
from queries.questions.recent import Cursor
from queries.request import (
    REJECTED_PARAMETERS,
    SAMPLE_PARAMETERS,
    read_identities,
    read_ledger,
    read_recent,
    read_rejected,
)

NOW = 1_795_000_000_000
DAY = 86_400_000
RECENT = ("after", "limit", "event_type")

NASTY = (
    *("", " ", "0", "-1", "NaN", "1e309", "0x10", "true", "null", "undefined", "1/0", "9" * 5000),
    *("\x00", "\x07", "a\nb", "\u2028", "\u202etxt", "\ufeff", "\u200b", "\ud800", "\udcff"),
    *("\u0663\u0664h", "\uff11\uff12h", "24\u04bb", "²h", "🜂" * 300, "Z\u0351" * 200),
    *("' OR 1=1 --", "'; DROP TABLE events; --", "{project:String}", "%27", "\\'", "$(id)", "../../etc/passwd"),
    *("<script>alert(1)</script>", "{{7*7}}", "0001-01-01", "9999-12-31T23:59:59Z", "2026-02-30", "2026-W99-9"),
)


def ask(question: str, asked: Mapping[str, str]) -> str:
    """The message of the refusal; empty when the question was understood, which leaves the project as it was."""
    try:
        if question == "ledger":
            read_ledger(asked, NOW)
            return ""
        query = read_recent(asked, "demo", NOW)
    except Refused as refused:
        return refused.message if refused.status == 400 else f"status {refused.status}"
    assert query.project == "demo"
    return ""


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "1969-12-31T23:59:59Z"}, "from"),
        ({"from": "2300-01-01T00:00:00Z"}, "from"),
        ({"to": "tomorrow"}, "to"),
    ],
)
def test_a_time_that_is_none_is_named(asked: dict[str, str], name: str) -> None:
    assert ask("ledger", asked).startswith(f"{name}: ")


@pytest.mark.parametrize("name", ["a" * 256, "a\nb"])
def test_a_name_that_no_event_has_is_refused(name: str) -> None:
    assert ask("recent", {"event_type": name}).startswith("event_type: ")


@pytest.mark.parametrize("name", ["project", "Metric", "from ", "", "a\x00", "x" * 100])
def test_an_unknown_parameter_is_refused_with_those_that_are_known(name: str) -> None:
    message = ask("recent", {name: "1"})
    assert message.endswith(f"Known: {', '.join(sorted(RECENT))}.")
    assert message.isprintable()


def test_without_parameters_the_newest_hundred_events_are_read() -> None:
    query = read_recent({}, "demo", NOW)
    assert (query.project, query.limit, query.fresh_through, query.after) == ("demo", 100, NOW, None)


@pytest.mark.parametrize("limit", [1, 1000])
def test_a_limit_is_a_number_from_1_to_1000(limit: int) -> None:
    assert read_recent({"limit": str(limit)}, "demo", NOW).limit == limit


@pytest.mark.parametrize(
    "limit",
    ["", "0", "1001", "-1", "+1", "1.0", "1e2", " 1", "\uff11", "\xb2", "1_0", "0000010009", "000000001" + "9" * 5000],
)
def test_another_limit_is_refused(limit: str) -> None:
    assert ask("recent", {"limit": limit}).startswith("limit: ")


def test_after_takes_a_cursor() -> None:
    cursor = Cursor(NOW, 3, 0, 17)
    assert read_recent({"after": str(cursor)}, "demo", NOW).after == cursor


@pytest.mark.parametrize("after", ["", "1", "1.2.3", "1.2.3.4.5", "1.2.3.x", "1.2.3.-4", "1..3.4", "٣.1.1.1", "9" * 25])
def test_another_cursor_is_refused(after: str) -> None:
    assert ask("recent", {"after": after}).startswith("after: ")


def well_said(message: str) -> bool:
    """A refusal is one short line that any terminal can show."""
    return message.isprintable() and len(message) < 300


@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_nasty_text_is_never_worse_than_refused(value: str) -> None:
    for question, names in (("recent", RECENT), ("ledger", ("from", "to"))):
        for name in (*names, value):
            assert well_said(ask(question, {name: value}))


@given(st.sampled_from(RECENT), st.text() | st.from_regex(r"[0-9.]{1,40}"))
def test_any_text_is_answered_or_refused_in_recent_events(name: str, value: str) -> None:
    assert well_said(ask("recent", {name: value}))


@given(st.datetimes(timezones=st.timezones()))
def test_any_time_is_answered_or_refused(time: datetime) -> None:
    assert well_said(ask("ledger", {"from": time.isoformat()}))


@given(st.sampled_from(("from", "to")), st.text() | st.datetimes().map(datetime.isoformat) | st.sampled_from(NASTY))
def test_a_range_of_the_ledger_that_is_taken_is_never_longer_than_a_day(name: str, value: str) -> None:
    said = ask("ledger", {name: value})
    assert well_said(said)
    if not said:
        first, last = read_ledger({name: value}, NOW)
        assert 0 < last - first <= 24 * 60


def test_the_ledger_is_read_by_whole_minutes_and_from_an_hour_ago() -> None:
    minute = NOW // 60_000
    assert read_ledger({}, NOW) == (minute + 1 - 60, minute + 1)
    assert read_ledger({}, minute * 60_000) == (minute - 60, minute)
    asked = {"from": str(NOW - 120_001), "to": str(NOW - 1)}
    assert read_ledger(asked, NOW) == ((NOW - 120_001) // 60_000, minute + 1)
    assert read_ledger({"to": str(NOW + 9 * DAY)}, NOW) == (minute + 1 - 60, minute + 1)


@given(st.from_regex(r"0*[0-9]{1,12}", fullmatch=True))
def test_a_limit_that_is_taken_is_never_above_1000(limit: str) -> None:
    try:
        assert 1 <= read_recent({"limit": limit}, "demo", NOW).limit <= 1000
    except Refused:
        assert not 1 <= int(limit) <= 1000


def test_a_question_about_identities_names_an_anonymous_id_or_none() -> None:
    assert read_identities({}) == ("", 100)
    assert read_identities({"client_id": "c 1", "limit": "7"}) == ("c 1", 7)
    for wrong in ({"limit": "0"}, {"user_id": "x"}):
        with pytest.raises(Refused, match=next(iter(wrong))):
            read_identities(wrong)


def test_a_question_about_rejected_events_names_a_project_or_none() -> None:
    assert read_rejected({}, REJECTED_PARAMETERS) == ("", False, 100)
    assert read_rejected({}, SAMPLE_PARAMETERS) == ("", False, 5)
    asked = {"project": "shop", "redriven": "yes", "limit": "7"}
    assert read_rejected(asked, REJECTED_PARAMETERS) == ("shop", True, 7)


@pytest.mark.parametrize("asked", [{"redriven": "maybe"}, {"limit": "0"}, {"limit": "1001"}, {"site_id": "x"}])
def test_a_wrong_question_about_rejected_events_is_refused_by_name(asked: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        read_rejected(asked, REJECTED_PARAMETERS)
    assert (refused.value.status, next(iter(asked)) in refused.value.message) == (400, True)


def test_of_samples_a_hundred_are_the_most() -> None:
    assert read_rejected({"limit": "100"}, SAMPLE_PARAMETERS) == ("", False, 100)
    with pytest.raises(Refused, match="1 to 100"):
        read_rejected({"limit": "101"}, SAMPLE_PARAMETERS)
