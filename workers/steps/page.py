"""Take the page apart: host and path of the url, host of the referrer."""

from functools import lru_cache
from urllib.parse import urlsplit

from workers.batch import Batch
from workers.reference import Reference

#: longer addresses are parsed each time: the cache stays within some 20 MB
_CACHED_LENGTH = 512


def page(batch: Batch, _reference: Reference) -> None:
    """Derive host, path and referrer_host. Each distinct address is parsed once."""
    pages = [_page(event.url) for event in batch.events]
    batch.derived["host"] = [host for host, _ in pages]
    batch.derived["path"] = [path for _, path in pages]
    batch.derived["referrer_host"] = [_page(event.referrer)[0] for event in batch.events]


def _page(address: str) -> tuple[str, str]:
    return _known(address) if len(address) <= _CACHED_LENGTH else _parts(address)


def _parts(address: str) -> tuple[str, str]:
    """Host in lower case without port, and path; empty where the text is not an address."""
    if not address:
        return "", ""
    try:
        split = urlsplit(address)
        return split.hostname or "", split.path
    except ValueError:
        return "", ""


_known = lru_cache(maxsize=16_384)(_parts)
