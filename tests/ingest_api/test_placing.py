"""What became of the events of one request."""

from hashlib import sha256

import pytest

from ingest_api.dialect import Verdict
from ingest_api.errors import Unavailable
from ingest_api.placing import Places, Placing, home, homes, letter, verdict
from tests.ingest_api.events import stamped

ENTRIES = [stamped(key="a"), stamped(number=1), stamped(key="b"), stamped(key="c")]


def test_verdicts_are_told_in_the_order_of_the_request_whatever_the_order_of_the_shards() -> None:
    request = Placing(ENTRIES, None)
    request.settle(1, [1, 3], b"2")
    request.settle(0, [0, 2], b"01")
    assert request.verdicts() == [Verdict.NEW, Verdict.NEW, Verdict.DUPLICATE, Verdict.MISMATCH]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 16, 100, 256])
def test_the_shards_of_many_keys_are_those_of_each(count: int) -> None:
    digests = [sha256(bytes((number,))).digest()[:16] for number in range(200)]
    assert homes(digests, count) == [home(digest, count) for digest in digests]
    assert set(homes(digests, min(count, 16))) == set(range(min(count, 16)))


def test_places_are_of_the_events_that_a_shard_took_or_knew() -> None:
    places: Places = {}
    request = Placing(ENTRIES, places)
    request.settle(4, [3, 1], b"1")
    request.settle(5, [0], Unavailable("away"))
    request.settle(4, [2], b"0")
    assert places == {4: [ENTRIES[i].event.event_id for i in (3, 1, 2)]}


def test_what_was_given_up_is_raised_where_it_was_all() -> None:
    first, second = Unavailable("first"), Unavailable("second")
    request = Placing(ENTRIES, None)
    request.give_up([0, 1], first)
    request.settle(2, [2], b"0")
    request.settle(3, [3], second)
    assert request.verdicts() == [Verdict.UNAVAILABLE, Verdict.UNAVAILABLE, Verdict.NEW, Verdict.UNAVAILABLE]
    request.give_up([2], second)
    with pytest.raises(Unavailable, match="first"):
        request.verdicts()


def test_a_letter_says_what_a_shard_would_have_said() -> None:
    for became in (Verdict.NEW, Verdict.DUPLICATE, Verdict.MISMATCH):
        assert verdict(letter(ENTRIES[0], became)) is became
    assert (letter(ENTRIES[1], Verdict.NEW), verdict(b"")) == (b"", Verdict.NEW)
