"""Packed bodies: whole, bounded, and in a packing that is known."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api import zstd
from ingest_api.errors import Reason, Refused
from ingest_api.http.encodings import unpack
from ingest_api.settings import Settings
from tests.ingest_api.conftest import Door
from tests.ingest_api.wire import EVENT, answers, post, talk

SETTINGS = Settings(max_body_bytes=1_000_000)
LINES = b"\n".join(b'{"event_type":"told","occurred_at":"2026-11-20T10:00:00Z","n":%d}' % n for n in range(2000))

Packing = Callable[[bytes], bytes]


def raw_deflate(body: bytes) -> bytes:
    """Deflate without zlib's frame around it."""
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(body) + packing.flush()


#: name of a packing -> Content-Encoding, and how it is made
PACKINGS: dict[str, tuple[str, Packing]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
}

#: unpacks a bomb of 300 MB and prints the status of its refusal and by how many MB the process grew
BOMB = """
import resource, sys, zlib
import brotli
from ingest_api import zstd
from ingest_api.http.encodings import unpack
from ingest_api.errors import Refused
from ingest_api.settings import Settings

class Brotli:
    def __init__(self):
        self._packing = brotli.Compressor(quality=1)
        self.compress = self._packing.process
        self.flush = self._packing.finish

packing = {"gzip": lambda: zlib.compressobj(1, wbits=31), "deflate": lambda: zlib.compressobj(1),
           "br": Brotli, "zstd": zstd.ZstdCompressor}[sys.argv[1]]()
settings, million = Settings(max_ratio=int(sys.argv[2])), bytes(1_000_000)
bomb = b"".join([packing.compress(million) for _ in range(300)]) + packing.flush()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    unpack(bomb, sys.argv[1], settings)
except Refused as refused:
    print(refused.status, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def damaged(packed: bytes) -> list[bytes]:
    """The stream cut at every 64th byte, followed by junk, doubled, and with its last bytes turned over."""
    wrong = bytes(byte ^ 255 for byte in packed[-8:])
    cut = [packed[:end] for end in range(0, len(packed), 64)]
    return [*cut, packed[:-1], packed + b"\x00", packed + b"junk", packed * 2, packed[:-8] + wrong, packed[1:]]


def refusal(body: bytes, encoding: str, settings: Settings = SETTINGS) -> Refused:
    """How a body is refused."""
    with pytest.raises(Refused) as refused:
        unpack(body, encoding, settings)
    return refused.value


@given(st.binary(max_size=3000), st.sampled_from(sorted(PACKINGS)), st.sampled_from(["", " ", "upper"]))
def test_what_was_packed_is_unpacked(body: bytes, packing: str, spelling: str) -> None:
    encoding, pack = PACKINGS[packing]
    assert unpack(pack(body), encoding.upper() if spelling else encoding + spelling, SETTINGS) == body


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("wbits", [-15, -9, 9, 15])
def test_deflate_is_known_with_and_without_its_frame(level: int, wbits: int) -> None:
    packing = zlib.compressobj(level, wbits=wbits)
    assert unpack(packing.compress(LINES) + packing.flush(), "deflate", SETTINGS) == LINES


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_damaged_stream_is_refused_wherever_it_was_damaged(packing: str) -> None:
    encoding, pack = PACKINGS[packing]
    packed = pack(LINES)
    bodies = damaged(packed)
    if packing in {"br", "raw deflate"}:  # these have no checksum: another ending may be a stream, too
        bodies.remove(packed[:-8] + bytes(byte ^ 255 for byte in packed[-8:]))
    assert {refusal(body, encoding).reason for body in bodies} <= {Reason.MALFORMED_ENCODING, Reason.BODY_TOO_LARGE}
    assert refusal(packed[:-1], encoding).reason is Reason.MALFORMED_ENCODING


def test_a_wrong_checksum_is_seen() -> None:
    packed = bytearray(gzip.compress(LINES))
    packed[-6] ^= 1
    assert refusal(bytes(packed), "gzip").reason is Reason.MALFORMED_ENCODING


def test_thousands_of_members_are_refused_at_the_second() -> None:
    assert refusal(gzip.compress(b"") * 39_000, "gzip").reason is Reason.MALFORMED_ENCODING
    assert refusal(zstd.compress(b"") * 39_000, "zstd").reason is Reason.MALFORMED_ENCODING


@pytest.mark.parametrize("encoding", ["foo", "gzip, gzip", "gzip,br", "", "chunked", "compress", "gzip;q=1"])
def test_an_unknown_or_stacked_encoding_names_the_known_ones(encoding: str) -> None:
    refused = refusal(b"{}", encoding)
    assert (refused.status, refused.message) == (
        415,
        "Content-Encoding must be one of: br, deflate, gzip, identity, zstd.",
    )


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_ratio_counts_beyond_64_kb_alone(packing: str) -> None:
    encoding, pack = PACKINGS[packing]
    settings = Settings(max_ratio=5)
    assert unpack(pack(b" " * 65_536), encoding, settings) == b" " * 65_536
    refused = refusal(pack(b" " * 65_537), encoding, settings)
    assert (refused.status, refused.message) == (413, "The body unpacks to more than 5 times its size.")


def test_a_zstd_body_cannot_ask_for_a_large_window() -> None:
    packing = zstd.ZstdCompressor(options={101: 27})  # windowLog
    packed = packing.compress(b"{}") + packing.flush()
    assert refusal(packed, "zstd").reason is Reason.MALFORMED_ENCODING


@pytest.mark.parametrize("ratio", [100, 1_000_000])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_of_300_mb_takes_no_more_memory_than_the_limit(encoding: str, ratio: int) -> None:
    command = [sys.executable, "-c", BOMB, encoding, str(ratio)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split()
    assert said[0] == "413"
    assert int(said[1]) < 40


@pytest.mark.stack
@pytest.mark.parametrize("packing", PACKINGS)
async def test_no_damaged_body_is_a_200_or_a_500(door: Door, packing: str) -> None:
    encoding, pack = PACKINGS[packing]
    async with door.post(pack(EVENT), Content_Encoding=encoding) as answer:
        assert answer.status == 200
    before = await door.frames()
    for body in [pack(EVENT)[:-1], *damaged(pack(LINES))[::7], gzip.compress(b"") * 5000, pack(bytes(10_000_000))]:
        async with door.post(body, Content_Encoding=encoding) as answer:
            assert answer.status in {400, 413}
            assert (await answer.json())["error"] in {"malformed_encoding", "body_too_large", "malformed_body"}
    assert await door.frames() == before


@pytest.mark.stack
async def test_a_bomb_with_a_bad_key_is_refused_before_64_kb_of_it_are_sent(door: Door) -> None:
    bomb = gzip.compress(bytes(30_000_000))
    raw = post(b"Content-Encoding: gzip", b"Content-Length: %d" % len(bomb), body=bomb[:1000], key="hr_write_0_0")
    assert (len(raw) < 65_536, [said.status for said in answers(await talk(door.port, raw))]) == (True, [401])
