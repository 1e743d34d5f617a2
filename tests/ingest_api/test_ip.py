"""Addresses."""

import pytest

from ingest_api import ip


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", None),
        ("192.0.2.1:80", None),
        ("192.0.2.256", None),
        ("", None),
    ],
)
def test_an_address_is_told_from_other_text(text: str, address: str | None) -> None:
    found = ip.parse(text)
    assert (None if found is None else str(found)) == address
