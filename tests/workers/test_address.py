"""Where ClickHouse is."""

import pytest

from workers.address import address, checked


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


@pytest.mark.parametrize(
    "url",
    [
        *("", "clickhouse", "ftp://ch", "http://", "http://ch:port", "http://ch:0"),
        *("http://u:planted/x@ch", "http://u:planted#x@ch:1", "http://planted:1/x@ch", "http://u:[planted@ch"),
        "http://u:planted\u2100@ch",
    ],
)
def test_what_is_no_url_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="HEADRACE_CLICKHOUSE_URL must look like") as wrong:
        address(url)
    with pytest.raises(ValueError, match="must look like") as again:
        checked(url)
    assert "planted" not in repr(wrong.value) + repr(again.value)
