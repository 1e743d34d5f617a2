"""Hosts and tags, and the file of the sources itself."""

import importlib.resources
import re
import tomllib

import pytest

from workers.sources import Source, bare, by_host, by_tag, clicks
from workers.steps.page import CLICK_IDS

FILE = tomllib.loads((importlib.resources.files("workers") / "sources.toml").read_text("utf-8"))
SECTIONS = [names for section, names in FILE.items() if section != "clicks"]
NAMES = [(name, text) for names in SECTIONS for name in names for text in names[name]]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("google.com", "Google"),
        ("www.google.com.tr", "Google"),
        ("google.co.uk", "Google"),
        ("docs.google.com", None),
        ("gemini.google.com", "Gemini"),
        ("google.com.evil.example", None),
        ("google", "Google"),
        ("de-de.facebook.com", "Facebook"),
        ("facebook.com.evil.example", None),
        ("m.me", "Messenger"),
        ("m.youtube.com", "YouTube"),
        ("blog.yahoo.com", None),
        ("fr.search.yahoo.com", "Yahoo!"),
        ("search.yahoo.co.jp", "Yahoo! JAPAN"),
        ("com", None),
        ("co.uk", None),
        ("", None),
        ("..", None),
    ],
)
def test_a_host_belongs_to_the_source_that_names_it_most_closely(host: str, name: str | None) -> None:
    found = by_host(host)
    assert (found.name if found else None) == name


def test_a_web_mail_of_anybody_is_mail() -> None:
    assert by_host("webmail2.example.org") == Source("webmail2.example.org", "email")
    assert by_host("mailorder.example.org") is None


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("google", Source("Google", "search")),
        ("www.google.de", Source("Google", "search")),
        ("hacker-news", Source("Hacker News", "social")),
        ("threads", Source("Threads", "social")),
        ("fb", Source("Facebook", "social")),
        ("facebook_ads", Source("Facebook", "social", paid=True)),
        ("google ads", Source("Google", "search", paid=True)),
        ("gads", Source("Google", "search", paid=True)),
        ("adwords", Source("Google", "search", paid=True)),
        ("leads", None),
        ("ads", None),
        ("somebody", None),
        ("", None),
    ],
)
def test_a_tag_names_a_source_however_it_is_written(tag: str, found: Source | None) -> None:
    assert by_tag(tag) == found


def test_every_name_of_the_file_leads_to_its_source() -> None:
    led = [(name, by_tag(text.removeprefix("=").replace(".*", ".de"))) for name, text in NAMES]
    assert [name for name, found in led if found is None or found.name != name] == []


def test_no_name_stands_for_two_sources() -> None:
    texts = [text.removeprefix("=") for _, text in NAMES]
    assert sorted({text for text in texts if texts.count(text) > 1}) == []


def test_every_name_is_written_as_it_is_looked_up() -> None:
    assert [text for _, text in NAMES if not re.fullmatch(r"=?[a-z0-9-]+(\.[a-z0-9_-]+)*(\.\*)?", text)] == []
    assert [text for _, text in NAMES if "." not in text and re.search("[ _-]", text)] == []
    assert [text for _, text in NAMES if bare(text) != text] == []


def test_the_click_ids_of_the_page_are_those_of_the_file() -> None:
    assert set(clicks()) == set(CLICK_IDS)
    assert (clicks()["gclid"].paid, clicks()["fbclid"].paid) == (True, False)
