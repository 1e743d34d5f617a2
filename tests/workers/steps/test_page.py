"""Addresses taken apart."""

import pytest

from tests.workers.entries import batch, event
from workers.reference import Reference
from workers.steps.page import page


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://Shop.Example.com:8443/products?page=2#top", "shop.example.com", "/products"),
        ("https://example.com", "example.com", ""),
        ("/products", "", "/products"),
        ("app://screen/home", "screen", "/home"),
        ("http://[::1", "", ""),
        ("http://user:secret@example.com/a", "example.com", "/a"),
        ("", "", ""),
    ],
)
def test_a_url_gives_its_host_and_path_or_nothing(url: str, host: str, path: str) -> None:
    one = batch([event(1, url=url, referrer=url)])
    page(one, Reference())
    assert one.derived == {"host": [host], "path": [path], "referrer_host": [host]}
