"""Intake: many events are read and answered as each would be alone."""

from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.dialect import Ack, Acked, Outcome, Result, Verdict
from ingest_api.dialects.intake import DIALECT
from ingest_api.errors import Detail, Reason, Refusal
from ingest_api.event import Draft
from ingest_api.rules.fields import NoObject, array
from tests.ingest_api.dialects.test_contract import request
from tests.ingest_api.events import NOW
from tests.ingest_api.json_texts import PROPERTIES, SCALARS, TEXTS

TIMES = st.sampled_from(['"2026-11-19T10:00:00Z"', '"2026-11-19"', '"soon"', '""', "7"])
VALUES = {
    "event_type": TEXTS | SCALARS, "occurred_at": TIMES, "data": PROPERTIES | SCALARS,
    "user_id": TEXTS | SCALARS, "ip": TEXTS, "country": st.sampled_from(['"us"', '"usa"', "null"]), "more": SCALARS,
}  # fmt: skip
EVENTS = st.fixed_dictionaries({}, optional=VALUES).map(
    lambda fields: "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"
)
REFUSAL = Refusal(Reason.INVALID_FIELD, (Detail("data", 'is "not" right\n'),))
RESULTS: list[Result | Refusal] = [
    *(Result(bytes((verdict,)) * 16, verdict) for verdict in Verdict),
    REFUSAL,
    Result(b"\xff" * 16, Verdict.NEW),
]


def read(events: Sequence[str]) -> list[dict[str, object]]:
    """Everything that was read of an array, in a shape that compares."""
    items = DIALECT.parse(request(f"[{','.join(events)}]".encode()), 100).items
    return [
        {**{field: getattr(item, field) for field in Draft.__struct_fields__}, "raw": bytes(item.raw)}
        if isinstance(item, Draft)
        else {"refused": (item.reason, item.details)}
        for item in items
    ]


def is_array(events: Sequence[str]) -> bool:
    """Whether items can be told apart at all; else the body is no array."""
    try:
        return bool(array(f"[{','.join(events)}]".encode()))
    except NoObject:
        return False


@given(st.lists(EVENTS, min_size=2, max_size=5).filter(is_array))
def test_an_array_is_read_as_its_events_one_by_one(events: list[str]) -> None:
    assert read(events) == [item for event in events for item in read([event])]


@pytest.mark.parametrize("acked", [None, Acked(Ack.STORED, {b"\xff" * 16: 'Code: 53. "Type"\n mismatch'})])
def test_a_batch_is_answered_item_by_item(acked: Acked | None) -> None:
    reply = DIALECT.reply(Outcome(RESULTS, False, NOW, "disk", acked))
    answer = orjson.loads(reply.body)
    assert [reply.status, answer["status"], answer["durability"]] == [200, "ok", "disk"]
    assert (answer["accepted"], answer["deduplicated"], answer["rejected"]) == (3, 2, 2)
    ids = {index: f"evt_{result.event_id.hex()}" for index, result in enumerate(RESULTS) if isinstance(result, Result)}
    assert answer["results"] == [
        {"index": 0, "event_id": ids[0]},
        {"index": 1, "event_id": ids[1], "deduplicated": True},
        {"index": 2, "event_id": ids[2], "deduplicated": True, "payload_mismatch": True},
        {"index": 3, "error": "could not be written now; send it again", "retry": True},
        {"index": 4, "valid": True},
        {"index": 5, "error": REFUSAL.message, "reason": "invalid_field"},
        {"index": 6, "event_id": ids[6], **({"rejection": 'Code: 53. "Type"\n mismatch'} if acked else {})},
    ]
    assert answer.get("ack") == (acked and "stored")


@pytest.mark.parametrize("count", [1, 2, 300])
def test_a_batch_of_new_events_is_answered_as_each_would_be(count: int) -> None:
    results = [Result(bytes((number % 256,)) * 16, Verdict.NEW) for number in range(count)]

    def told(acked: Acked | None) -> list[object]:
        return list(orjson.loads(DIALECT.reply(Outcome(results, False, NOW, "disk", acked)).body)["results"])

    assert told(None) == told(Acked(Ack.STORED, {b"another's" * 2: "it is not right"}))
    assert told(None)[-1] == {"index": count - 1, "event_id": f"evt_{results[-1].event_id.hex()}"}


def test_a_batch_of_which_nothing_was_taken_says_so_and_names_no_level() -> None:
    reply = DIALECT.reply(Outcome([REFUSAL, REFUSAL], False, NOW))
    answer = orjson.loads(reply.body)
    assert (reply.status, answer["status"], answer["error"]) == (400, "error", "bad_request")
    assert (answer["rejected"], len(answer["results"]), "durability" in answer) == (2, 2, False)


@pytest.mark.parametrize("value", ['""', '"identify"', "null", "true", "{}", '"aGFja2Vk"'])
@pytest.mark.parametrize("name", ["raw", "kind", "site_id", "request_id", "first_site", "name", "key", "properties"])
def test_what_drafts_have_and_the_api_has_not_is_a_property_like_any_other(name: str, value: str) -> None:
    plain = '{"event_type":"t","occurred_at":"2026-11-20T10:00:00Z","user_id":"u"}'
    meant = plain.replace("}", f',"{name}":{value}}}')
    first, second = read([plain, meant])
    assert second == first | {"raw": meant.encode(), "properties": f'{{"{name}":{value}}}'.encode()}
