"""EventBunker: the document's curl lacks a comma, which the answer points at; with the comma it is taken."""

import re

import orjson
import pytest

from tests.verbatim.producer import Producer

pytestmark = pytest.mark.stack


async def test_the_document_s_curl_as_printed_is_told_where_its_body_is_no_json(producer: Producer) -> None:
    code = producer.printed("eventbunker/curl")
    answer = orjson.loads(await producer.runs("curl", code))
    assert producer.answered == [("/post", 400)]
    assert answer["message"] == "Body JSON validation failed."
    (error,) = answer["errors"]
    body = code[code.index("{") : code.rindex("}") + 1]
    missing = body.index('"dog"]') + len('"dog"]')
    told = int(re.findall(r"\d+", error)[-1])
    assert missing <= told <= body.index('"example_bool_field"'), error
    assert await producer.arrived() == []


async def test_the_document_s_curl_with_the_comma_is_recorded(producer: Producer) -> None:
    answer = orjson.loads(await producer.runs("curl", producer.mended("eventbunker/curl")))
    assert producer.answered == [("/post", 200)]
    assert re.fullmatch(r"[0-9a-f]{32}", answer["unique_req_id"])
    assert answer["time_recorded"] >= producer.begin
    (row,) = await producer.rows()
    assert row["event_id"].hex == answer["unique_req_id"]
    assert (row["dialect"], row["name"], row["user_id"]) == (
        *("eventbunker", "my_first_event_name"),
        "your_app_customer_id",
    )
    assert row["occurred_at"].isoformat().startswith("2021-06-26T14:48:00")
    assert row["properties"] == {
        "example_string_field": "abc.com",
        "example_number_field": 123,
        "example_array_field": ["cat", "dog"],
        "example_bool_field": True,
    }
