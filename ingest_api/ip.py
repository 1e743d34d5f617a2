"""Addresses: text -> IPv4 or IPv6. Leaf."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(text: str) -> Address | None:
    """An IPv4 address also where it came as IPv6; None for other text, and for one that names an interface."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return None if found.scope_id is not None else found.ipv4_mapped or found
    return found
