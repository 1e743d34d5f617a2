"""Outbox: messages that wait to be sent, and how the last attempts went. One that was sent, or given up, is gone."""

from collections.abc import Sequence
from typing import Any, Literal, cast

import msgspec

from ingest_api.stream import Redis

#: hash: id -> message
MESSAGES = "headrace:outbox:messages"
#: sorted set: id -> Unix ms of the next attempt
DUE = "headrace:outbox:due"
#: after each attempt that failed, so long until the next
PAUSES_MS = (15_000, 60_000, 300_000, 900_000, 3_600_000, 10_800_000, 21_600_000)
DELIVERIES = 20
#: a receiver that is away, of an alert that comes and goes, must not fill Redis
MOST_WAITING = 20_000
_SENT = "headrace:outbox:sent:{}\0{}"
_KEEP_SECONDS = 90 * 86_400

Type = Literal["alert.firing", "alert.reminder", "alert.resolved", "alert.test"]


class Message(msgspec.Struct, kw_only=True):
    """One thing to tell one receiver: `to` is a URL or an e-mail address. Times are Unix milliseconds."""

    id: str
    project: str
    alert: str
    type: Type
    to: str
    #: JSON
    body: str
    made_at: int
    attempts: int = 0


class Delivery(msgspec.Struct, kw_only=True):
    """One attempt. `problem` is for people, empty when it went well; `next_at` 0: there is none."""

    message: str
    type: Type
    to: str
    at: int
    attempt: int
    problem: str
    next_at: int


def queue(pipe: Any, messages: Sequence[Message], now_ms: int) -> None:
    """Put messages in, as part of a transaction."""
    for one in messages:
        pipe.hset(MESSAGES, one.id, msgspec.json.encode(one))
        pipe.zadd(DUE, {one.id: now_ms})


async def put(redis: Redis, messages: Sequence[Message], now_ms: int) -> None:
    """Put messages in."""
    async with redis.pipeline(transaction=True) as pipe:
        queue(pipe, messages, now_ms)
        await pipe.execute()


async def full(redis: Redis) -> bool:
    """Whether so many wait that no more may be put in."""
    return int(await cast("Any", redis).zcard(DUE)) >= MOST_WAITING


async def due(redis: Redis, now_ms: int) -> list[Message]:
    """Those whose time has come, the longest waiting first."""
    client = cast("Any", redis)
    ids = await client.zrangebyscore(DUE, "-inf", now_ms, start=0, num=500)
    raws = await client.hmget(MESSAGES, ids) if ids else []
    return [msgspec.json.decode(raw, type=Message) for raw in raws if raw]


async def waits(redis: Redis, one: Message, now_ms: int) -> bool:
    """Whether it is still due: another worker may have sent it."""
    at = await cast("Any", redis).zscore(DUE, one.id)
    return at is not None and at <= now_ms


def attempt(one: Message, now_ms: int, problem: str, *, again: bool = True) -> Delivery:
    """How an attempt went. It is made again while that helps."""
    again = again and bool(problem) and one.attempts < len(PAUSES_MS)
    next_at = now_ms + PAUSES_MS[one.attempts] if again else 0
    return Delivery(
        message=one.id, type=one.type, to=one.to, at=now_ms, attempt=one.attempts + 1, problem=problem, next_at=next_at
    )


def settle(pipe: Any, one: Message, told: Delivery) -> None:
    """Write an attempt down as part of a transaction: the message is gone, or waits for the next."""
    if told.next_at:
        pipe.hset(MESSAGES, one.id, msgspec.json.encode(msgspec.structs.replace(one, attempts=told.attempt)))
        pipe.zadd(DUE, {one.id: told.next_at})
    else:
        pipe.hdel(MESSAGES, one.id)
        pipe.zrem(DUE, one.id)
    sent = _SENT.format(one.project, one.alert)
    pipe.lpush(sent, msgspec.json.encode(told))
    pipe.ltrim(sent, 0, DELIVERIES - 1)
    pipe.expire(sent, _KEEP_SECONDS)


async def deliveries(redis: Redis, project: str, alert: str) -> list[Delivery]:
    """How the last attempts of an alert went, the latest first."""
    raws = await cast("Any", redis).lrange(_SENT.format(project, alert), 0, DELIVERIES - 1)
    return [msgspec.json.decode(raw, type=Delivery) for raw in raws]
