"""Each part as it is drawn."""

import pytest

from clients.cli.top import picture
from clients.cli.top.flow import Shard
from tests.clients.cli.top.drawn import NOW, operators, pipeline, text

SNAPSHOT = """\
headrace  all projects  durability disk  fresh through 10:30:29Z (1.0 s ago)
✗ Events are late. For 2 min.
  -> Start more workers.

          last hour, by the minute                      a second  in the hour
accepted  ████████████████████████████████████████████       1.0        3,600
stored    ████████████████████████████████████████████       250        7,200
rejected  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁       0.0            0

shard    lag  waiting  worker
s00    1.0 s        5  db1:42:abc
s01    2 min    7,000  ✗ nobody

worker  state       shards  heard
db1 42  ✗ draining  0-2, 7   14 s  its process hangs

redis 1 MiB of 1.0 GiB   3 rejected wait"""


def test_a_snapshot_shows_all_that_an_operator_is_told() -> None:
    assert text(*picture.snapshot(operators(), (1.0, 250.4, 0.0), 80)) == SNAPSHOT


def test_who_sees_one_project_is_shown_neither_owners_nor_workers() -> None:
    shown = text(*picture.snapshot(pipeline(rejected_waiting=None), (1.0, 2.0, 0.0), 80))
    assert "project shop" in shown
    assert "✓ nothing is wrong" in shown
    assert "s00    1.0 s        5  yes" in shown
    assert "rejected: not known now" in shown
    assert "db1" not in shown


def test_of_many_shards_those_that_nobody_holds_and_the_latest_come_first() -> None:
    some = [Shard(number, float(number), 0, held=number != 3) for number in range(20)]
    assert [line.split()[0] for line in text(picture.shards(some, operator=False, most=4)).splitlines()] == [
        *("shard", "s03", "s19", "s18", "and"),
    ]


def test_an_operator_is_told_when_no_worker_says_anything() -> None:
    assert "✗ none" in text(picture.workers([], NOW))


@pytest.mark.parametrize(
    ("values", "curve"),
    [([], ""), ([0.0, 0.0], "▁▁"), ([0.0, 1.0, 50.0, 100.0], "▁▂▅█"), ([5.0] * 9, "████"), ([0.001, 9.0], "▂█")],
)
def test_a_curve_ends_with_the_last_value_and_shows_whatever_is_more_than_none(values: list[float], curve: str) -> None:
    assert picture.spark(values, 4) == curve


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (100, "100 s"), (150, "2 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_a_span_has_one_unit(seconds: float, said: str) -> None:
    assert picture.span(seconds) == said


def test_neighbours_are_told_as_a_range() -> None:
    assert picture.ranges([7, 0, 1, 2, 9, 10]) == "0-2, 7, 9-10"
    assert picture.ranges([]) == ""


def test_an_event_is_one_line_that_cannot_steer_the_terminal() -> None:
    event = {"occurred_at": "2026-11-22T10:30:29.123Z", "event_type": "a\x1b[2J", "user_id": "u" * 99}
    shown = picture.event(event, 40).plain
    assert shown.startswith("10:30:29  a")
    assert (shown.isprintable(), len(shown), shown[-1]) == (True, 40, "…")
