"""Bulk sending through faults: every event arrives once, whatever happens to its requests."""

from pathlib import Path

import pytest

from clients.cli.bulk import Bulk, Tally
from clients.cli.errors import CliError, Unreachable
from clients.cli.lines import Completion, Feed, Line, Source
from clients.cli.meter import Meter
from clients.cli.output import Output
from clients.cli.service import Service
from clients.cli.settings import Settings
from tests.clients.cli.double import WRITE_KEY, Double, Fault


async def send(double: Double, folder: Path, events: int, *, give_up: float = 20, key: str = WRITE_KEY) -> Tally:
    """Send so many events in batches of ten, four at a time."""
    path = folder / "events"
    path.write_bytes(b"".join(b'{"event_type":"e","data":{"n":%d}}\n' % n for n in range(events)))
    tally = Tally()
    source = Source(str(path))
    feed = Feed(source, Completion("run"), 10, ahead=4)
    settings = Settings(url=double.url, write_key=key)
    with Meter(Output(), source.total) as meter:
        async with Service(settings) as service:
            await Bulk(service, tally, meter, compression="zstd", give_up=give_up).run(feed, 4)
    return tally


def numbers(double: Double) -> list[int]:
    return sorted(event["data"]["n"] for event in double.events)


async def test_busy_answers_are_repeated_after_the_pause_they_ask_for(double: Double, tmp_path: Path) -> None:
    double.faults.extend(
        [Fault(status=503, retry_after="0.1"), Fault(status=429, retry_after="0.1"), Fault(status=500)]
    )
    tally = await send(double, tmp_path, 100)
    assert (tally.accepted, tally.deduplicated, numbers(double)) == (100, 0, list(range(100)))
    assert len(double.requests) == 13


async def test_cut_connections_never_count_an_event_twice(double: Double, tmp_path: Path) -> None:
    double.faults.extend([Fault(cut=True), Fault(cut=True, late=True), Fault(cut=True, late=True)])
    tally = await send(double, tmp_path, 100)
    assert (tally.accepted, tally.deduplicated, numbers(double)) == (80, 20, list(range(100)))


async def test_only_the_events_whose_shard_was_away_are_sent_again(double: Double, tmp_path: Path) -> None:
    double.faults.extend([Fault(unavailable=frozenset({2, 5, 9})), Fault(unavailable=frozenset(range(10)))])
    tally = await send(double, tmp_path, 40)
    assert (tally.accepted, tally.rejected, numbers(double)) == (40, 0, list(range(40)))
    assert double.batch_sizes.count(3) == 1


async def test_giving_up_names_the_cause_and_keeps_the_count(double: Double, tmp_path: Path) -> None:
    double.faults.extend([Fault()] * 4 + [Fault(status=503, body=b'{"message":"Redis is full."}')] * 500)
    with pytest.raises(Unreachable, match=r"answered 503: Redis is full\. Gave up after 0\.3 s"):
        await send(double, tmp_path, 400, give_up=0.3)
    assert len(double.events) == 40


async def test_a_refused_key_ends_the_run_at_once(double: Double, tmp_path: Path) -> None:
    with pytest.raises(CliError, match="HEADRACE_WRITE_KEY"):
        await send(double, tmp_path, 400, key="wrong")
    assert len(double.requests) <= 4


async def test_an_answer_that_leaves_events_out_is_not_believed(double: Double, tmp_path: Path) -> None:
    double.faults.append(Fault(status=200, body=b'{"status":"ok","results":[{"index":0}]}'))
    with pytest.raises(Unreachable, match="answered for 1 events of 10"):
        await send(double, tmp_path, 10)


async def test_another_program_at_the_address_is_noticed(double: Double, tmp_path: Path) -> None:
    double.faults.append(Fault(status=200, body=b"<html>It works!</html>"))
    with pytest.raises(Unreachable, match="not as Headrace does"):
        await send(double, tmp_path, 10)


def test_a_tally_keeps_the_first_reasons_and_every_line(tmp_path: Path) -> None:
    path = tmp_path / "rejects"
    with path.open("wb") as rejects:
        tally = Tally(rejects=rejects)
        for number in range(1, 31):
            tally.reject(Line(number, b"raw %d" % number, b"sent"), "bad")
    assert (tally.rejected, tally.sent) == (30, 30)
    assert tally.reasons == [(number, "bad") for number in range(1, 11)]
    assert len(path.read_bytes().splitlines()) == 30
