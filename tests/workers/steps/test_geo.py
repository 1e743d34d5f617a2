"""Places of events."""

from dataclasses import replace
from os import pathsep
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.event import Event
from tests.workers.entries import batch, event
from tests.workers.test_places import ASN, CITY
from workers.places import Place
from workers.reference import Reference
from workers.steps.geo import geo

REFERENCE = Reference(geo=(pathsep.join((CITY, ASN)), 1))
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SWEDISH, BRITISH = "89.160.20.112", "2.125.160.216"


def visit(ip: str = SWEDISH, user_agent: str = BROWSER, country: str = "") -> Event:
    """An event that a person sent."""
    return event(ip=ip, user_agent=user_agent, country=country)


def places(*events: Event, reference: Reference = REFERENCE) -> list[Place]:
    """The derived columns, event by event."""
    one = batch(list(events))
    geo(one, reference)
    assert set(one.derived) == set(Place._fields)
    return [Place(*row) for row in zip(*(one.derived[name] for name in Place._fields), strict=True)]


def test_an_event_gets_the_place_of_its_address() -> None:
    assert places(visit(), visit(ip=BRITISH), visit(ip="::ffff:" + BRITISH), visit(ip="10.0.0.1"), visit(ip="")) == [
        Place("SE", "SE-E", "Linköping", 29518, "Bredband2 AB"),
        Place("GB", "GB-ENG", "Boxford"),
        Place("GB", "GB-ENG", "Boxford"),
        Place(),
        Place(),
    ]


def test_the_country_that_the_client_says_holds_and_region_and_city_must_lie_in_it() -> None:
    assert places(visit(country="SE"), visit(country="NO"), visit(country="NO", ip="10.0.0.1")) == [
        Place("SE", "SE-E", "Linköping", 29518, "Bredband2 AB"),
        Place("NO", "", "", 29518, "Bredband2 AB"),
        Place("NO"),
    ]


def test_what_a_server_sends_has_no_place_but_the_one_it_says() -> None:
    tool = "python-requests/2.32.3"
    assert places(visit(user_agent=tool), visit(user_agent=""), visit(user_agent=tool, country="FR")) == [
        Place(),
        Place(),
        Place("FR"),
    ]


def test_without_a_database_the_country_alone_is_derived() -> None:
    assert places(visit(), visit(ip=BRITISH), reference=Reference()) == [Place("SE"), Place("GB")]


def test_a_database_that_is_gone_leaves_the_country(tmp_path: Path) -> None:
    gone = Reference(geo=(str(tmp_path / "gone.mmdb"), 1))
    assert places(visit(), reference=gone) == [Place("SE")]


def test_a_process_that_is_told_the_reference_derives_the_same() -> None:
    told = msgspec.msgpack.decode(msgspec.msgpack.encode(REFERENCE), type=Reference)
    events = [visit(), visit(ip=BRITISH, country="IE"), visit(user_agent="curl/8.5.0")]
    assert places(*events, reference=told) == places(*events)


def test_no_events_give_empty_columns() -> None:
    empty = replace(batch([event()]), events=[], positions=[])
    geo(empty, REFERENCE)
    assert {name: list(column) for name, column in empty.derived.items()} == {name: [] for name in Place._fields}


@given(st.text() | st.ip_addresses().map(str) | st.from_regex(r"[0-9a-f:.%/]{0,60}", fullmatch=True), st.text())
def test_any_text_as_address_and_country_makes_a_row(ip: str, country: str) -> None:
    one = batch([event()])
    one.events = [visit(ip=ip, country=country)]
    geo(one, REFERENCE)
    [asn], [said] = one.derived["asn"], one.derived["country"]
    assert 0 <= asn < 2**32
    assert said == country or not country
