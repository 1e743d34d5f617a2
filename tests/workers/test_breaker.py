"""When so much is rejected that a shard is halted."""

import pytest

from tests.workers.entries import entry, event
from workers.batch import Batch, decode
from workers.breaker import Breaker


def batch(good: int, bad: int, entries: int = 2) -> Batch:
    """Events spread over entries, the first ones rejected."""
    numbers = range(good + bad)
    each = [[event(n) for n in numbers if n % entries == place] for place in range(entries)]
    aside = {f"{1000 + n % entries}-0:{n // entries}": "why" for n in range(bad)}
    return decode(0, [entry(f"{1000 + place}-0", events) for place, events in enumerate(each)], aside)


@pytest.mark.parametrize(
    ("good", "bad", "halts"),
    [(0, 0, False), (10, 100, False), (10, 101, True), (1000, 250, False), (1000, 251, True), (0, 100, False)],
)
def test_a_batch_halts_above_a_number_and_a_share(good: int, bad: int, halts: bool) -> None:
    assert bool(Breaker(100, 20, 1000).problem(batch(good, bad))) is halts


def test_the_problem_is_said_with_numbers_and_a_reason() -> None:
    assert Breaker(1, 20, 1000).problem(batch(5, 5)) == "5 of 10 events of a batch would be rejected, such as: why"


def test_small_batches_add_up_until_something_is_stored() -> None:
    breaker = Breaker(100, 20, 150)
    for bad in (batch(0, 60), batch(0, 60)):
        assert not breaker.problem(bad)
        breaker.passed(bad)
    assert breaker.problem(batch(0, 60)).startswith("180 events in a row")
    breaker.passed(batch(1, 0))
    assert not breaker.problem(batch(0, 60))


def test_one_damaged_frame_among_good_ones_does_not_halt_however_much_it_holds() -> None:
    damaged = (b"1000-0", [b"f", b"damaged", b"n", b"4000"])
    assert not Breaker(100, 20, 1000).problem(decode(0, [damaged, entry("1001-0", [event(1)])]))
    assert Breaker(100, 20, 1000).problem(decode(0, [damaged]))
    other = (b"1002-0", damaged[1])
    assert Breaker(100, 20, 1000).problem(decode(0, [damaged, other, entry("1003-0", [event(1)])]))


def test_what_was_redriven_and_is_rejected_once_more_halts_nobody() -> None:
    entry_id, fields = entry("1000-0", [event(number) for number in range(500)])
    assert fields is not None
    aside = {f"1000-0:{number}": "why" for number in range(500)}
    breaker = Breaker(100, 20, 150)
    again = decode(0, [(entry_id, [*fields, b"r", b"1"])], aside)
    assert len(again.rejected) == 500
    assert not breaker.problem(again)
    breaker.passed(again)
    assert not breaker.problem(batch(0, 100))
    assert breaker.problem(decode(0, [(entry_id, fields)], aside))


def test_what_a_project_refuses_halts_nobody() -> None:
    events = [event(number) for number in range(500)]
    refused = decode(0, [entry("1000-0", events)], {f"1000-0:{n}": "schema: plan: is required" for n in range(500)})
    breaker = Breaker(100, 20, 150)
    assert len(refused.rejected) == 500
    assert not breaker.problem(refused)
    breaker.passed(refused)
    assert not breaker.problem(batch(0, 100))
