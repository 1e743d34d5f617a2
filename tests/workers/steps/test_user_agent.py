"""User agents that a person read, and what holds for any text."""

import os
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

import aiohttp.http
import pytest
import requests.utils
import yaml  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.entries import batch, event
from workers.reference import Reference
from workers.steps import user_agent as step
from workers.steps.user_agent import READ_CHARS, is_tool, readable, user_agent

CASES = tomllib.loads(Path(__file__).with_name("corpora").joinpath("user_agents.toml").read_text("utf-8"))["cases"]
SAID = ("browser", "browser_version", "os", "os_version", "device_type")
#: what such texts are made of, and what no header should hold
TEXT = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=[]), max_size=700),
    st.lists(st.sampled_from([case["user_agent"] for case in CASES]), max_size=3).map(" ".join),
    st.text("Mozila/5.0 (Androidbt;) Chrome/9+http:", max_size=80),
)


def said(*agents: str, device_type: str = "") -> dict[str, list[str]]:
    """The columns of events with these user agents; no entry could carry some of them."""
    one = batch([event(number, device_type=device_type) for number, _ in enumerate(agents)])
    one.events = [event(number, user_agent=agent, device_type=device_type) for number, agent in enumerate(agents)]
    user_agent(one, Reference())
    return {name: list(values) for name, values in one.derived.items()}


@pytest.mark.parametrize("case", CASES, ids=[case["user_agent"][:60] for case in CASES])
def test_a_user_agent_says_what_a_person_reads_in_it(case: dict[str, str]) -> None:
    assert said(case["user_agent"]) == {name: [case.get(name, "")] for name in SAID}
    assert is_tool(case["user_agent"]) == case.get("tool", False)


def test_the_table_has_every_type_of_device_and_many_of_each_kind() -> None:
    types = {case.get("device_type", "") for case in CASES}
    assert types == {"", "desktop", "mobile", "tablet", "tv", "console", "wearable"}
    assert len(CASES) >= 60
    assert sum("tool" in case for case in CASES) >= 25


def test_the_columns_run_in_step_with_the_events() -> None:
    agents = [case["user_agent"] for case in CASES]
    derived = said(*agents, *agents)
    for name in SAID:
        assert derived[name] == [case.get(name, "") for case in (*CASES, *CASES)]
    assert said() == {name: [] for name in SAID}


def test_the_device_type_that_the_client_gave_stays() -> None:
    phone = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36"
    assert said(phone, "curl/8.14.1", device_type="kiosk")["device_type"] == ["kiosk", "kiosk"]
    assert said(phone, "curl/8.14.1")["device_type"] == ["mobile", ""]


@pytest.mark.parametrize(
    "agent",
    [
        requests.utils.default_user_agent(),
        dict(urllib.request.OpenerDirector().addheaders)["User-agent"],
        aiohttp.http.SERVER_SOFTWARE,
        "  ",
        "CURL/8.14.1",
        "python-requests/2.32.5 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ],
)
def test_libraries_are_tools_as_they_name_themselves(agent: str) -> None:
    assert is_tool(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "curlew/1.0",
        "Rubyfruit/2",
        "nodejs-shop",
        "Going/3.0",
        "Shop/2.0 okhttp/4.12.0",
        "Mint Browser/3.9",
        "-",
        "Javascript",
    ],
)
def test_an_app_whose_name_begins_like_a_tool_is_none(agent: str) -> None:
    assert not is_tool(agent)


def test_what_follows_the_first_512_characters_is_not_read() -> None:
    long = f"Shop/1.0 {'x' * READ_CHARS}"
    assert said(f"{long} (iPad; CPU OS 18_5 like Mac OS X)") == said(long)
    assert said(f"{long[: READ_CHARS - 5]} iPad")["device_type"] == ["tablet"]


def test_names_and_versions_are_short_whoever_wrote_them() -> None:
    derived = said(f"{'x' * 150}-iPhone/{'9' * 90}.{'8' * 90} CFNetwork/3826", "Chrome/1234567890.1234567890.1")
    assert {name: max(map(len, values)) for name, values in derived.items() if "browser" in name} == {
        "browser": 64,
        "browser_version": 16,
    }


@given(st.lists(TEXT, max_size=4))
def test_any_text_is_read_and_always_in_the_same_way(agents: list[str]) -> None:
    derived = said(*agents)
    assert {name: len(values) for name, values in derived.items()} == dict.fromkeys(SAID, len(agents))
    assert said(*readable(agents)) == derived
    step._read.cache_clear()
    assert said(*agents) == derived
    assert all(len(text) <= READ_CHARS and text.isascii() for text in readable(agents))
    assert [is_tool(agent) for agent in readable(agents)] == [is_tool(agent) for agent in agents]


@pytest.mark.parametrize(("file", "column"), [("test_ua.yaml", "browser"), ("test_os.yaml", "os")])
def test_every_case_of_uap_core_gives_the_name_and_the_version_that_it_must(file: str, column: str) -> None:
    checkout = Path(os.environ.get("HEADRACE_UAP_CORE", "uap-core"))
    if not checkout.is_dir():
        pytest.skip("HEADRACE_UAP_CORE names no checkout of uap-core; no package carries its cases")
    known: list[dict[str, Any]] = yaml.safe_load((checkout / "tests" / file).read_text("utf-8"))["test_cases"]
    cases = [case for case in known if len(case["user_agent_string"]) <= READ_CHARS]
    found = said(*(case["user_agent_string"] for case in cases))
    wrong = [
        (case, name, version)
        for case, name, version in zip(cases, found[column], found[f"{column}_version"], strict=True)
        if name != ("" if case["family"] == "Other" else case["family"]) or version != _version(case)
    ]
    assert wrong == []
    assert len(cases) > 400


def _version(case: dict[str, Any]) -> str:
    major, minor = case["major"], case["minor"]
    return (f"{major}.{minor}" if major and minor else major or "")[:16]
