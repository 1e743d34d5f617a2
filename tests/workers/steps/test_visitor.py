"""Ids of visitors who have none: the same on one day, and on no other."""

import re
from typing import Any

import pytest

from ingest_api.event import Event
from ingest_api.projects.project import Project
from tests.workers.entries import batch, event
from workers.reference import Reference
from workers.salts import DAY_MS
from workers.steps import visitor as steps
from workers.steps.page import page
from workers.steps.visitor import visitor

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
#: noon of a day
NOON = 20_775 * DAY_MS + DAY_MS // 2
TODAY = NOON // DAY_MS
SALTS = {TODAY: b"a" * 32, TODAY + 1: b"b" * 32}


def seen(number: int = 0, **fields: Any) -> Event:
    """A page view by somebody without an id."""
    known = {"received_at": NOON, "url": "https://x/", "ip": "203.0.113.7", "user_agent": CHROME}
    return event(number, **{**known, **fields})


def ids(*events: Event, salts: dict[int, bytes] = SALTS, **settings: Any) -> list[str]:
    """What the step derives."""
    projects = {name: Project(name, (), 0, **settings) for name in ("demo", "shop")}
    reference = Reference(projects=projects, salts=salts)
    one = batch(list(events))
    page(one, reference)
    visitor(one, reference)
    return list(one.derived["visitor_id"])


def test_a_visitor_is_the_same_wherever_the_day_is_and_whoever_asks() -> None:
    first, again, late = ids(seen(1), seen(2, url="https://x/other"), seen(3, received_at=NOON + DAY_MS // 2 - 1))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first == again == late == ids(seen(4))[0]


@pytest.mark.parametrize(
    "other",
    [
        {"received_at": NOON + DAY_MS},
        {"ip": "203.0.113.8"},
        {"user_agent": CHROME.replace("142", "143")},
        {"url": "https://y/"},
        {"project": "shop"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_day_address_browser_host_or_project_is_another_visitor(other: dict[str, Any]) -> None:
    one, two = ids(seen(1), seen(2, **other))
    assert "" != one != two != ""


def test_it_is_the_day_of_receipt_that_counts() -> None:
    today, belated = ids(seen(1), seen(2, occurred_at=NOON - 3 * DAY_MS))
    assert today == belated


def test_another_salt_makes_other_ids() -> None:
    assert ids(seen(), salts={TODAY: b"a" * 32}) != ids(seen(), salts={TODAY: b"c" * 32})


@pytest.mark.parametrize(
    "fields",
    [
        {"client_id": "c"},
        {"user_id": "u"},
        {"ip": ""},
        {"user_agent": "curl/8.5.0"},
        {"user_agent": ""},
        {"received_at": NOON - DAY_MS},
        {"project": "gone"},
    ],
    ids=["client", "user", "no address", "tool", "no agent", "destroyed salt", "no project"],
)
def test_who_has_an_id_or_cannot_be_told_apart_gets_none(fields: dict[str, Any]) -> None:
    nobody, somebody = ids(seen(1, **fields), seen(2))
    assert nobody == ""
    assert somebody != ""


def test_a_project_may_do_without() -> None:
    assert ids(seen(), cookieless=False) == [""]


def test_what_is_remembered_of_a_salt_goes_with_it() -> None:
    assert ids(seen()) != [""]
    assert SALTS[TODAY] in steps._of
    assert ids(seen(), salts={}) == [""]
    assert steps._of == {}
