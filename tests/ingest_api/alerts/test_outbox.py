"""The outbox on a real Redis."""

from typing import Any, cast

import pytest

from ingest_api.alerts import outbox
from ingest_api.alerts.outbox import DELIVERIES, MOST_WAITING, PAUSES_MS, Message
from ingest_api.stream import Redis

pytestmark = pytest.mark.stack


def message(number: int = 1, attempts: int = 0) -> Message:
    return Message(
        id=f"msg_{number}", project="p", alert="a", type="alert.test", to="https://x.example/", body="{}", made_at=1,
        attempts=attempts,
    )  # fmt: skip


async def settle(redis: Redis, one: Message, now: int, problem: str = "", *, again: bool = True) -> None:
    async with redis.pipeline(transaction=True) as pipe:
        outbox.settle(pipe, one, outbox.attempt(one, now, problem, again=again))
        await pipe.execute()


async def test_what_is_put_in_is_due_and_gone_when_it_was_sent(redis: Redis) -> None:
    await outbox.put(redis, [message(1), message(2)], 100)
    assert await outbox.due(redis, 99) == []
    assert await outbox.due(redis, 100) == [message(1), message(2)]
    await settle(redis, message(1), 101)
    assert (await outbox.waits(redis, message(1), 200), await outbox.waits(redis, message(2), 200)) == (False, True)
    assert await outbox.due(redis, 200) == [message(2)]


async def test_one_that_failed_waits_and_is_given_up_after_the_last_pause(redis: Redis) -> None:
    await outbox.put(redis, [message()], 100)
    now = 100
    for number, pause in enumerate(PAUSES_MS):
        (one,) = await outbox.due(redis, now)
        assert one.attempts == number
        await settle(redis, one, now, "no")
        assert await outbox.due(redis, now + pause - 1) == []
        now += pause
    (last,) = await outbox.due(redis, now)
    await settle(redis, last, now, "no")
    assert await outbox.due(redis, 10**15) == []
    assert not await cast("Any", redis).exists(outbox.MESSAGES, outbox.DUE)
    assert sum(PAUSES_MS) > 8 * 3_600_000, "a night's outage of the receiver is outlived"


async def test_what_cannot_help_is_not_tried_again(redis: Redis) -> None:
    await outbox.put(redis, [message()], 100)
    await settle(redis, message(), 100, "the alert was removed", again=False)
    assert await outbox.due(redis, 10**15) == []


async def test_the_last_attempts_are_kept_the_latest_first(redis: Redis) -> None:
    for number in range(DELIVERIES + 5):
        await settle(redis, message(number), number)
    found = await outbox.deliveries(redis, "p", "a")
    assert [one.at for one in found] == list(range(DELIVERIES + 4, 4, -1))
    assert await outbox.deliveries(redis, "p", "b") == []


async def test_it_is_full_when_so_many_wait(redis: Redis) -> None:
    client = cast("Any", redis)
    await client.zadd(outbox.DUE, {str(number): 1 for number in range(MOST_WAITING - 1)})
    assert not await outbox.full(redis)
    await outbox.put(redis, [message()], 1)
    assert await outbox.full(redis)
