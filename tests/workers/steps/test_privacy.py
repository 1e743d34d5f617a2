"""What a project does not want leaves the batch: its events, and what was rejected of them."""

from typing import Any

import msgspec
import orjson
import pytest

from ingest_api.event import Event
from ingest_api.projects.project import Ip, Project
from tests.workers.entries import batch, event
from workers.archives.line import encode
from workers.batch import Batch, Position, Rejected, set_aside
from workers.pipeline import STEPS
from workers.reference import Reference
from workers.row import COLUMNS, columns
from workers.steps.page import page
from workers.steps.privacy import kept, privacy

IP = "203.0.113.77"
NOWHERE = Position(1000, 0, 0)
LISTS = {"drop_properties": ("card",), "hash_properties": ("email", "customer.email")}


def reference(**settings: Any) -> Reference:
    """The project `demo` with these settings, and `plain` with none."""
    projects = {"demo": Project("demo", (), 0, **settings), "plain": Project("plain", (), 0)}
    return Reference(projects=projects, secret=b"s" * 32)


def cleared(*events: Event, **settings: Any) -> Batch:
    """A batch behind the step."""
    one = batch(list(events))
    known = reference(**settings)
    page(one, known)
    privacy(one, known)
    return one


def row(one: Batch, number: int = 0) -> dict[str, Any]:
    """What is stored of an event, by column."""
    return dict(zip(COLUMNS, (column[number] for column in columns(one)), strict=True))


def event_of(rejected: Rejected) -> Event:
    """What may be put back."""
    return msgspec.msgpack.decode(rejected.raw, type=Event)


@pytest.mark.parametrize(
    ("policy", "ip", "stored"),
    [
        ("drop", IP, ""),
        ("keep", IP, IP),
        ("truncate", IP, "203.0.113.0"),
        ("truncate", "203.0.113.0", "203.0.113.0"),
        ("truncate", "2001:db8:1:2:3::4", "2001:db8:1::"),
        ("truncate", "::ffff:203.0.113.77", "203.0.113.0"),
        ("truncate", "no address", ""),
        ("truncate", "", ""),
        ("anything else", IP, ""),
    ],
)
def test_an_address_is_kept_as_the_project_wants_it(policy: str, ip: str, stored: str) -> None:
    assert kept(ip, policy) == stored


@pytest.mark.parametrize(("policy", "stored"), [("drop", ""), ("truncate", "203.0.113.0"), ("keep", IP)])
def test_each_project_has_its_way_in_one_batch(policy: Ip, stored: str) -> None:
    one = cleared(event(1, ip=IP), event(2, ip=IP, project="plain"), event(3, ip=IP, project="gone"), ip=policy)
    assert [row(one, number)["ip"] for number in range(3)] == [stored, "", ""]


def test_listed_properties_are_hashed_or_gone_and_those_of_other_projects_stay() -> None:
    given = b'{"email":"a@b.example","card":"4111","n":1.50,"customer":{"email":"a@b.example","plan":"pro"}}'
    one = cleared(event(1, properties=given), event(2, properties=given, project="plain"), **LISTS)
    found = orjson.loads(row(one)["properties"])
    assert found["email"].startswith("hr1:")
    assert found["customer"]["email"].startswith("hr1:")
    assert (found["n"], found["customer"]["plan"], "card" in found) == (1.5, "pro", False)
    assert row(one, 1)["properties"] == given.decode()


def test_listed_names_lose_their_values_in_addresses_and_what_was_made_of_them() -> None:
    url = "https://x/p?email=a@b.example&utm_term=t&n=1"
    events = [event(1, url=url, referrer="https://y/?card=4111"), event(2, url=url, project="plain")]
    one = cleared(*events, drop_properties=("card", "utm_term"), hash_properties=("email",))
    found, other = row(one), row(one, 1)
    assert (found["url"], found["referrer"]) == ("https://x/p?email=&utm_term=&n=1", "https://y/?card=")
    assert (found["query"], found["utm_term"], found["path"]) == ("email=&utm_term=&n=1", "", "/p")
    assert (other["url"], other["query"], other["utm_term"]) == (url, "email=a@b.example&utm_term=t&n=1", "t")


def test_a_project_that_lists_nothing_has_its_events_as_they_came() -> None:
    one = cleared(event(1, properties=b'{"email": 1}', url="https://x/?email=a", ip=IP))
    assert {"properties", "url", "referrer"} & one.derived.keys() == set()
    assert row(one)["properties"] == '{"email": 1}'


def test_rejected_events_are_cleared_like_stored_ones() -> None:
    one = batch([])
    given = event(1, ip=IP, properties=b'{"email":"a@b.example","n":1}', url="https://x/?card=4111")
    one.rejected = [set_aside(given, NOWHERE, "why")]
    privacy(one, reference(ip="truncate", **LISTS))
    (found,) = one.rejected
    again = event_of(found)
    assert (again.ip, again.url, again.event_id) == ("203.0.113.0", "https://x/?card=", given.event_id)
    assert orjson.loads(again.properties)["email"].startswith("hr1:")
    assert b"a@b.example" not in found.raw
    assert found.reason == "why"


def test_an_event_that_was_rejected_and_comes_again_is_not_hashed_twice() -> None:
    known = reference(**LISTS)
    given = event(1, properties=b'{"email":"a@b.example"}')
    first = batch([given])
    privacy(first, known)
    rejected = batch([])
    rejected.rejected = [set_aside(given, NOWHERE, "why")]
    privacy(rejected, known)
    again = batch([event_of(rejected.rejected[0])])
    privacy(again, known)
    assert again.derived["properties"] == first.derived["properties"]


def test_what_was_rejected_and_cannot_be_read_stays_as_it_came() -> None:
    one = batch([])
    unread = [
        Rejected(NOWHERE, "event: ...", b"\xc1"),
        Rejected(NOWHERE, "frame: ...", msgspec.msgpack.encode(event(1, ip=IP)), kind="frame"),
    ]
    one.rejected = list(unread)
    privacy(one, reference(**LISTS))
    assert one.rejected == unread


def test_properties_that_cannot_be_read_are_not_stored_where_a_project_lists_any() -> None:
    one = cleared(event(1, properties=b'{"email":'), event(2), event(3, properties=b"{", project="plain"), **LISTS)
    assert [row.event_id[-1] for row in one.events] == [2, 3]
    (found,) = one.rejected
    assert found.reason.startswith("privacy: the properties cannot be read: ")
    assert event_of(found).properties == b"{}"


def test_the_archive_gets_no_more_than_is_stored() -> None:
    given = event(1, ip=IP, properties=b'{"email":"a@b.example"}', url="https://x/?card=4111")
    one = cleared(given, ip="truncate", **LISTS)
    one.rejected = [set_aside(event(2, ip=IP), NOWHERE, "why")]
    privacy(one, reference(ip="truncate", **LISTS))
    text = b"".join(line for _, line in encode(one))
    assert not [value for value in (IP.encode(), b"a@b.example", b"4111") if value in text]
    assert text.count(b"203.0.113.0") == 1


def test_it_comes_last_when_everybody_has_looked_at_the_address() -> None:
    names = [name for name, _ in STEPS]
    assert names[-1] == "privacy"
    assert {"geo", "visitor", "page"} < set(names[:-1])
