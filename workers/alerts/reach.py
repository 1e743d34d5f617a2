"""Reach: which addresses a webhook may be sent to. Looked at on the address that is connected to, at that moment.

Whoever may name a URL must not make this machine ask its neighbours, its own services, or the cloud's. So it is not the
name that counts, which may lead elsewhere the next time, but each address right before it is connected to.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network

#: no public host: this network, private, shared by carriers, loopback, link-local and metadata, protocols, documents,
#: relays of 6to4, benchmarks, Azure's platform, multicast, reserved, broadcast
_NOT_V4 = tuple(
    IPv4Network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "168.63.129.16/32"),
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
)
#: all public hosts of IPv6 are in here; ::1, mapped, NAT64, local, multicast are not
_V6 = IPv6Network("2000::/3")
#: Teredo and other protocols, documents, 6to4
_NOT_V6 = tuple(
    IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)


class NotAllowed(OSError):
    """The address must not be connected to."""


@dataclass(frozen=True)
class Reach:
    """`allowed`: networks that may be reached although they are not public, also without TLS."""

    allowed: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Reach":
        """Networks with commas between. Raises `ValueError` naming the one that is wrong."""
        return cls(tuple(ip_network(one.strip()) for one in text.split(",") if one.strip()))

    def named(self, address: str) -> bool:
        """Whether the address is in one of the allowed networks."""
        try:
            one = ip_address(address)
        except ValueError:  # one with a zone is link-local
            return False
        return any(one in network for network in self.allowed)

    def check(self, address: str, *, tls: bool) -> None:
        """Raises `NotAllowed`."""
        if self.named(address):
            return
        if not public(address):
            raise NotAllowed("its address is not a public one, and is not in HEADRACE_WEBHOOK_ALLOW")
        if not tls:
            raise NotAllowed("http:// is for networks in HEADRACE_WEBHOOK_ALLOW alone: use https://")

    def socket(self, info: Sequence[Any], *, tls: bool) -> socket.socket:
        """A socket for one of the answers of getaddrinfo, which is connected to next. Raises `NotAllowed`."""
        family, kind, protocol, _, place = info
        self.check(str(place[0]), tls=tls)
        return socket.socket(family, kind, protocol)


def public(address: str) -> bool:
    """Whether it is a host of the public internet, and nothing that stands for another address."""
    try:
        one = ip_address(address)
    except ValueError:
        return False
    if isinstance(one, IPv6Address):
        return one in _V6 and not any(one in network for network in _NOT_V6)
    return not any(one in network for network in _NOT_V4)
