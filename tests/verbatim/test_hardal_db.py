"""Hardal DB: the document prints a payload and the word POST; curl sends it."""

import orjson
import pytest

from tests.verbatim.producer import Producer

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("path", ["/push/server", "/s2s/events"])
async def test_the_document_s_payload_is_taken_and_stored_with_all_its_nesting(producer: Producer, path: str) -> None:
    payload = producer.printed("hardal_db/payload")
    code = f"""curl -X POST "https://{producer.secure.host}{path}" \\
-H "Authorization: Bearer {producer.write_key}" \\
-H "Content-Type: application/json" \\
-d '{payload}'"""
    answer = orjson.loads(await producer.runs("curl", code))
    assert producer.answered == [(path, 200)]
    (row,) = await producer.rows()
    assert answer == {"ok": True, "id": str(row["event_id"])}
    told = orjson.loads(payload)
    assert (row["dialect"], row["name"], row["client_id"]) == ("hardal_db", "purchase", told["client_id"])
    assert row["request_id"] == told["hardal_server_request_id"]
    assert row["properties"] == told["properties"]
    assert row["occurred_at"].isoformat().startswith("2024-10-06T12:34:56")
