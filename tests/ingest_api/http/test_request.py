"""Bodies: whole, unpacked, within their limits."""

import gzip
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.errors import Reason, Refused
from ingest_api.http.request import RawRequest, unpacked
from ingest_api.settings import Settings
from tests.ingest_api.conftest import Door
from tests.ingest_api.wire import EVENT

SETTINGS = Settings(max_body_bytes=10_000)


def reason(body: bytes, encoding: str | None) -> Reason:
    """Why a body is refused."""
    with pytest.raises(Refused) as refused:
        unpacked(body, encoding, SETTINGS)
    return refused.value.reason


@pytest.mark.parametrize("packing", ["gzip", "identity", None])
def test_the_limit_counts_what_is_unpacked(packing: str | None) -> None:
    pack = gzip.compress if packing == "gzip" else bytes
    assert len(unpacked(pack(b"x" * 10_000), packing, SETTINGS)) == 10_000
    assert reason(pack(b"x" * 10_001), packing) is Reason.BODY_TOO_LARGE


@given(st.text(max_size=2000))
def test_every_text_is_taken(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert unpacked(text.encode(), None, SETTINGS) == text.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\xc0\x80",
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"a\xe2\x82",
    ],
)
def test_a_body_that_is_not_plain_utf_8_is_refused(body: bytes) -> None:
    assert reason(body, None) is Reason.MALFORMED_BODY


@pytest.mark.parametrize(
    ("header", "kind"),
    [("application/x-ndjson", "application/x-ndjson"), ("Application/X-NDJSON; charset=utf-8", "application/x-ndjson"),
     ("", ""), (";;", "")],
)  # fmt: skip
def test_the_media_type_is_read_without_its_parameters(header: str, kind: str) -> None:
    assert RawRequest({"Content-Type": header}, {}, "", b"", 0, "", "").content_type == kind


@pytest.mark.stack
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('application/json;charset="UTF-8"', 200),
        ("text/plain; charset=us-ascii", 200),
        ("application/json; profile=x; Charset=utf8", 200),
        ("application/json; charset=iso-8859-1", 415),
        ('application/json; charset="utf-16"', 415),
        ("application/json; charset=", 415),
        ("application/json; charset=utf-8; charset=latin1", 415),
    ],
)
async def test_a_body_in_another_charset_is_a_415(door: Door, header: str, status: int) -> None:
    async with door.post(EVENT, Content_Type=header) as answer:
        assert answer.status == status
        assert "error" not in await answer.json() or (await answer.json())["error"] == "unsupported_charset"


@pytest.mark.stack
async def test_a_body_that_comes_in_chunks_is_one_body(door: Door) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for byte in EVENT:
            yield bytes((byte,))

    headers = {"Authorization": f"Bearer {door.write_key}"}
    async with door.client.post("/v1/events", data=chunks(), headers=headers) as answer:
        assert answer.status == 200
