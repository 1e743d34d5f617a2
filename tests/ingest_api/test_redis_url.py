"""Where Redis is."""

import pytest

from ingest_api.redis_url import checked
from ingest_api.stream import connect

PLANTED = "planted"


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "rediss://us%40er:p%2Fw%23@redis.example:6380/1?ssl_check_hostname=true",
        "redis://:a@b@host",  # read from the right: the password is a@b
        "unix:///run/redis.sock?db=1",
    ],
)
def test_what_the_client_understands_is_taken_as_it_is(url: str) -> None:
    assert checked(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:6379",
        "http://127.0.0.1",
        "redis://host:port",
        f"redis://:{PLANTED}/x@host/0",
        f"redis://:{PLANTED}?x@host/0",
        f"redis://user:{PLANTED}#x@host/0",
        f"redis://{PLANTED}:1234#x@host/0",
        f"redis://{PLANTED}:1234/x@host/0",
        f"redis://:[{PLANTED}@host/0",
        f"redis://:{PLANTED}\u2100@host/0",
    ],
)
def test_what_is_no_url_is_told_without_showing_half_a_password(url: str) -> None:
    for read in (checked, connect):
        with pytest.raises(ValueError, match="must look like redis://") as wrong:
            read(url)
        assert PLANTED not in repr(wrong.value)
