"""PULSE: the document's curl, its two fetch examples, and the question that it asks afterwards."""

import orjson
import pytest

from tests.verbatim import example
from tests.verbatim.producer import Producer
from tests.waiting import until

pytestmark = pytest.mark.stack

#: what the document's examples take for granted: a browser's page, and functions of the reader's own
_PAGE = """
const apiKey = '{key}'
const window = {{ location: {{ href: 'https://example.com/products' }} }}
const document = {{ referrer: 'https://google.com' }}
const generateSessionId = () => 'session_xyz789'
const detectDeviceType = () => 'desktop'
const getUserCountry = () => 'US'
"""


async def test_the_document_s_curl_is_answered_with_the_event_s_id(producer: Producer) -> None:
    answer = orjson.loads(await producer.runs("curl", producer.printed("pulse/curl")))
    assert answer["success"] is True
    (row,) = await producer.rows()
    assert answer["data"] == {"event_id": str(row["event_id"])}
    assert (row["dialect"], row["name"], row["site_id"]) == ("pulse", "page_view", "site_abc123")
    assert (row["session_id"], row["url"], row["device_type"]) == ("session_123", "https://example.com", "desktop")


async def test_the_document_s_page_view_arrives_with_everything_it_says(producer: Producer) -> None:
    code = _PAGE.format(key=producer.write_key) + producer.printed("pulse/page_view")
    await producer.runs("node", code)
    assert producer.answered == [("/collect", 200)]
    (row,) = await producer.rows()
    told = ("dialect", "name", "site_id", "session_id", "url", "referrer", "device_type", "country")
    assert tuple(row[field] for field in told) == (
        *("pulse", "page_view", "site_abc123", "session_xyz789"),
        *("https://example.com/products", "https://google.com", "desktop", "US"),
    )


async def test_the_document_s_batch_arrives_whole(producer: Producer) -> None:
    await producer.runs("node", _PAGE.format(key=producer.write_key) + producer.mended("pulse/batch"))
    assert producer.answered == [("/collect/batch", 200)]
    first_site = "demo"  # of the key's project: the example names none
    assert await producer.arrived() == [("pulse", name, first_site) for name in ("click", "form_submit", "page_view")]


async def test_the_document_s_question_counts_what_was_sent_within_ten_seconds(producer: Producer) -> None:
    ask = example.printed("pulse/stats", producer.secure.host, producer.query_key)
    before = orjson.loads(await producer.runs("curl", ask))["data"]["value"]
    await producer.runs("curl", producer.printed("pulse/curl"))

    async def counted() -> bool:
        answer = orjson.loads(await producer.runs("curl", ask))
        value = answer["data"]["value"]
        assert answer["success"] is True
        assert answer["data"] == {"metric": "event_count", "value": value, "period": "24h"}
        return bool(value > before)

    await until(counted, within=10)
