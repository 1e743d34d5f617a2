"""What is kept of an address."""

import pytest

from ingest_api import anonymise


@pytest.mark.parametrize(
    ("policy", "ip", "kept"),
    [
        ("drop", "203.0.113.77", ""),
        ("keep", "203.0.113.77", "203.0.113.77"),
        ("truncate", "203.0.113.77", "203.0.113.0"),
        ("truncate", "2001:db8:1:2:3::4", "2001:db8:1::"),
        ("truncate", "::ffff:203.0.113.77", "203.0.113.0"),
        ("truncate", "no address", ""),
        ("anything else", "203.0.113.77", ""),
    ],
)
def test_an_address_is_kept_as_the_project_wants_it(policy: str, ip: str, kept: str) -> None:
    assert anonymise.address(ip, policy) == kept
