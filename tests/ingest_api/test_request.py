"""Bodies: whole, unpacked, within their limits."""

import gzip
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api import zstd
from ingest_api.errors import Reason, Refused
from ingest_api.request import RawRequest, unpacked
from ingest_api.settings import Settings

SETTINGS = Settings(max_body_bytes=10_000)
PACKERS: dict[str, Any] = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}


def reason(body: bytes, encoding: str | None) -> Reason:
    """Why a body is refused."""
    with pytest.raises(Refused) as refused:
        unpacked(body, encoding, SETTINGS)
    return refused.value.reason


@given(st.text(max_size=2000), st.sampled_from(sorted(PACKERS)))
def test_what_was_packed_is_unpacked(text: str, encoding: str) -> None:
    body = text.encode()
    assert unpacked(PACKERS[encoding](body), encoding.upper(), SETTINGS) == body


@given(st.data(), st.sampled_from(sorted(PACKERS)))
def test_a_packed_body_that_lost_its_end_is_refused_wherever_it_was_cut(data: st.DataObject, encoding: str) -> None:
    packed = PACKERS[encoding](b"event " * 300)
    cut = data.draw(st.integers(0, len(packed) - 1))
    assert reason(packed[:cut], encoding) is Reason.MALFORMED_ENCODING


@pytest.mark.parametrize("encoding", sorted(PACKERS))
def test_the_limit_counts_what_is_unpacked(encoding: str) -> None:
    assert len(unpacked(PACKERS[encoding](b"x" * 10_000), encoding, SETTINGS)) == 10_000
    assert reason(PACKERS[encoding](b"x" * 10_001), encoding) is Reason.BODY_TOO_LARGE


@pytest.mark.parametrize("body", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"a\xe2\x82"])
def test_a_body_that_is_not_utf_8_is_refused(body: bytes) -> None:
    assert reason(body, None) is Reason.MALFORMED_BODY


@pytest.mark.parametrize(
    ("header", "kind"),
    [("application/x-ndjson", "application/x-ndjson"), ("Application/X-NDJSON; charset=utf-8", "application/x-ndjson"),
     ("", ""), (";;", "")],
)  # fmt: skip
def test_the_media_type_is_read_without_its_parameters(header: str, kind: str) -> None:
    assert RawRequest({"Content-Type": header}, {}, "", b"", 0, "", "").content_type == kind
