"""Webhooks: signed, sent nowhere else, and never to where they must not go. The canary listens on loopback."""

import asyncio
import hashlib
import hmac
import socket
from ipaddress import ip_address
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.workers.receiver import Receiver, receiving
from workers.alerts.reach import Reach
from workers.alerts.webhook import post

LOOPBACK = Reach.parse("127.0.0.0/8")
BODY = b'{"id":"msg_1"}'


class Names(AbstractResolver):
    """A name server that answers with the next list each time, and remembers how often it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(
                hostname=host, host=one, port=port, proto=0, flags=0,
                family=socket.AF_INET6 if ip_address(one).version == 6 else socket.AF_INET,
            )
            for one in addresses
        ]  # fmt: skip

    async def close(self) -> None:
        pass


async def send(url: str, reach: Reach = LOOPBACK, resolver: Names | None = None) -> str:
    return await post(url, BODY, message="msg_1", secret="hrs_s", reach=reach, resolver=resolver)


def elsewhere(receiver: Receiver, host: str) -> str:
    return receiver.url.replace("127.0.0.1", host)


async def test_a_call_is_signed_and_names_its_message() -> None:
    async with receiving() as receiver:
        assert await send(receiver.url) == ""
        ((headers, body),) = receiver.calls
        assert (body, headers["Content-Type"], headers["X-Headrace-Id"]) == (BODY, "application/json", "msg_1")
        time, made = (part.partition("=")[2] for part in headers["X-Headrace-Signature"].split(","))
        assert made == hmac.new(b"hrs_s", f"{time}.".encode() + BODY, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 410, 500, 503])
async def test_no_other_answer_than_2xx_will_do_and_none_leads_elsewhere(status: int) -> None:
    async with receiving() as canary, receiving(status, headers={"Location": canary.url}) as receiver:
        assert await send(receiver.url) == f"the answer was {status}"
        assert (len(receiver.calls), canary.calls) == (1, [])


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0", "[::1]", "[::]"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
        *("127.0.0.1.", "127.0.0.2", "LOCALHOST", "\u2460\u2461\u2466.0.0.1"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_canary_on_loopback_hears_nothing(host: str, scheme: str) -> None:
    async with receiving() as canary:
        assert await send(elsewhere(canary, host).replace("http:", f"{scheme}:"), Reach())
        assert canary.calls == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "100.100.100.200", "fd00:ec2::254"),
        *("64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1"),
    ],
)
async def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    async with receiving() as canary:
        url = elsewhere(canary, "hooks.shop.example").replace("http:", "https:")
        problem = await asyncio.wait_for(send(url, Reach(), Names([address])), 5)
        assert problem == "its address is not a public one, and is not in HEADRACE_WEBHOOK_ALLOW"
        assert canary.calls == []


async def test_a_name_that_leads_elsewhere_the_second_time_is_asked_once_and_checked_where_it_is_connected_to() -> None:
    async with receiving() as canary:
        url = elsewhere(canary, "rebind.shop.example")
        # 203.0.113.1 is not allowed either, so that nothing leaves this machine; what counts is that nobody asks again
        names = Names(["203.0.113.1"], ["127.0.0.1"])
        assert "not a public one" in await send(url, Reach(), names)
        assert (names.asked, canary.calls) == (1, [])
        assert "not a public one" in await send(url, Reach(), names), "the second call finds loopback, and is refused"
        assert (names.asked, canary.calls) == (2, [])


async def test_of_several_addresses_only_those_within_reach_are_called() -> None:
    async with receiving() as receiver:
        url = elsewhere(receiver, "both.shop.example")
        assert await send(url, LOOPBACK, Names(["10.0.0.1", "::1", "127.0.0.1"])) == ""
        assert len(receiver.calls) == 1


async def test_http_goes_to_named_networks_alone() -> None:
    problem = await send("http://hooks.shop.example/", Reach(), Names(["8.8.8.8"]))
    assert problem == "http:// is for networks in HEADRACE_WEBHOOK_ALLOW alone: use https://"


async def test_what_fails_is_told_without_what_the_other_side_said() -> None:
    async with receiving() as plain:
        assert await send(plain.url.replace("http:", "https:")) == "its TLS cannot be trusted"
    assert await send(plain.url) == "it cannot be connected to"
    assert await send("https://nobody.invalid/") == "its name cannot be found"


async def test_a_receiver_that_is_no_web_server_is_not_waited_for() -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-ERR secrets of a redis\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port: Any = server.sockets[0].getsockname()[1]
    async with server:
        assert await send(f"http://127.0.0.1:{port}/") == "the connection was lost"
