"""Addresses taken apart."""

import pytest

from tests.workers.entries import batch, event
from workers.reference import Reference
from workers.steps.page import CLICK_IDS, UTM, page, plain


def parts(url: str, referrer: str = "") -> dict[str, str]:
    """The columns of one event."""
    one = batch([event(1, url=url, referrer=referrer)])
    page(one, Reference())
    return {name: values[0] for name, values in one.derived.items()}


@pytest.mark.parametrize(
    ("url", "host", "path", "query"),
    [
        ("https://Shop.Example.com:8443/products?page=2#top", "shop.example.com", "/products", "page=2"),
        ("https://example.com", "example.com", "", ""),
        ("https://example.com?a=b?c=d", "example.com", "", "a=b?c=d"),
        ("https://example.com./a", "example.com", "/a", ""),
        ("https://münchen.example/straße", "münchen.example", "/straße", ""),
        ("//cdn.example.com/a", "cdn.example.com", "/a", ""),
        (" https://example.com/a", "example.com", "/a", ""),
        ("/products", "", "/products", ""),
        ("/go?to=https://elsewhere.example/", "", "/go", "to=https://elsewhere.example/"),
        ("/go/https://elsewhere.example/", "", "/go/https://elsewhere.example/", ""),
        ("app://screen/home", "screen", "/home", ""),
        ("https://example.com/#/settings?tab=1", "example.com", "/", ""),
        ("http://[2001:DB8::1]:80/a", "2001:db8::1", "/a", ""),
        ("http://[::1", "", "", ""),
        ("http://user:secret@example.com/a", "example.com", "/a", ""),
        ("", "", "", ""),
    ],
)
def test_a_url_gives_its_host_path_and_query_or_nothing(url: str, host: str, path: str, query: str) -> None:
    said = parts(url, referrer=url)
    assert (said["host"], said["path"], said["query"], said["referrer_host"]) == (host, path, query, host)


def test_a_url_that_is_too_long_to_be_remembered_is_parsed_all_the_same() -> None:
    long = "https://example.com/" + "a" * 1000
    said = parts(long + "?utm_source=x", referrer=long)
    assert (said["host"], said["utm_source"], said["referrer_host"]) == ("example.com", "x", "example.com")


def test_campaign_tags_are_kept_as_they_were_meant() -> None:
    said = parts(
        "/?id=1&utm_source=Google&utm_medium=%20CPC+&utm_campaign=Herbst%202026&utm_term=rote+Schuhe&utm_content="
    )
    assert [said[name] for name in UTM] == ["Google", "CPC", "Herbst 2026", "rote Schuhe", ""]


def test_the_first_of_equal_tags_counts() -> None:
    assert parts("/?utm_source=&utm_source=a&UTM_SOURCE=b")["utm_source"] == "a"


@pytest.mark.parametrize("name", CLICK_IDS)
def test_a_click_is_known_by_the_name_of_its_parameter_alone(name: str) -> None:
    said = parts(f"https://example.com/?a=b&{name.upper()}=secret&fbclid=later")
    assert said["click_id"] == name
    assert "secret" not in [value for column, value in said.items() if column != "query"]


@pytest.mark.parametrize("query", ["gclid", "gclid=", "xgclid=1", "q=gclid", "utm_source", "=", "&&", "utm_sourcex=1"])
def test_what_only_looks_like_a_tag_is_none(query: str) -> None:
    said = parts(f"https://example.com/?{query}")
    assert [said[name] for name in (*UTM, "click_id")] == [""] * (len(UTM) + 1)


def test_parameters_beyond_the_hundredth_are_not_looked_at() -> None:
    assert parts("/?" + "a=b&" * 99 + "utm_source=seen")["utm_source"] == "seen"
    assert parts("/?" + "a=b&" * 100 + "utm_source=unseen")["utm_source"] == ""


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("a+b%2Bc", "a b+c"),
        ("%C3%A9", "é"),
        ("%FF", "\N{REPLACEMENT CHARACTER}"),
        ("%zz", "%zz"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_value_is_decoded_and_bounded(value: str, meant: str) -> None:
    assert plain(value) == meant


def test_the_columns_run_in_step_with_the_events() -> None:
    many = batch([event(1, url="https://a.example/1"), event(2), event(3, url="https://b.example/2?utm_source=c")])
    page(many, Reference())
    assert list(many.derived["host"]) == ["a.example", "", "b.example"]
    assert list(many.derived["utm_source"]) == ["", "", "c"]
