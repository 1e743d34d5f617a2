"""From which pages a browser may send."""

import pytest

from ingest_api.http.origin import allowed


@pytest.mark.parametrize(
    ("page", "origins", "may"),
    [
        ("https://shop.example", (), True),
        ("https://shop.example", ("https://shop.example",), True),
        ("HTTPS://Shop.Example", ("https://shop.example",), True),
        ("http://shop.example", ("https://shop.example",), False),
        ("https://shop.example:8443", ("https://shop.example",), False),
        ("https://shop.example.evil.example", ("https://shop.example",), False),
        ("https://www.shop.example", ("https://*.shop.example",), True),
        ("https://shop.example", ("https://*.shop.example",), False),
        ("https://evilshop.example", ("https://*.shop.example",), False),
        ("https://evil.example/.shop.example", ("https://*.shop.example",), False),
        ("null", ("https://shop.example",), False),
    ],
)
def test_a_page_may_send_when_its_origin_is_listed(page: str, origins: tuple[str, ...], may: bool) -> None:
    assert allowed(page, origins) is may
