"""Times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api import moment


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2025-12-22T10:30:00Z", 1_766_399_400_000),
        ("2025-12-22T12:30:00+02:00", 1_766_399_400_000),
        ("2025-12-22T10:30:00", 1_766_399_400_000),
        ("2025-12-22 10:30:00.123456Z", 1_766_399_400_123),
        ("2025-12-22", 1_766_361_600_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
    ],
)
def test_iso_8601_is_read_to_the_millisecond(text: str, ms: int) -> None:
    assert moment.parse(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2025-02-30T00:00:00Z",
        "2025-12-22T24:00:01Z",
        "2025-12-22T10:30:60Z",
        "2025-12-22T10:30:00+25:00",
        "0000-01-01T00:00:00Z",
        "1766399400000",
        "22.12.2025",
        "2025-12-22T10:30:00Z ",
        "\u0662\u0660\u0662\u0665-12-22T10:30:00Z",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert moment.parse(text) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert moment.parse(text) is None or isinstance(moment.parse(text), int)


@given(st.integers(0, 10_000_000_000_000))
def test_text_and_back_loses_only_the_fraction(ms: int) -> None:
    assert moment.parse(moment.text(ms)) == ms - ms % 1000


TIMES = st.datetimes().map(lambda one: f"{one.isoformat()}Z") | st.sampled_from(
    [
        "2025-12-22T10:30:00",
        "2025-12-22 10:30:00Z",
        "2025-W52-1T10:30:00Z",
        "0001-01-01T00:00:00+01:00",
        "2025-12-22T",
        "",
    ]
)


@given(st.lists(TIMES, max_size=4))
def test_many_are_read_as_each_would_be_alone(texts: list[str]) -> None:
    assert list(moment.parse_all(texts)) == [moment.parse(text) for text in texts]
