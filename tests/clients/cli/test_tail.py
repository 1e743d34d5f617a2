"""`headrace tail`: the latest events, then each new one."""

import orjson

from clients.cli.tail import line
from tests.clients.cli.conftest import Headrace
from tests.clients.cli.double import Double, Fault


def event(name: str) -> dict[str, str]:
    return {"event_type": name, "occurred_at": "2026-11-21T10:00:00Z"}


async def test_latest_events_come_first_and_new_ones_follow(connected: Headrace, double: Double) -> None:
    double.events.extend(event(f"old{n}") for n in range(20))
    process = await connected.start("tail", "--limit", "2", "--stop-after", "3", "--json")
    assert process.stdout is not None
    shown = [orjson.loads(await process.stdout.readline()) for _ in range(2)]
    double.events.append(event("new"))
    ended = await connected.finish(process)
    shown += [orjson.loads(text) for text in ended.out.splitlines()]
    assert (ended.code, ended.err) == (0, "")
    assert [seen["event_type"] for seen in shown] == ["old18", "old19", "new"]


async def test_with_a_limit_of_none_only_new_events_are_shown(connected: Headrace, double: Double) -> None:
    double.events.append(event("old"))
    process = await connected.start("tail", "--limit", "0", "--stop-after", "1")
    await double.asked(1)
    double.events.append(event("new"))
    ended = await connected.finish(process)
    assert ended.out == "2026-11-21T10:00:00Z  new\n"


async def test_a_tail_outlives_a_restart_of_the_query_service(connected: Headrace, double: Double) -> None:
    double.events.append(event("a"))
    double.faults.append(Fault(status=503))
    ended = await connected("tail", "--stop-after", "1")
    assert ended.code == 0
    assert "answered 503" in ended.err


async def test_an_error_stays_out_of_the_lines(connected: Headrace) -> None:
    ended = await connected("tail", "--json", "--key", "wrong")
    assert (ended.code, ended.out) == (3, "")
    assert "HEADRACE_QUERY_KEY" in ended.err


async def test_ctrl_c_ends_it(connected: Headrace, double: Double) -> None:
    double.events.append(event("a"))
    process = await connected.start("tail")
    assert process.stdout is not None
    await process.stdout.readline()
    ended = await connected.interrupt(process)
    assert (ended.code, ended.err) == (130, "Interrupted.\n")


def test_data_cannot_steer_the_terminal() -> None:
    shown = line({"event_type": "a\x1b[2J", "url": "x\x9by", "properties": {"k": "\x1b]0;title\x07[bold]"}})
    assert shown.plain.isprintable()
    assert "[bold]" in shown.plain
