"""`headrace send` of one event, and how a file is summed up."""

import gzip

import orjson

from tests.clients.cli.conftest import Headrace
from tests.clients.cli.double import Double, Fault


async def test_one_event_is_sent_and_its_id_printed(connected: Headrace, double: Double) -> None:
    ended = await connected("send", "signup", "--data", '{"plan":"pro"}', "--user-id", "u1", "--idempotency-key", "k")
    assert (ended.code, ended.out, ended.err) == (0, "evt_00000000000000000000000000000000\n", "")
    event = double.events[0]
    assert event.pop("occurred_at").startswith("20")
    assert event == {"event_type": "signup", "idempotency_key": "k", "data": {"plan": "pro"}, "user_id": "u1"}


async def test_an_event_sent_again_keeps_its_id_and_says_so(connected: Headrace) -> None:
    first = await connected("send", "signup", "--idempotency-key", "k", "--json")
    again = await connected("send", "signup", "--idempotency-key", "k", "--json")
    assert first.document["deduplicated"] is False
    assert again.document == {**first.document, "deduplicated": True}
    assert "counted once" in again.err


async def test_an_answer_lost_on_the_way_does_not_make_a_second_event(connected: Headrace, double: Double) -> None:
    double.faults.append(Fault(cut=True, late=True))
    ended = await connected("send", "signup", "--json")
    assert (ended.code, ended.document["deduplicated"], len(double.events)) == (0, True, 1)
    assert "cannot be reached" in ended.err


async def test_a_rejected_event_ends_with_one_and_the_reason(connected: Headrace, double: Double) -> None:
    details = [{"field": "occurred_at", "message": "is not an ISO 8601 time"}]
    told = orjson.dumps({"status": "error", "message": "The event is not valid.", "details": details})
    double.faults.append(Fault(status=400, body=told))
    ended = await connected("send", "signup", "--occurred-at", "yesterday")
    assert (ended.code, ended.out) == (1, "")
    assert "occurred_at: is not an ISO 8601 time" in ended.err


async def test_data_that_is_no_object_is_wrong_usage(connected: Headrace, double: Double) -> None:
    ended = await connected("send", "signup", "--data", "[1]")
    assert (ended.code, double.requests) == (2, [])
    assert "--data is not a JSON object" in ended.err


async def test_a_name_and_a_file_together_are_wrong_usage(connected: Headrace) -> None:
    ended = await connected("send", "signup", "--file", "-")
    assert ended.code == 2


async def test_neither_a_name_nor_a_file_is_wrong_usage(connected: Headrace) -> None:
    ended = await connected("send")
    assert ended.code == 2
    assert "headrace send signup" in ended.err


async def test_a_file_is_summed_up(connected: Headrace, double: Double) -> None:
    path = connected.write("events.ndjson", b'{"event_type":"a"}\n\n{"no":1}\nnot json\n{"event_type":"b"}')
    ended = await connected("send", "--file", str(path), "--rejects", "bad.ndjson")
    assert ended.code == 1
    assert ended.out.startswith("4 sent: 2 accepted, 0 deduplicated, 2 rejected in ")
    assert "  line 3: event_type: is required\n  line 4: not a JSON object" in ended.out
    assert [event["event_type"] for event in double.events] == ["a", "b"]
    assert sorted((connected.folder / "bad.ndjson").read_bytes().splitlines()) == [b"not json", b'{"no":1}']


async def test_a_packed_file_on_stdin_is_unpacked_and_answered_in_json(connected: Headrace, double: Double) -> None:
    lines = b"".join(b'{"event_type":"e","data":{"n":%d}}\n' % n for n in range(1200))
    ended = await connected("send", "--file", "-", "--json", "--compression", "gzip", stdin=gzip.compress(lines))
    document = ended.document
    assert (ended.code, document["sent"], document["accepted"], document["reasons"]) == (0, 1200, 1200, [])
    assert sorted(event["data"]["n"] for event in double.events) == list(range(1200))
    assert {request.headers["Content-Encoding"] for request in double.requests} == {"gzip"}
    assert len(double.requests) >= 3


async def test_the_same_run_sent_again_counts_nothing_twice(connected: Headrace, double: Double) -> None:
    connected.write("f", b'{"event_type":"a"}\n' * 3)
    arguments = ("send", "--file", "f", "--run", "nightly", "--json")
    first, again = await connected(*arguments), await connected(*arguments)
    assert (first.document["accepted"], again.document["accepted"], again.document["deduplicated"]) == (3, 0, 3)
    assert [event["idempotency_key"] for event in double.events] == ["nightly-1", "nightly-2", "nightly-3"]


async def test_a_key_that_is_refused_ends_with_three_and_says_what_was_done(connected: Headrace) -> None:
    connected.write("f", b'{"event_type":"a"}\n')
    ended = await connected("send", "--file", "f", "--json", "--key", "wrong")
    assert ended.code == 3
    assert (ended.document["exit_code"], ended.document["sent"]) == (3, 0)
    assert "HEADRACE_WRITE_KEY" in ended.document["error"]
    assert "--run" in ended.err


async def test_rejects_never_overwrite_the_file_that_is_read(connected: Headrace) -> None:
    path = connected.write("f", b'{"event_type":"a"}\n')
    ended = await connected("send", "--file", "f", "--rejects", str(path))
    assert (ended.code, path.read_bytes()) == (2, b'{"event_type":"a"}\n')


async def test_a_damaged_file_is_named_after_its_good_part_was_sent(connected: Headrace, double: Double) -> None:
    lines = b"".join(
        orjson.dumps({"event_type": "e", "data": {"n": n, "x": hash(str(n))}}) + b"\n" for n in range(9999)
    )
    connected.write("f.gz", gzip.compress(lines)[:-2000])
    ended = await connected("send", "--file", "f.gz", "--json")
    assert ended.code == 2
    assert "f.gz is damaged after line" in ended.document["error"]
    assert ended.document["accepted"] == len(double.events) > 0


async def test_a_missing_file_is_wrong_usage(connected: Headrace) -> None:
    ended = await connected("send", "--file", "nowhere.ndjson")
    assert ended.code == 2
    assert "nowhere.ndjson cannot be read: No such file" in ended.err


async def test_ctrl_c_ends_a_send_that_waits_for_input(connected: Headrace, double: Double) -> None:
    process = await connected.start("send", "--file", "-", "--concurrency", "1")
    assert process.stdin is not None
    for count in (1, 2):  # the second is only sent once the first has its answer
        process.stdin.write(b'{"event_type":"a"}\n')
        await process.stdin.drain()
        await double.taken(count)
    ended = await connected.interrupt(process)
    assert ended.code == 130
    assert " events were answered" in ended.err
    assert ended.err.endswith("Interrupted.\n")
    assert "Traceback" not in ended.err
