"""Sharing: what may be told to somebody with a share link. Asked wherever a name becomes a dimension. No I/O."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: dimensions that tell groups apart and no persons. Addresses, titles and properties hold what a producer put there
SHARED = frozenset(
    {
        *("event", "page", "viewed_page", "host", "entry_page", "exit_page", "referrer_host", "source", "channel"),
        *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"),
        *("country", "region", "city", "browser", "browser_version", "os", "os_version", "device_type"),
        *("language", "platform", "site_id", "dialect", "kind", "bot", "hour_of_day", "day_of_week"),
    }
)
_narrow: ContextVar[bool] = ContextVar("narrow", default=False)


class Withheld(Exception):
    """A share link asks for what it is not told. No `Refused`: nobody takes it for a fault of the question."""


@contextmanager
def narrowed(shared: bool) -> Iterator[None]:
    """What is asked in here is asked by somebody with a share link, if it is `shared`."""
    before = _narrow.set(shared)
    try:
        yield
    finally:
        _narrow.reset(before)


def check(name: str) -> None:
    """Raises `Withheld` where the dimension is not one of `SHARED` and a share link asks."""
    if name not in SHARED:
        withhold(f"{name[:40]!r} can tell single persons apart")


def withhold(what: str) -> None:
    """Raises `Withheld` where a share link asks."""
    if _narrow.get():
        raise Withheld(f"A share link shows what groups of people do: {what}. Ask with a query key.")
