"""Refusals reach the ledger, at the latest when Redis is back."""

import pytest

from ingest_api import ledger
from ingest_api.ledger import REFUSALS, Line
from ingest_api.refusals import Refusals
from ingest_api.stream import Redis, connect

pytestmark = pytest.mark.stack

MINUTE = 29_000_000


async def test_counts_are_added_up_and_written_once(redis: Redis) -> None:
    refusals = Refusals()
    for count in (1, 4):
        refusals.add(MINUTE * 60_000 + count, "demo", "rate_limited", count)
    for _ in range(2):
        await refusals.flush(redis)
    assert await ledger.read(redis, REFUSALS, range(MINUTE, MINUTE + 1)) == {
        Line(MINUTE, "demo", 0, "refused:rate_limited"): 5
    }


async def test_what_a_redis_that_is_away_did_not_take_is_written_later_and_under_its_own_minute(redis: Redis) -> None:
    refusals, away = Refusals(), connect("redis://127.0.0.1:1/0")
    refusals.add(MINUTE * 60_000, "demo", "unavailable", 3)
    await refusals.flush(away)
    refusals.add((MINUTE + 1) * 60_000, "demo", "unavailable", 2)
    await refusals.flush(away)
    await refusals.flush(redis)
    assert await ledger.read(redis, REFUSALS, range(MINUTE, MINUTE + 2)) == {
        Line(MINUTE, "demo", 0, "refused:unavailable"): 3,
        Line(MINUTE + 1, "demo", 0, "refused:unavailable"): 2,
    }
    await away.aclose()


async def test_no_more_than_an_hour_is_kept_for_a_redis_that_stays_away(redis: Redis) -> None:
    refusals, away = Refusals(), connect("redis://127.0.0.1:1/0")
    for later in range(100):
        refusals.add((MINUTE + later) * 60_000, "demo", "unavailable")
    await refusals.flush(away)
    await refusals.flush(redis)
    written = await ledger.read(redis, REFUSALS, range(MINUTE, MINUTE + 100))
    assert {line.minute for line in written} == set(range(MINUTE + 40, MINUTE + 100))
    await away.aclose()
