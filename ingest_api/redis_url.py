"""Where Redis is: a URL that may hold a password, checked without ever being shown."""

from urllib.parse import urlsplit

from redis.asyncio.connection import parse_url

_SHAPE = (
    "must look like redis://user:password@host:6379/0 (or rediss://, unix://); "
    "write @ : / ? # inside a password as %40 %3A %2F %3F %23"
)


def checked(url: str) -> str:
    """The URL. Raises `ValueError`, not in the words of the libraries: they quote what may be half of a password."""
    try:
        parse_url(url)
        parts = urlsplit(url)
        stray = parts.fragment or "@" in parts.path + parts.query
    except ValueError:
        stray = "@"
    if stray:
        raise ValueError(_SHAPE)
    return url
