"""Do not track, over a real socket: what reaches Redis of a visitor who asks for it."""

from typing import Any

import orjson
import pytest

from ingest_api import frame
from ingest_api.event import Event
from ingest_api.projects.projects import Projects, Settings
from ingest_api.rules import do_not_track
from tests.ingest_api.conftest import Door
from tests.ingest_api.events import draft

pytestmark = pytest.mark.stack

WHO = {"user_id": "u-s3cret", "client_id": "c-s3cret", "session_id": "s-s3cret"}
EVENT = {
    "event_type": "signup",
    "occurred_at": "2025-12-22T10:30:00Z",
    "url": "https://x/",
    "ip": "203.0.113.7",
    "user_agent": "Agent-s3cret",
    **WHO,
    "data": {"plan": "pro", "n": 1.50, "user_id": "u-s3cret"},
}
IDENTIFY = {
    "type": "identify",
    "payload": {"website": "site_abc123", "id": "u-s3cret", "data": {"email": "a-s3cret@b.example"}},
}


async def sent(
    door: Door, body: Any, headers: dict[str, str], path: str = "/v1/events", *, honoured: bool = True
) -> Event:
    """What lies in Redis of an event, with the project set so before the front door hears of it."""
    await Projects(door.redis).update("demo", Settings(do_not_track=honoured))
    known = {"Authorization": f"Bearer {door.write_key}", "User-Agent": "Header-s3cret"}
    async with door.client.post(path, data=orjson.dumps(body), headers={**known, **headers}) as answer:
        assert answer.status == 200
    ((event,),) = [frame.decode(entry[b"f"]) for entry in await door.frames()]
    assert isinstance(event, Event)
    return event


@pytest.mark.parametrize("header", ["DNT", "dnt", "Sec-GPC"])
async def test_nothing_that_tells_a_visitor_apart_is_written_and_the_event_counts(door: Door, header: str) -> None:
    event = await sent(door, EVENT, {header: "1"})
    assert (event.name, event.url, event.properties) == ("signup", "https://x/", b'{"plan":"pro","n":1.5}')
    assert [getattr(event, name) for name in (*WHO, "ip", "user_agent")] == [""] * 5
    for entry in await door.frames():
        assert not any(b"s3cret" in value for value in entry.values())


async def test_the_connection_is_not_written_either(door: Door) -> None:
    event = await sent(door, {**EVENT, "ip": "", "user_agent": ""}, {"DNT": "1"})
    assert (event.ip, event.user_agent) == ("", "")


async def test_who_the_visitor_is_was_all_that_an_identify_said(door: Door) -> None:
    event = await sent(door, IDENTIFY, {"Sec-GPC": "1"}, "/push/hardal")
    assert (event.kind, event.user_id, event.properties) == ("identify", "", b"{}")


@pytest.mark.parametrize(
    ("honoured", "headers"), [(False, {"DNT": "1", "Sec-GPC": "1"}), (True, {}), (True, {"DNT": "0", "Sec-GPC": ""})]
)
async def test_without_the_setting_or_the_wish_events_are_written_as_they_came(
    door: Door, honoured: bool, headers: dict[str, str]
) -> None:
    event = await sent(door, EVENT, headers, honoured=honoured)
    assert {name: getattr(event, name) for name in WHO} == WHO
    assert (event.ip, event.user_agent) == ("203.0.113.7", "Agent-s3cret")


@pytest.mark.parametrize("raw", [b'{"n": 1.50, "o":{"user_id":1}}', b"{}", b"{broken"])
def test_properties_without_a_name_for_the_visitor_stay_as_they_came(raw: bytes) -> None:
    one = draft(properties=raw, user_id="u")
    do_not_track.forget(one)
    assert (one.properties, one.user_id) == (raw, "")
