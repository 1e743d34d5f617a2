"""`headrace rejected list`, `show` and `allow` against a real query service."""

import pytest

from ingest_api import halt
from tests.clients.cli.conftest import Headrace
from tests.clients.cli.rejecting import Rejecting

pytestmark = pytest.mark.stack


async def test_causes_are_listed_with_counts_times_and_a_reason(headrace: Headrace, bench: Rejecting) -> None:
    ended = await headrace("rejected", "list", "--project", bench.project)
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split()[:2] == ["fingerprint", "events"]
    by_reason = {line.split(bench.project)[1].strip(): line.split() for line in lines[1:]}
    assert by_reason.keys() == {
        "page_view  ClickHouse INCORRECT_DATA: no JSON",
        "page_view  impossible: a time",
        "-          frame: frame version 9; this build reads version 1",
    }
    assert sorted(line[1] for line in by_reason.values()) == ["1", "3", "7"]
    assert all("2026-11-18" in line for line in by_reason.values())


async def test_scripts_get_the_same_as_json(headrace: Headrace, bench: Rejecting) -> None:
    ended = await headrace("rejected", "list", "--project", bench.project, "--json")
    assert sorted(one["events"] for one in ended.document["groups"]) == [1, 3, 7]
    assert ended.document["halted"] == []


async def test_samples_are_shown_as_json_and_what_cannot_be_read_as_hex(headrace: Headrace, bench: Rejecting) -> None:
    groups = (await headrace("rejected", "list", "--project", bench.project, "--json")).document["groups"]
    known = {one["events"]: one["fingerprint"] for one in groups}
    events = await headrace("rejected", "show", known[3], "--limit", "2")
    assert (events.code, events.out.count("ClickHouse INCORRECT_DATA: no JSON")) == (0, 2)
    assert '"properties": "not json"' in events.out
    frame = await headrace("rejected", "show", known[7])
    assert b"\x09zdamaged".hex() in frame.out


async def test_without_an_admin_key_a_query_key_sees_its_own(headrace: Headrace, bench: Rejecting) -> None:
    ended = await headrace("rejected", "list", "--json", HEADRACE_ADMIN_KEY="")
    assert {one["project"] for one in ended.document["groups"]} == {bench.project}


async def test_an_unknown_fingerprint_is_said_to_be_one(headrace: Headrace, bench: Rejecting) -> None:
    ended = await headrace("rejected", "show", "0000")
    assert (ended.code, bench.project in ended.err) == (1, False)
    assert "There are no rejected events of this fingerprint." in ended.err


async def test_a_halted_shard_is_told_with_what_to_do_and_let_go_on(headrace: Headrace, bench: Rejecting) -> None:
    assert (await headrace("rejected", "allow", "1")).code == 1
    await bench.halt()
    listed = await headrace("rejected", "list")
    assert "Shard 1 is halted since 2026-11-18" in listed.err
    assert "headrace rejected allow 1" in listed.err
    ended = await headrace("rejected", "allow", "1", "--for", "10m")
    assert (ended.code, ended.out.strip()) == (0, "Shard 1 may go on; it does within seconds.")
    assert await halt.allowed(bench.redis, bench.made.shards[1], "any")
    assert (await headrace("rejected", "allow", "1", "--for", "soon")).code == 2
