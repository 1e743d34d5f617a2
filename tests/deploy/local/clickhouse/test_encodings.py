"""Compressed bodies: all frames or a refusal."""

import zlib

import lz4.frame  # type: ignore[import-untyped]  # the package ships no types
import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.clickhouse.encodings import choose, decode, encode
from deploy.local.clickhouse.exceptions import StatementError
from ingest_api import zstd
from tests.deploy.local.clickhouse.served import ask

ENCODINGS = ["lz4", "zstd", "gzip", "deflate"]
LIMIT = 1 << 24


@given(st.sampled_from(ENCODINGS), st.lists(st.binary(max_size=200), min_size=1, max_size=5))
def test_all_frames_of_a_body_are_decoded(encoding: str, parts: list[bytes]) -> None:
    body = b"".join(encode(part, encoding) for part in parts)
    assert decode(body, encoding, LIMIT) == b"".join(parts)


def test_frames_longer_than_a_step_are_decoded() -> None:
    parts = [bytes([n]) + zlib.compress(n.to_bytes(2, "big") * 9) * 40_000 for n in range(3)]
    for encoding in ENCODINGS:
        assert decode(b"".join(encode(part, encoding) for part in parts), encoding, LIMIT) == b"".join(parts)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_body_cut_anywhere_inside_a_frame_is_refused(encoding: str) -> None:
    frame = encode(bytes(range(200)), encoding)
    for end in range(1, len(frame)):
        with pytest.raises(StatementError, match="middle of a frame") as raised:
            decode(frame + frame[:end], encoding, LIMIT)
        assert raised.value.status == 400


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_anything_after_the_last_frame_is_refused(encoding: str) -> None:
    with pytest.raises(StatementError) as raised:
        decode(encode(b"rows", encoding) + b"INTERNAL EXCEPTION WHILE SERIALIZING", encoding, LIMIT)
    assert raised.value.status == 400


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_body_that_is_not_compressed_at_all_is_refused(encoding: str) -> None:
    with pytest.raises(StatementError, match="damaged") as raised:
        decode(b"SELECT 1 -- in the clear", encoding, LIMIT)
    assert raised.value.status == 400


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_small_body_that_decodes_to_too_much_is_refused(encoding: str) -> None:
    with pytest.raises(StatementError, match="larger than 1000 bytes") as raised:
        decode(encode(bytes(100_000), encoding), encoding, 1000)
    assert raised.value.status == 413


def test_plain_and_empty_bodies_pass_through() -> None:
    assert decode(b"SELECT 1", "", LIMIT) == decode(b"SELECT 1", "identity", LIMIT) == b"SELECT 1"
    assert decode(b"", "lz4", LIMIT) == b""


def test_an_unknown_encoding_is_named_in_the_refusal() -> None:
    with pytest.raises(StatementError, match="'br', send one of lz4, zstd, gzip, deflate") as raised:
        decode(b"x", "br", LIMIT)
    assert raised.value.status == 501


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("lz4,zstd,gzip,deflate", "lz4"),
        ("gzip, deflate, zstd", "zstd"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"),
        ("zstd;q=0, deflate", "deflate"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_cheapest_accepted_encoding_is_chosen(accepted: str, encoding: str | None) -> None:
    assert choose(accepted) == encoding


def test_answers_are_one_frame_that_other_decoders_read() -> None:
    assert lz4.frame.decompress(encode(b"answer", "lz4")) == b"answer"
    assert zstd.decompress(encode(b"answer", "zstd")) == b"answer"
    assert zlib.decompress(encode(b"answer", "gzip"), wbits=31) == b"answer"
    assert zlib.decompress(encode(b"answer", "deflate")) == b"answer"


@pytest.mark.stack
async def test_an_answer_is_compressed_as_the_client_accepts(http: ClientSession) -> None:
    query, plain = "SELECT number FROM numbers(100000)", b"".join(b"%d\n" % n for n in range(100_000))
    for encoding, decompress in {
        "lz4": lz4.frame.decompress,
        "zstd": zstd.decompress,
        "gzip": lambda body: zlib.decompress(body, wbits=31),
    }.items():
        reply = await ask(http, query, {"Accept-Encoding": encoding}, enable_http_compression="1")
        assert reply.headers["Content-Encoding"] == encoding
        assert decompress(reply.body) == plain
    reply = await ask(http, query, {"Accept-Encoding": "lz4"}, enable_http_compression="0")
    assert "Content-Encoding" not in reply.headers
    assert reply.body == plain


@pytest.mark.stack
@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip", "deflate"])
async def test_a_damaged_body_inserts_nothing(http: ClientSession, table: str, encoding: str) -> None:
    frames = [encode("".join(f"{n},name {n}\n" for n in range(k, k + 5000)).encode(), encoding) for k in (0, 5000)]
    into, body = {"query": f"INSERT INTO {table} FORMAT CSV"}, b"".join(frames)
    for damaged in (body[:-1], body[: len(frames[0]) + 9], body + b"INTERNAL EXCEPTION", b"\0" + body):
        reply = await ask(http, damaged, {"Content-Encoding": encoding}, **into)
        assert reply.status == 400
        assert reply.body.startswith(b"Code: ")
        assert reply.headers["X-ClickHouse-Exception-Code"] in {"354", "561", "618"}
    assert (await ask(http, f"SELECT count() FROM {table}")).body == b"0\n"
    assert (await ask(http, body, {"Content-Encoding": encoding}, **into)).status == 200
    assert (await ask(http, f"SELECT count(), uniqExact(name) FROM {table}")).body == b"10000\t10000\n"
