"""Whose address counts: nobody behind the front door's own proxies can choose it, and nobody else at all."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from multidict import CIMultiDict
from pydantic import ValidationError

from ingest_api.http.client_address import client_address
from ingest_api.settings import Settings
from tests.listening import listening

PROXIES = "127.0.0.0/8, 10.0.0.0/8,2001:db8:1::/48 192.168.7.0/24"


class Asked:
    """A server that answers with the client's address as these proxies tell it."""

    def __init__(self) -> None:
        self.proxies = PROXIES
        self.url = ""

    async def ask(self, *forwarded: str) -> str:
        """The address, for a request with these X-Forwarded-For headers."""
        headers = CIMultiDict([("X-Forwarded-For", value) for value in forwarded])
        async with ClientSession() as client, client.get(self.url, headers=headers) as answer:
            return await answer.text()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Called by aiohttp."""
        return web.Response(text=client_address(request, Settings(trusted_proxies=self.proxies)))


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    """A real server on a real socket; its peer is 127.0.0.1."""
    one = Asked()
    async with listening(web.ServerRunner(web.Server(one.answer, loop=asyncio.get_running_loop()))) as address:
        one.url = f"{address}/"
        yield one


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ([], "127.0.0.1"),
        (["203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),  # the client wrote the first one itself
        (["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        (["203.0.113.9, 10.1.2.3, 10.4.5.6"], "203.0.113.9"),
        (["203.0.113.9, 192.168.7.1", "10.4.5.6"], "203.0.113.9"),
        (["10.1.2.3, 10.4.5.6"], "10.1.2.3"),
        (["10.9.9.9, 203.0.113.9"], "203.0.113.9"),  # a client that claims to be a proxy
        (["203.0.113.9:4711"], "203.0.113.9"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (["2001:DB8:0::7"], "2001:db8::7"),
        (["203.0.113.9, 2001:db8:1::1"], "203.0.113.9"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["::ffff:203.0.113.9, ::ffff:10.1.2.3"], "203.0.113.9"),
        (["unknown"], "127.0.0.1"),
        (["203.0.113.9, unknown"], "127.0.0.1"),
        (["203.0.113.9, unknown, 10.1.2.3"], "10.1.2.3"),
        (["<script>"], "127.0.0.1"),
        (["fe80::1%eth0"], "127.0.0.1"),
        (["203.0.113.9,"], "127.0.0.1"),
        (["for=203.0.113.9"], "127.0.0.1"),
        (["203.0.113.256"], "127.0.0.1"),
        (["[2001:db8::7"], "2001:db8::7"),
        (["9" * 5000], "127.0.0.1"),
        ([""], "127.0.0.1"),
    ],
)
async def test_behind_trusted_proxies_the_nearest_other_address_counts(
    asked: Asked, forwarded: list[str], address: str
) -> None:
    assert await asked.ask(*forwarded) == address


async def test_other_headers_that_name_a_client_are_not_read(asked: Asked) -> None:
    for name in ("Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Forwarded"):
        async with ClientSession() as client, client.get(asked.url, headers={name: "for=203.0.113.9"}) as answer:
            assert await answer.text() == "127.0.0.1"


@pytest.mark.parametrize("proxies", ["", "10.0.0.0/8"])
async def test_nobody_else_is_believed(asked: Asked, proxies: str) -> None:
    asked.proxies = proxies
    assert await asked.ask("203.0.113.9") == "127.0.0.1"


@pytest.mark.parametrize("proxies", ["10.0.0.0/33", "proxy.example.com", "10.0.0.1/8", "*"])
def test_what_is_no_network_is_refused_at_start(proxies: str) -> None:
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=proxies)
