"""Where Redis is."""

import pytest

from ingest_api.servers.redis_url import checked, places, shown
from ingest_api.stream import connect

PLANTED = "planted"


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "rediss://us%40er:p%2Fw%23@redis.example:6380/1?ssl_check_hostname=true",
        "redis://:a@b@host",  # read from the right: the password is a@b
        "unix:///run/redis.sock?db=1",
        "redis://control redis://:a%20b@one rediss://two:6380/1",
        "redis+sentinel://us%40er:pw@one,two:26380,[::1]:26381/shards/2?sentinel_password=p%20w",
        "redis://control redis+cluster://:pw@one:6379,two",
        "redis+sentinel://one/control redis+sentinel://one/first redis+sentinel://one/second",
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
        f"redis://:{PLANTED} x@host/0",
        f"redis+sentinel://:{PLANTED}@host",
        f"redis+sentinel://:{PLANTED}/x@host/shards",
        f"redis+sentinel://:{PLANTED}#x@host/shards",
        f"redis+sentinel://:{PLANTED}@host:port/shards",
        f"redis+other://:{PLANTED}@host/shards",
        f"redis+cluster://:{PLANTED}@host",
        f"redis://control redis+cluster://:{PLANTED}@host/1",
        f"redis://control redis+cluster://:{PLANTED}@host redis://more",
        f"redis://control redis://more redis+cluster://:{PLANTED}@host",
    ],
)
def test_what_is_no_url_is_told_without_showing_half_a_password(url: str) -> None:
    for read in (checked, connect):
        with pytest.raises(ValueError, match="must look like redis://") as wrong:
            read(url)
        assert PLANTED not in repr(wrong.value)


def test_the_first_is_the_control_server_and_the_others_are_where_the_shards_lie() -> None:
    control, shards = places("redis://control redis+cluster://us:pw@one:7000,two")
    assert (control.kind, control.options["host"]) == ("server", "control")
    assert (shards.kind, shards.hosts) == ("cluster", (("one", 7000), ("two", 6379)))
    assert (shards.options["username"], shards.options["password"]) == ("us", "pw")


def test_of_sentinel_the_hosts_are_the_sentinels_and_the_path_names_the_service_and_the_database() -> None:
    (found,) = places("rediss+sentinel://:p%40w@one,[::1]:26380/shards/3?sentinel_password=other")
    assert (found.hosts, found.service) == ((("one", 26379), ("::1", 26380)), "shards")
    assert (found.options["password"], found.options["db"]) == ("p@w", 3)
    assert found.options["sentinel_password"] == "other"
    assert found.url.startswith("rediss://")


def test_a_place_is_shown_without_its_password() -> None:
    url = f"redis+sentinel://us:{PLANTED}@one,two:1/shards"
    assert shown(url) == "redis+sentinel://one:26379,two:1/shards"
    assert PLANTED not in repr(places(url))
    assert shown("redis://:pw@host") == ""
