"""What waits is sent: once by several workers, again where it did not arrive, and given up in the end."""

import asyncio
import hashlib
import hmac
from typing import Any, cast

import msgspec
import pytest

from ingest_api import moment
from ingest_api.alerts import alert, outbox
from ingest_api.alerts.alert import Kept
from ingest_api.alerts.notice import Notice, messages
from ingest_api.projects.projects import Projects
from ingest_api.projects.saved import ALERTS
from ingest_api.projects.secret import secret
from ingest_api.projects.shelf import Shelf
from ingest_api.stream import Redis
from tests.ingest_api.alerts.test_alert import made
from tests.waiting import until
from tests.workers.receiver import mail_server, receiving
from workers.alerts.deliver import Courier
from workers.alerts.mail import Mail
from workers.alerts.reach import Reach

pytestmark = pytest.mark.stack

NEVER = 10**15


async def wait(redis: Redis, **fields: Any) -> None:
    """An alert with these receivers has fired."""
    one = made(**fields)
    if await Projects(redis).get("shop") is None:
        await Projects(redis).create("shop")
    await Shelf(redis, ALERTS).put("shop", "many", msgspec.json.encode(Kept(one, "nonce")).decode())
    now = moment.now_ms()
    await outbox.put(redis, messages("shop", "many", one, Notice("alert.firing", 4.0), now), now)


def courier(redis: Redis, mail: str = "", allow: str = "127.0.0.0/8") -> Courier:
    return Courier(redis, Reach.parse(allow), Mail(mail))


async def make_due(redis: Redis) -> None:
    client = cast("Any", redis)
    await client.zadd(outbox.DUE, dict.fromkeys(await client.zrange(outbox.DUE, 0, -1), 0))


async def left(redis: Redis) -> int:
    async with redis.pipeline(transaction=True) as pipe:  # both at one moment: deliveries go on meanwhile
        counts = await cast("Any", pipe).hlen(outbox.MESSAGES).zcard(outbox.DUE).execute()
    assert counts[0] == counts[1]
    return int(counts[0])


async def test_a_webhook_is_called_with_the_secret_that_was_shown(redis: Redis) -> None:
    async with receiving() as receiver:
        await wait(redis, webhooks=[receiver.url], description="too many")
        assert await courier(redis).deliver(moment.now_ms()) == 1
    ((headers, body),) = receiver.calls
    shown = alert.secret_of(await secret(redis), "shop", "many", "nonce")
    time, made_of = (part.partition("=")[2] for part in headers["X-Headrace-Signature"].split(","))
    assert made_of == hmac.new(shown.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()
    told = receiver.bodies[0]
    assert told["text"] == "many of project shop fires (above 0): the value is 4."
    assert (told["id"], told["description"]) == (headers["X-Headrace-Id"], "too many")
    assert await left(redis) == 0
    (sent,) = await outbox.deliveries(redis, "shop", "many")
    assert (sent.problem, sent.attempt, sent.next_at) == ("", 1, 0)


async def test_a_letter_is_sent_to_each_address(redis: Redis) -> None:
    async with mail_server() as box:
        await wait(redis, webhooks=[], emails=["ops@shop.example", "ada@shop.example"])
        mail = f"mailto://127.0.0.1:{box.port}?from=alerts@shop.example"
        assert await courier(redis, mail).deliver(moment.now_ms()) == 2
    assert sorted(one[1][0] for one in box.letters) == ["ada@shop.example", "ops@shop.example"]
    assert "Subject: many of project shop fires (above 0): the value is 4." in box.letters[0][2]


async def test_several_workers_send_each_message_once(redis: Redis) -> None:
    async with receiving() as receiver:
        await wait(redis, webhooks=[receiver.url + str(number) for number in range(5)])
        now = moment.now_ms()
        sent = await asyncio.gather(*(courier(redis).deliver(now) for _ in range(4)))
    assert (sum(sent), len(receiver.calls), await left(redis)) == (5, 5, 0)


async def test_what_did_not_arrive_is_sent_again_with_the_same_id_later_and_later_and_then_given_up(
    redis: Redis,
) -> None:
    attempts = len(outbox.PAUSES_MS) + 1
    async with receiving(*[500] * attempts) as receiver:
        await wait(redis, webhooks=[receiver.url])
        now = moment.now_ms()
        assert await courier(redis).deliver(now) == 0
        assert await courier(redis).deliver(moment.now_ms()) == 0, "it is not due"
        assert len(receiver.calls) == 1
        for _ in range(attempts):
            if await left(redis):
                await make_due(redis)
            await courier(redis).deliver(moment.now_ms())
        assert len(receiver.calls) == attempts
        assert len({headers["X-Headrace-Id"] for headers, _ in receiver.calls}) == 1
        assert len({body for _, body in receiver.calls}) == 1
    assert await left(redis) == 0
    found = await outbox.deliveries(redis, "shop", "many")
    pauses = [one.next_at - one.at for one in reversed(found)]
    assert pauses[:-1] == list(outbox.PAUSES_MS)
    assert (found[0].next_at, found[0].problem) == (0, "the answer was 500")


async def test_one_that_arrives_the_second_time_is_told_once_more_and_no_more(redis: Redis) -> None:
    async with receiving(503) as receiver:
        await wait(redis, webhooks=[receiver.url])
        await courier(redis).deliver(moment.now_ms())
        await make_due(redis)
        assert await courier(redis).deliver(moment.now_ms()) == 1
        assert await courier(redis).deliver(NEVER) == 0
    assert [one.problem for one in await outbox.deliveries(redis, "shop", "many")] == ["", "the answer was 503"]


async def test_what_is_out_of_reach_is_not_called(redis: Redis) -> None:
    async with receiving() as canary:
        await wait(redis, webhooks=[canary.url, canary.url.replace("http:", "https:")])
        assert await courier(redis, allow="").deliver(moment.now_ms()) == 0
        assert canary.calls == []
    assert {one.problem for one in await outbox.deliveries(redis, "shop", "many")} == {
        "its address is not a public one, and is not in HEADRACE_WEBHOOK_ALLOW"
    }


async def test_a_slow_receiver_holds_no_other(redis: Redis) -> None:
    release = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server, receiving() as receiver:
        slow = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await wait(redis, webhooks=[slow, receiver.url])
        delivering = asyncio.ensure_future(courier(redis).deliver(moment.now_ms()))

        async def other_is_sent() -> bool:
            return bool(receiver.calls) and await left(redis) == 1

        await until(other_is_sent)
        assert not delivering.done()
        release.set()
        assert await delivering == 1
    assert await left(redis) == 1, "it is tried again"


async def test_a_removed_alert_tells_nobody_any_more(redis: Redis) -> None:
    async with receiving() as receiver:
        await wait(redis, webhooks=[receiver.url])
        await Shelf(redis, ALERTS).remove("shop", "many")
        assert await courier(redis).deliver(moment.now_ms()) == 0
        assert (receiver.calls, await left(redis)) == ([], 0)


async def test_an_alert_of_a_later_build_waits_for_it(redis: Redis) -> None:
    async with receiving() as receiver:
        await wait(redis, webhooks=[receiver.url])
        await Shelf(redis, ALERTS).put("shop", "many", '{"alert":{"new":1},"nonce":"n"}')
        assert await courier(redis).deliver(moment.now_ms()) == 0
        assert (receiver.calls, await left(redis)) == ([], 1)
    (told,) = await outbox.deliveries(redis, "shop", "many")
    assert told.problem == "the alert cannot be understood by this worker"
