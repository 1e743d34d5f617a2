"""The rules that are equal for all dialects."""

import uuid
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.errors import Reason, Refusal
from ingest_api.projects.projects import Project
from ingest_api.rules import normalise
from ingest_api.rules.normalise import Stamped
from tests.ingest_api.events import NOW, context, draft, stamped


def refused(**fields: Any) -> Refusal:
    refusal = normalise.check(draft(**fields), context())
    assert refusal is not None
    return refusal


def test_equal_keys_of_a_project_give_equal_ids_and_others_do_not() -> None:
    first, again, other = stamped(key="a", number=1), stamped(key="a", number=2), stamped(key="b")
    assert first.event.event_id == again.event.event_id != other.event.event_id
    elsewhere = normalise.normalise(draft(key="a"), context(Project("other", (), NOW)), 1)
    assert isinstance(elsewhere, Stamped)
    assert elsewhere.event.event_id != first.event.event_id


def test_ids_are_uuids_of_their_version() -> None:
    keyed, unkeyed = stamped(key="a"), stamped(number=2**74 - 1)
    assert uuid.UUID(bytes=keyed.event.event_id).version == 8
    seven = uuid.UUID(bytes=unkeyed.event.event_id)
    assert (seven.version, seven.variant) == (7, uuid.RFC_4122)
    assert int.from_bytes(unkeyed.event.event_id[:6], "big") == NOW


@given(st.sets(st.integers(0, 2**74 - 1), max_size=20))
def test_different_numbers_give_different_ids_in_one_millisecond(numbers: set[int]) -> None:
    ids = {normalise.unkeyed_id(NOW, number) for number in numbers}
    assert len(ids) == len(numbers)


def test_a_missing_time_is_the_time_of_receipt() -> None:
    assert stamped().event.occurred_at == NOW
    assert stamped(occurred_at=NOW - 5000).event.occurred_at == NOW - 5000


@pytest.mark.parametrize("name", ["", "a" * 256, "a\nb", "a\x00", "a\u2028b"])
def test_a_name_is_short_and_printable(name: str) -> None:
    refusal = refused(name=name)
    assert refusal.reason is Reason.INVALID_FIELD
    assert refusal.details[0].field == "name"


def test_every_wrong_field_is_named() -> None:
    refusal = refused(name="", key="k" * 256, user_id="a\nb", url="u" * 9000, site_id="foreign", properties=b"[")
    assert [detail.field for detail in refusal.details] == [
        "name", "key", "properties", "user_id", "url", "site_id",
    ]  # fmt: skip


@pytest.mark.parametrize("ahead_ms", [86_400_001, 10**12])
def test_a_time_too_far_ahead_is_refused(ahead_ms: int) -> None:
    assert refused(occurred_at=NOW + ahead_ms).reason is Reason.INVALID_TIME
    assert normalise.check(draft(occurred_at=NOW + 86_400_000), context()) is None


def test_a_time_before_1970_or_beyond_the_window_is_refused() -> None:
    assert refused(occurred_at=-1).reason is Reason.INVALID_TIME
    narrow = context(past_days=30)
    assert normalise.check(draft(occurred_at=NOW - 31 * 86_400_000), narrow) is not None
    assert normalise.check(draft(occurred_at=NOW - 30 * 86_400_000), narrow) is None


def test_an_event_larger_than_the_limit_is_refused() -> None:
    assert refused(raw=b"x" * 262_145).reason is Reason.EVENT_TOO_LARGE


@pytest.mark.parametrize("properties", [b'{"a":1e999}', b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'{"a":1}x'])
def test_properties_that_strict_json_refuses_are_refused(properties: bytes) -> None:
    assert refused(properties=properties).details[0].field == "properties"


def test_nesting_is_bounded_and_width_is_not() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' * depth + b"1" + b"}" * depth

    assert normalise.check(draft(properties=nested(32)), context()) is None
    assert "nested" in refused(properties=nested(33)).details[0].message
    wide = orjson.dumps({str(i): [] for i in range(500)})
    assert normalise.check(draft(properties=wide), context()) is None


def test_a_key_that_is_a_uuid_is_the_id_in_either_case() -> None:
    key = "0f3f6f9b-9f0b-4c8d-9f18-5b6a9d9d2d41"
    lower, upper = stamped(key=key), stamped(key=key.upper())
    assert lower.event.event_id == upper.event.event_id == uuid.UUID(key).bytes
    assert lower.digest == upper.digest
    assert stamped(key=key.replace("-", "")).event.event_id != uuid.UUID(key).bytes


@pytest.mark.parametrize("name", ["\u00a0", "\U0001f468\u200d\U0001f469", "\u202etxt", "x" * 255])
def test_a_name_without_control_characters_is_taken_whatever_its_script(name: str) -> None:
    assert normalise.check(draft(name=name), context()) is None


def test_a_project_narrows_the_window_and_never_widens_it() -> None:
    month_ago = NOW - 31 * 86_400_000
    narrow, wide = Project("demo", (), NOW, past_days=7), Project("demo", (), NOW, past_days=365)
    assert normalise.check(draft(occurred_at=month_ago), context(narrow)) is not None
    assert normalise.check(draft(occurred_at=month_ago), context(wide)) is None
    refusal = normalise.check(draft(occurred_at=month_ago), context(wide, recent_only=True))
    assert refusal is not None
    assert refusal.details[0].message == "is more than 30 days ago"


def test_a_site_that_was_left_out_is_the_first_of_the_project() -> None:
    assert stamped(first_site=True).event.site_id == "site_abc123"
    bare = normalise.normalise(draft(first_site=True), context(Project("demo", (), NOW)), 1)
    assert isinstance(bare, Stamped)
    assert bare.event.site_id == ""


def test_the_connection_speaks_for_the_visitor_unless_a_server_passes_one_on() -> None:
    def who(**fields: Any) -> tuple[str, str]:
        event = stamped(**fields).event
        return event.ip, event.user_agent

    assert who() == ("127.0.0.1", "test")
    assert who(ip="203.0.113.7", user_agent="Mozilla/5.0") == ("203.0.113.7", "Mozilla/5.0")
    assert who(ip="203.0.113.7") == ("203.0.113.7", "")
    assert who(user_agent="Mozilla/5.0") == ("", "Mozilla/5.0")


@given(st.text(min_size=1, max_size=40) | st.uuids().map(str))
def test_the_digest_of_a_key_is_among_those_of_its_id_and_all_of_a_list_meet_in_a_shard(key: str) -> None:
    event_id, digest = normalise.keyed("shop", key)
    known = normalise.digests("shop", event_id)
    assert any(digest in some for some in known)
    assert all(len({one[-4:] for one in some}) == 1 for some in known)
