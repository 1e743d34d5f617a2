"""The Event Intake API: the document's curl, and the same once more."""

import orjson
import pytest

from tests.verbatim.producer import Producer

pytestmark = pytest.mark.stack


async def test_the_document_s_curl_is_taken_once_however_often_it_is_sent(producer: Producer) -> None:
    code = producer.printed("intake/curl")
    first = orjson.loads(await producer.runs("curl", code))
    again = orjson.loads(await producer.runs("curl", code))
    assert (first["status"], again["status"]) == ("ok", "ok")
    assert "deduplicated" not in first
    assert again["deduplicated"] is True
    assert again["event_id"] == first["event_id"]
    assert producer.answered == [("/v1/events", 200)] * 2
    (row,) = await producer.rows()
    assert first["event_id"] == f"evt_{row['event_id'].hex}"
    assert (row["dialect"], row["name"], row["user_id"]) == ("intake", "user.created", "u_12345")
