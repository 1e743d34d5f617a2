"""Take the page apart: host and path of the url, host of the referrer."""

from functools import lru_cache
from urllib.parse import urlsplit

from workers.batch import Batch


def page(batch: Batch) -> None:
    """Derive host, path and referrer_host. Each distinct address is parsed once."""
    pages = [_parts(event.url) for event in batch.events]
    batch.derived["host"] = [host for host, _ in pages]
    batch.derived["path"] = [path for _, path in pages]
    batch.derived["referrer_host"] = [_parts(event.referrer)[0] for event in batch.events]


@lru_cache(maxsize=65_536)
def _parts(address: str) -> tuple[str, str]:
    """Host in lower case without port, and path; empty where the text is not an address."""
    if not address:
        return "", ""
    try:
        split = urlsplit(address)
        return split.hostname or "", split.path
    except ValueError:
        return "", ""
