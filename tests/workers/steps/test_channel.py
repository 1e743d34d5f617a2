"""Addresses judged by hand, and what holds for any text."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.entries import batch, event
from workers.reference import Reference
from workers.steps.channel import channel
from workers.steps.page import CLICK_IDS, UTM, page

CASES = tomllib.loads(Path(__file__).with_name("corpora").joinpath("channels.toml").read_text("utf-8"))["cases"]
SAID = (*UTM, "click_id", "source", "channel")
CHANNELS = {
    *("", "Direct", "Cross-network", "Paid Shopping", "Paid Search", "Paid Social", "Paid Video", "Display"),
    *("Paid Other", "Organic Shopping", "Organic Social", "Organic Video", "Organic Search", "AI Assistant"),
    *("Referral", "Email", "Affiliates", "Audio", "SMS", "Mobile Push Notifications", "Unassigned"),
}
TEXT = st.one_of(
    st.text(max_size=600),
    st.text(alphabet="htps:/.?=&#@[]%+ -_wgoleutmcdirfA1é", max_size=80),
)


def judged(url: str, referrer: str) -> dict[str, str]:
    """What both steps say of one event."""
    one = batch([event(1, url=url, referrer=referrer)])
    page(one, Reference())
    channel(one, Reference())
    return {name: values[0] for name, values in one.derived.items()}


@pytest.mark.parametrize("case", CASES, ids=[case["is"] for case in CASES])
def test_an_address_has_the_source_and_channel_that_a_person_would_give_it(case: dict[str, str]) -> None:
    said = judged(case.get("url", ""), case.get("referrer", ""))
    assert {name: said[name] for name in SAID} == {name: case.get(name, "") for name in SAID}


@pytest.mark.parametrize(
    ("medium", "said"),
    [
        *[(medium, "Paid Other") for medium in ("cpc", "CPA", "ppc", "retargeting", "paid-search", "paidmedia")],
        *[(medium, "Display") for medium in ("display", "expandable", "interstitial")],
        *[(medium, "Organic Social") for medium in ("social-network", "Social Media", "sm")],
        *[(medium, "Referral") for medium in ("app", "link")],
        *[(medium, "Email") for medium in ("e_mail", "e mail", "weekly-newsletter")],
        *[(medium, "Mobile Push Notifications") for medium in ("push", "mobile-banner", "notifications")],
        *[("organic", "Organic Search"), ("affiliates", "Affiliates"), ("sms", "SMS"), ("print", "Unassigned")],
    ],
)
def test_a_medium_decides_where_the_source_is_not_known(medium: str, said: str) -> None:
    assert judged(f"https://example.com/?utm_source=somebody&utm_medium={medium}", "")["channel"] == said


@pytest.mark.parametrize(
    ("source", "said"),
    [("onesignal", "Mobile Push Notifications"), ("criteo", "Display"), ("awin", "Affiliates"), ("klaviyo", "Email")],
)
def test_a_sender_decides_where_the_medium_is_not_known(source: str, said: str) -> None:
    assert judged(f"https://example.com/?utm_source={source}&utm_medium=x", "")["channel"] == said


def test_the_corpus_is_large_and_meets_every_channel() -> None:
    assert len(CASES) >= 100
    assert {case.get("channel", "") for case in CASES} == CHANNELS


@given(url=TEXT, referrer=TEXT)
def test_no_text_is_too_odd(url: str, referrer: str) -> None:
    said = judged(url, referrer)
    assert said["channel"] in CHANNELS
    assert all(len(said[name]) <= 512 for name in ("host", "referrer_host", "source"))


@given(names=st.lists(st.sampled_from([*UTM, "ref", "source", *CLICK_IDS]), max_size=6), value=TEXT)
def test_no_tag_is_too_odd(names: list[str], value: str) -> None:
    said = judged("https://example.com/?" + "&".join(f"{name}={value}" for name in names), "")
    assert said["channel"] in CHANNELS
    assert all(len(said[name]) <= 255 for name in UTM)
    assert said["click_id"] in {"", *CLICK_IDS}


def test_the_events_of_a_batch_are_judged_each_for_itself() -> None:
    urls = ["https://a.example/", "https://a.example/?gclid=1", "", "/b"]
    many = batch([event(number, url=url) for number, url in enumerate(urls)])
    page(many, Reference())
    channel(many, Reference())
    assert list(many.derived["channel"]) == ["Direct", "Paid Search", "", "Direct"]
    assert list(many.derived["source"]) == ["", "Google", "", ""]


def test_an_empty_batch_stays_empty() -> None:
    none = batch([])
    page(none, Reference())
    channel(none, Reference())
    assert list(none.column("channel")) == []
