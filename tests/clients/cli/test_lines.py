"""Lines: what is added, how batches are cut, what is not worth sending."""

import gzip
import os
import threading
from pathlib import Path

import orjson
import pytest

from clients.cli.errors import WrongUsage
from clients.cli.lines import BATCH_BYTES, Batch, Completion, Feed, Source, batches


def cut(path: Path, *, run: str = "run", most: int = 500) -> list[Batch]:
    return list(batches(Source(str(path)), Completion(run), most))


def test_key_and_time_are_added_where_they_lack() -> None:
    completion = Completion("run")
    event = orjson.loads(completion.complete(7, b'{"event_type":"a","data":{"x":[1,{"y":"}"}]}}'))
    assert event["idempotency_key"] == "run-7"
    assert event["occurred_at"].encode() == completion.now
    assert event["data"] == {"x": [1, {"y": "}"}]}


def test_what_is_given_stays_byte_for_byte() -> None:
    raw = b'{ "event_type":"a" , "idempotency_key":"k", "occurred_at": "2026-01-01T00:00:00Z" }'
    assert Completion("run").complete(1, raw) == raw


def test_a_null_counts_as_not_given() -> None:
    event = orjson.loads(Completion("run").complete(1, b'{"idempotency_key":null,"occurred_at":null,"event_type":"a"}'))
    assert event["idempotency_key"] == "run-1"
    assert event["occurred_at"]


def test_without_a_run_no_keys_are_added() -> None:
    assert "idempotency_key" not in orjson.loads(Completion("").complete(1, b'{"event_type":"a"}'))


def test_an_event_without_a_name_is_left_to_the_front_door() -> None:
    assert Completion("run").complete(1, b"{}") == b"{}"


@pytest.mark.parametrize(
    "raw", [b"[1]", b"17", b"{", b'{"event_type":"\xff"}', b'{"data":"\xff"}', b'{"event_type":' + b"[" * 5000]
)
def test_a_line_that_is_no_object_is_kept_apart(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "f"
    path.write_bytes(raw + b'\n{"event_type":"a"}\n')
    [batch] = cut(path)
    assert [(line.number, line.raw) for line, _ in batch.spoiled] == [(1, raw)]
    assert "not a JSON object" in batch.spoiled[0][1]
    assert [line.number for line in batch.lines] == [2]


def test_batches_are_cut_by_count_and_numbered_by_line(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\r\n".join([b'{"event_type":"a"}', b"", b"  "] * 5))
    found = cut(path, most=2)
    assert [[line.number for line in batch.lines] for batch in found] == [[1, 4], [7, 10], [13]]
    assert found[-1].position == path.stat().st_size


def test_batches_are_cut_by_bytes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    line = orjson.dumps({"event_type": "a", "data": {"x": "y" * 900_000}})
    path.write_bytes(b"\n".join([line] * 9))
    found = cut(path)
    assert [len(batch.lines) for batch in found] == [4, 4, 1]
    assert max(batch.size for batch in found) <= BATCH_BYTES + 200


def test_a_line_beyond_the_limit_is_kept_apart_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b'{"event_type":"' + b"x" * (3 * BATCH_BYTES) + b'"}\n{"event_type":"a"}')
    [batch] = cut(path)
    assert [(line.number, why) for line, why in batch.spoiled] == [(1, "longer than 4000000 bytes")]
    assert len(batch.spoiled[0][0].raw) < 1000
    assert [line.number for line in batch.lines] == [2]


def test_a_packed_file_of_several_parts_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(gzip.compress(b'{"event_type":"a"}\n') + gzip.compress(b'{"event_type":"b"}\n'))
    assert [line.number for line in cut(path)[0].lines] == [1, 2]


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_what_cannot_be_read_is_wrong_usage(name: str) -> None:
    with pytest.raises(WrongUsage, match="cannot be read"):
        Source(name)


async def test_a_pipe_that_pauses_has_its_lines_sent(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with pipe.open("wb", buffering=0) as end:
            end.write(b'{"event_type":"a"}\n{"event_')
            written.set()
            go_on.wait(30)
            end.write(b'type":"b"}\n')

    writer = threading.Thread(target=write)
    writer.start()
    feed = Feed(Source(str(pipe)), Completion("run"), 500, ahead=2)
    feed.start()
    first = await feed.get()
    assert written.is_set()
    go_on.set()
    second = await feed.get()
    assert await feed.get() is None
    assert [[line.number for line in batch.lines] for batch in (first, second) if batch] == [[1], [2]]
    writer.join()


async def test_a_closed_feed_reads_no_further(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b'{"event_type":"a"}\n' * 100_000)
    source = Source(str(path))
    feed = Feed(source, Completion("run"), 10, ahead=2)
    feed.start()
    assert await feed.get()
    feed.close()
    feed.join()
    assert source.position < source.total
