"""`headrace rejected redrive` against a real query service."""

import pytest

from tests.clients.cli.conftest import Headrace
from tests.clients.cli.rejecting import Rejecting

pytestmark = pytest.mark.stack


async def test_events_of_a_cause_are_put_back_and_the_others_stay(headrace: Headrace, bench: Rejecting) -> None:
    groups = (await headrace("rejected", "list", "--project", bench.project, "--json")).document["groups"]
    (three,) = [one["fingerprint"] for one in groups if one["events"] == 3]
    ended = await headrace("rejected", "redrive", three, "--yes")
    assert (ended.code, ended.out.splitlines()[0].startswith("3 events are back in the queue")) == (0, True)
    left = (await headrace("rejected", "list", "--project", bench.project, "--json")).document["groups"]
    assert sorted(one["events"] for one in left) == [1, 7]
    assert await bench.waiting() > 0
    assert (await headrace("rejected", "redrive", three, "--yes")).code == 1


async def test_a_project_is_put_back_whole_frames_too(headrace: Headrace, bench: Rejecting) -> None:
    ended = await headrace("rejected", "redrive", "--project", bench.project, "--yes", "--json")
    assert ended.document == {"redriven": 5, "already": 0, "events": 11}
    redriven = await headrace("rejected", "list", "--project", bench.project, "--redriven")
    assert "3 (3 rows redriven)" in redriven.out


@pytest.mark.parametrize(("said", "code", "told"), [
    (b"n\n", 1, "Nothing was put back."),
    (b"yes\n", 0, "Put 11 events back into the queue? [y/N]"),
])  # fmt: skip
async def test_it_asks_first(headrace: Headrace, bench: Rejecting, said: bytes, code: int, told: str) -> None:
    ended = await headrace("rejected", "redrive", "--project", bench.project, stdin=said)
    assert (ended.code, told in ended.err) == (code, True)
    assert bool(await bench.waiting()) is (code == 0)


async def test_where_nobody_can_be_asked_it_wants_to_hear_yes(headrace: Headrace, bench: Rejecting) -> None:
    ended = await headrace.finish(await headrace.start("rejected", "redrive", "--project", bench.project), b"")
    assert (ended.code, "--yes" in ended.err) == (2, True)


async def test_what_is_meant_must_be_said(headrace: Headrace, bench: Rejecting) -> None:
    assert (await headrace("rejected", "redrive")).code == 2
    assert (await headrace("rejected", "redrive", "--all", "--project", bench.project)).code == 2
    ended = await headrace("rejected", "redrive", "--all", HEADRACE_ADMIN_KEY="")
    assert (ended.code, "headrace key create --kind admin" in ended.err) == (2, True)
