"""What is kept of a client's address, as its project wants it."""

import ipaddress
from functools import lru_cache


def address(ip: str, policy: str) -> str:
    """`drop` keeps nothing, `truncate` the network (/24 of IPv4, /48 of IPv6), `keep` all of it."""
    if policy == "keep":
        return ip
    return _network(ip) if policy == "truncate" else ""


@lru_cache(maxsize=65_536)
def _network(ip: str) -> str:
    try:
        parsed = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)
