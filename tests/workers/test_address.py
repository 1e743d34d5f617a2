"""Where ClickHouse is."""

import pytest

from workers.address import address


def test_a_url_is_taken_apart() -> None:
    assert address("http://us%65r:p%40ss@ch:8124/?database=headrace") == {
        "interface": "http",
        "host": "ch",
        "port": 8124,
        "username": "user",
        "password": "p@ss",
        "database": "headrace",
    }


def test_ports_and_names_have_clickhouse_s_defaults() -> None:
    assert address("https://ch") == {
        "interface": "https",
        "host": "ch",
        "port": 8443,
        "username": "default",
        "password": "",
        "database": "default",
    }


@pytest.mark.parametrize("url", ["", "clickhouse", "ftp://ch", "http://"])
def test_what_is_no_url_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="HEADRACE_CLICKHOUSE_URL must look like"):
        address(url)
