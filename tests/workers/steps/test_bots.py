"""Crawlers get their name, people and tools none."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.workers.entries import batch, event
from workers.reference import Reference
from workers.steps.bots import OTHER, PEOPLE, bots, patterns
from workers.steps.user_agent import is_tool

CASES = tomllib.loads(Path(__file__).with_name("corpora").joinpath("user_agents.toml").read_text("utf-8"))["cases"]
NAMES = {name for _, name in patterns()}
LISTED: list[dict[str, Any]] = json.loads(
    files("crawleruseragents").joinpath("crawler-user-agents.json").read_text("utf-8")
)


def named(*agents: str) -> list[str]:
    """The column of events with these user agents; no entry could carry some of them."""
    one = batch([event(number) for number, _ in enumerate(agents)])
    one.events = [event(number, user_agent=agent) for number, agent in enumerate(agents)]
    bots(one, Reference())
    return list(one.derived["bot"])


def test_crawlers_are_named_and_people_and_tools_are_not() -> None:
    assert dict(
        zip([case["user_agent"] for case in CASES], named(*[case["user_agent"] for case in CASES]), strict=True)
    ) == {case["user_agent"]: case.get("bot", "") for case in CASES}
    assert named() == []


def test_every_sample_of_the_list_is_a_crawler_unless_it_is_a_tool() -> None:
    samples = [
        sample
        for one in LISTED
        if "http-library" not in one["tags"] and one["pattern"] not in PEOPLE
        for sample in one["instances"]
        if not is_tool(sample)
    ]
    assert len(samples) > 1_900
    assert [sample for sample, name in zip(samples, named(*samples), strict=True) if not name] == []


def test_what_is_left_out_of_the_list_still_stands_on_it() -> None:
    assert PEOPLE - {one["pattern"] for one in LISTED} == set(), "the list has changed: take these out of PEOPLE"


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "curl/8.14.1 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Scrapbook/2.1 (+https://scrapbook.example)",
        "Zapier",
        "Mozilla/5.0 (compatible; Google-Apps-Script; beanserver; +https://script.google.com; id: UAEmdDd)",
        "shop-backend",
        "Mozilla/5.0 (Linux; Android 10; CUBOT KING KONG) AppleWebKit/537.36 Chrome/88.0.4324.152 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0 Electron/33.0 Safari/537.36 Notion/4.2.0",
    ],
)
def test_what_people_send_events_with_is_no_crawler(agent: str) -> None:
    assert named(agent) == [""]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", "SEMrushBot"),
        ("Mozilla/5.0 (compatible; Sogou web spider/4.0)", OTHER),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "yandex.com/bots"),
        ("sentry/25.1 (https://sentry.io)", "sentry"),
        ("BlogTraffic/1.4 Feed-Fetcher", "BlogTraffic"),
    ],
)
def test_a_name_is_what_the_pattern_says(agent: str, name: str) -> None:
    assert named(agent) == [name]


def test_the_names_are_few_and_such_as_a_person_writes() -> None:
    assert 1_000 < len(NAMES) < 2_500
    assert [name for name in NAMES if not 1 < len(name) <= 64 or re.search(r"[\\^$|*?\[\]]", name)] == []


@given(
    st.one_of(
        st.text(st.characters(codec=None, exclude_categories=[]), max_size=700), st.text("abot/ +htp:;()1", max_size=40)
    )
)
@example("Mozilla/5.0 (compatible; a1b2c3d4Bot/1.0)")
@example("randomname-crawler/1.0")
@example("$1/1.0 Googlebot/$2")
def test_no_text_makes_a_name_that_is_not_known(agent: str) -> None:
    assert {*named(agent)} <= {"", *NAMES}
