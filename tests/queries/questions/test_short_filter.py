"""Filters as a query string has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queries.errors import Refused
from queries.questions import filters, short_filter


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("country==DE", ["is", "country", ["DE"]]),
        ("country==", ["is", "country", [""]]),
        ("country!=DE|AT", ["is_not", "country", ["DE", "AT"]]),
        ("page~=/blog", ["contains", "page", ["/blog"]]),
        ("page!~a=b", ["contains_not", "page", ["a=b"]]),
        ("properties.price>=10", ["gte", "properties.price", 10]),
        ("properties.price<-2.5", ["lt", "properties.price", -2.5]),
        ("properties.a b==c>d", ["is", "properties.a b", ["c>d"]]),
        ("hour_of_day==9|10", ["is", "hour_of_day", [9, 10]]),
        ("country==DE;page~=/a", [["is", "country", ["DE"]], ["contains", "page", ["/a"]]]),
        ('["is", "country", ["DE"]]', ["is", "country", ["DE"]]),
        ('[["is", "country", ["DE"]]]', ["is", "country", ["DE"]]),
    ],
)
def test_a_short_filter_means_what_the_long_one_does(text: str, raw: object) -> None:
    assert short_filter.parse(text) == filters.parse(raw)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        *(("", "filter"), ("country", "filter"), ("country=DE", "filter"), ("country==DE;", "filter"), ("[", "filter")),
        *(("==DE", "filter[0][1]"), ("os==a;county==DE", "filter[1][1]"), ("country>5", "filter[0]")),
        *(
            ("properties.price>cheap", "filter[0][2][0]"),
            ('["is"]', "filter"),
            ("[\ud800]", "filter"),
            ("[" * 5000, "filter"),
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, place: str) -> None:
    with pytest.raises(Refused) as refused:
        short_filter.parse(text)
    assert refused.value.message.startswith(f"{place}: ")
    assert refused.value.message.isprintable()


@given(st.text() | st.text('[]"iscountry, ') | st.text("country=!~<>;|10 "))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        short_filter.parse(text)
    except Refused as why:
        refused = why
    else:
        return
    assert (refused.status, refused.message.isprintable()) == (400, True)
