"""Which addresses a webhook may be sent to."""

import socket

import pytest

from workers.alerts.reach import NotAllowed, Reach, public

PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.1"),
    *("2606:4700::1111", "2a00::1"),
)
NOT_PUBLIC = (
    *("0.0.0.0", "10.1.2.3", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255"),  # noqa: S104  # nothing listens there
    *("192.168.1.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1", "64:ff9b::7f00:1"),
    *("64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::"),
    *("2002:808:808::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("localhost", "", "127.1"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_hosts_of_the_public_internet_may_be_reached_by_tls_alone(address: str) -> None:
    assert public(address)
    Reach().check(address, tls=True)
    with pytest.raises(NotAllowed, match="use https://"):
        Reach().check(address, tls=False)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_nothing_else_may_be_reached(address: str) -> None:
    assert not public(address)
    for tls in (True, False):
        with pytest.raises(NotAllowed, match="HEADRACE_WEBHOOK_ALLOW"):
            Reach().check(address, tls=tls)


def test_networks_that_are_named_may_be_reached_and_no_others() -> None:
    reach = Reach.parse("10.1.0.0/16, fd00:1::/32,")
    for address in ("10.1.2.3", "fd00:1::5"):
        reach.check(address, tls=False)
        reach.check(address, tls=True)
    for address in ("10.2.0.1", "fd00:2::1", "::ffff:10.1.2.3", "127.0.0.1"):
        with pytest.raises(NotAllowed):
            reach.check(address, tls=True)


def test_a_network_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        Reach.parse("10.0.0.1/8")


def test_a_socket_is_made_for_an_address_that_may_be_reached() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    with Reach.parse("127.0.0.0/8").socket(info, tls=False) as made:
        assert made.family == socket.AF_INET
    with pytest.raises(NotAllowed):
        Reach().socket(info, tls=True)
