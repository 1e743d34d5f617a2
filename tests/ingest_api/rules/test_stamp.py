"""Many drafts at once come out as they do one by one."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.errors import Reason, Refusal
from ingest_api.event import Draft
from ingest_api.projects.projects import Project
from ingest_api.rules.normalise import Context, Stamped
from ingest_api.rules.stamp import stamp
from tests.ingest_api.events import NOW, context, draft
from tests.ingest_api.json_texts import SKIMMED

DAY_MS = 86_400_000
WORDS = {"name": "event_type"}
IDS = st.sampled_from(["", "u_1", "a\nb", "x" * 255, "x" * 256, "x" * 600, "\u00a0", "caf\u00e9"])
KEYS = st.sampled_from(["", "k", "0F3F6F9B-9f0b-4c8d-9f18-5b6a9d9d2d41", "y" * 36, "k" * 300]) | st.text(max_size=40)
FIELDS = st.fixed_dictionaries(
    {"name": st.sampled_from(["signup", "signup", "", "a\x00"])},
    optional={
        "key": KEYS,
        "properties": SKIMMED.map(str.encode),
        "occurred_at": st.sampled_from([NOW, NOW - DAY_MS, NOW + DAY_MS, NOW + DAY_MS + 1, -1]) | st.none(),
        "raw": st.sampled_from([b"{}", b"x" * 9_000, b"x" * 300_000]),
        "site_id": st.sampled_from(["", "site_abc123", "foreign"]),
        "first_site": st.booleans(),
        "kind": st.sampled_from(["event", "identify"]),
        "url": st.sampled_from(["https://shop.example/", "u" * 9_000]),
        "ip": st.sampled_from(["", "203.0.113.7"]),
        **dict.fromkeys(("user_id", "client_id", "session_id", "request_id", "user_agent"), IDS),
    },
)


def made(fields: list[dict[str, Any]]) -> list[Draft]:
    return [draft(**one) for one in fields]


def one_by_one(drafts: list[Draft], known: Context) -> list[Stamped | Refusal]:
    numbers = itertools.repeat(7)
    return [result for one in drafts for result in stamp([one], known, numbers, WORDS)]


@given(
    st.lists(FIELDS, min_size=2, max_size=6),
    st.sampled_from(
        [context(), context(), context(max_depth=1), context(max_property_text_chars=100), context(max_name_chars=16)]
    ),
)
def test_many_are_stamped_as_each_would_be_alone(fields: list[dict[str, Any]], known: Context) -> None:
    together = stamp(made(fields), known, itertools.repeat(7), WORDS)
    assert together == one_by_one(made(fields), known)


SHORT = st.text(min_size=1, max_size=35)
UUIDS = st.uuids().map(str) | st.uuids().map(lambda one: str(one).upper())
NEARLY = UUIDS.map(lambda one: one[:35]) | UUIDS.map(lambda one: f" {one[1:]}") | UUIDS.map(lambda one: f"-{one[1:]}")


@given(st.lists(SHORT, min_size=2) | st.lists(UUIDS, min_size=2) | st.lists(UUIDS | NEARLY, min_size=2))
def test_keys_of_every_kind_give_the_ids_and_digests_that_they_always_gave(keys: list[str]) -> None:
    fields = [{"key": key} for key in keys]
    assert stamp(made(fields), context(), itertools.repeat(7), WORDS) == one_by_one(made(fields), context())


def test_what_is_unusual_changes_nothing_for_its_neighbours() -> None:
    fields = [{"key": f"k{number}", "properties": b'{"n":%d}' % number} for number in range(450)]
    fields[3]["properties"] = b'{"n":18446744073709551616}'
    fields[210]["name"] = ""
    known = context(Project("demo", (), NOW))
    stamped = stamp(made(fields), known, itertools.repeat(7), WORDS)
    assert stamped == one_by_one(made(fields), known)
    assert [index for index, one in enumerate(stamped) if isinstance(one, Refusal)] == [210]
    wrong, changed = stamped[210], stamped[3]
    assert isinstance(wrong, Refusal)
    assert isinstance(changed, Stamped)
    assert (wrong.details[0].field, changed.event.properties) == ("event_type", b'{"n":"18446744073709551616"}')


def test_a_refusal_keeps_its_place_and_its_words() -> None:
    refusal = Refusal(Reason.INVALID_FIELD, ())
    first, middle, last = stamp([draft(), refusal, draft()], context(), itertools.count(), WORDS)
    assert middle is refusal
    assert isinstance(first, Stamped)
    assert isinstance(last, Stamped)


@pytest.mark.parametrize("count", [1, 2, 199, 200, 201, 402])
def test_events_without_a_key_get_ids_of_their_own(count: int) -> None:
    stamped = stamp(made([{}] * count), context(), itertools.count(), WORDS)
    assert len({one.event.event_id for one in stamped if isinstance(one, Stamped)}) == count
