"""Whose address an event came from, when proxies of ours stand between."""

import ipaddress
from functools import lru_cache

from aiohttp import web

from ingest_api import ip
from ingest_api.settings import Settings


def client_address(request: web.BaseRequest, settings: Settings) -> str:
    """The peer's address; behind trusted proxies, the nearest one in X-Forwarded-For that is none of them.

    Proxies append the address they see, so only the right end of the header can be believed, and of it only what
    a trusted proxy wrote. An entry that is no address ends the search at the proxy that passed it on.
    """
    peer = request.remote or ""
    proxies = settings.trusted_proxies
    if not proxies or not _trusted(peer, proxies):
        return peer
    entries = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
    for entry in reversed(entries):
        address = _address(entry)
        if address is None:
            return peer
        peer = str(address)
        if not _trusted(peer, proxies):
            return peer
    return peer


@lru_cache(maxsize=65_536)
def _trusted(address: str, proxies: str) -> bool:
    known = _address(address)
    return known is not None and any(known in network for network in _networks(proxies))


@lru_cache(maxsize=8)
def _networks(proxies: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(one) for one in proxies.replace(",", " ").split())


@lru_cache(maxsize=65_536)
def _address(entry: str) -> ip.Address | None:
    """`192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`; None for anything else."""
    text = entry.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return ip.parse(text)
