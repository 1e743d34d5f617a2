"""Take the page apart: host, path and query of the url, its campaign tags, host of the referrer."""

import re
from functools import lru_cache
from urllib.parse import unquote_plus

from workers.batch import Batch
from workers.reference import Reference

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
#: parameters by which a click is known to the one who sent it; sources.toml says whose they are
CLICK_IDS = (
    *("gclid", "gbraid", "wbraid", "dclid", "msclkid", "yclid", "fbclid", "igshid", "igsh", "ttclid", "twclid"),
    *("li_fat_id", "rdt_cid", "sccid", "qclid", "epik", "tblci", "irclickid", "irclid", "cjevent", "awc"),
    *("mc_cid", "_kx"),
)
_COLUMNS = ("host", "path", "query", *UTM, "click_id")

#: longer addresses are parsed each time: a cache stays within some 20 MB
_CACHED_LENGTH = 512
_CACHED = 16_384
#: characters of a value, and of a host
_MAX_VALUE = 255
#: characters of a value before it is decoded: one becomes twelve at most
_MAX_SENT = 12 * _MAX_VALUE
#: parameters that are looked at: the cost of an address stays bounded
_MAX_PARAMETERS = 100

_ORIGIN = re.compile(r"\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//([^/?#\\]*)")
_CLICKS = frozenset(CLICK_IDS)
_TAGS = _CLICKS.union(UTM)
_NO_TAGS = ("",) * (len(UTM) + 1)


def page(batch: Batch, _reference: Reference) -> None:
    """Derive `_COLUMNS` from the url, and referrer_host. Each distinct address is parsed once."""
    pages = [_known(url) if len(url) <= _CACHED_LENGTH else _parts(url) for url in batch.column("url")]
    batch.derived.update(zip(_COLUMNS, zip(*pages, strict=True), strict=False))
    batch.derived["referrer_host"] = [
        _known_host(referrer) if len(referrer) <= _CACHED_LENGTH else _host(referrer)
        for referrer in batch.column("referrer")
    ]


def plain(value: str) -> str:
    """A parameter's value as it was meant: decoded, trimmed, at most 255 characters."""
    if "%" in value or "+" in value:
        value = _decoded(value[:_MAX_SENT])
    return value.strip()[:_MAX_VALUE]


def _parts(url: str) -> tuple[str, ...]:
    """In step with `_COLUMNS`; empty where the text has no such part."""
    if not url:
        return "", "", "", *_NO_TAGS
    origin = _ORIGIN.match(url)
    rest = url[origin.end() :] if origin else url
    path, _, query = rest.partition("#")[0].partition("?")
    return _host_of(origin[1][-_CACHED_LENGTH:]) if origin else "", path, query, *_tags(query)


def _tags(query: str) -> tuple[str, ...]:
    """The values of `UTM`, and the name of the first click id. The first of equal names counts."""
    if "=" not in query:
        return _NO_TAGS
    found: dict[str, str] = {}
    for parameter in query.split("&", _MAX_PARAMETERS)[:_MAX_PARAMETERS]:
        name, _, value = parameter.partition("=")
        if value and (name in _TAGS or (name := name.lower()) in _TAGS) and name not in found:
            found[name] = value
    if not found:
        return _NO_TAGS
    values = [plain(found[name]) if name in found else "" for name in UTM]
    return *values, next(filter(_CLICKS.__contains__, found), "")


def _host(address: str) -> str:
    origin = _ORIGIN.match(address)
    return _host_of(origin[1][-_CACHED_LENGTH:]) if origin else ""


@lru_cache(maxsize=_CACHED)
def _host_of(authority: str) -> str:
    """In lower case, without user and port; empty where a bracket is not closed."""
    host = authority.rpartition("@")[2]
    if host.startswith("["):
        inside, closed, _ = host[1:].partition("]")
        return inside.lower()[:_MAX_VALUE] if closed else ""
    return host.partition(":")[0].lower().rstrip(".")[:_MAX_VALUE]


#: the whole address of one visit is rarely that of another; its host and its tags are
_decoded = lru_cache(maxsize=_CACHED // 4)(unquote_plus)
_known = lru_cache(maxsize=_CACHED)(_parts)
_known_host = lru_cache(maxsize=_CACHED)(_host)
