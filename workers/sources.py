"""Sources: the sites and apps that visits come from, and the channels' categories. Data in sources.toml."""

import importlib.resources
import re
import tomllib
from functools import cache
from typing import NamedTuple

#: a country's ending: .com, .de, .co.uk, .com.tr
_COUNTRY = re.compile(r"\.(?:com|net|org|cat|[a-z]{2}|(?:com?|net|org)\.[a-z]{2})$")
_FRONT = re.compile(r"^(?:www|m)\.(?=.+\.)")
_WEBMAIL = re.compile(r"^(?:(?:web)?mail|owa|roundcube|zimbra)\d*\..+\.")
_SPACING = str.maketrans("", "", " -_")
#: "facebook_ads": the source is Facebook, and the visit was bought
_AD_TAG = re.compile(r"^(?:(?:google)?[-_. ]?adwords|gads|(.+?)[-_. ]?ads?)$")


class Source(NamedTuple):
    """Where a visit comes from. The category is a section of sources.toml, empty for sites that it does not know."""

    name: str
    category: str
    #: by its name alone, the visit was bought
    paid: bool = False


class _Known(NamedTuple):
    #: name or host -> source
    alone: dict[str, Source]
    #: host -> source, for its subdomains too
    below: dict[str, Source]
    #: parameter of a click -> source
    clicks: dict[str, Source]


@cache
def _known() -> _Known:
    read = tomllib.loads((importlib.resources.files("workers") / "sources.toml").read_text("utf-8"))
    clicks: dict[str, dict[str, str]] = read.pop("clicks")
    known = _Known({}, {}, {})
    named = {name: Source(name, category) for category, names in read.items() for name in names}
    for source in named.values():
        known.alone[source.name.lower().translate(_SPACING)] = source
        for text in read[source.category][source.name]:
            known.alone[text.removeprefix("=")] = source
            if "." in text and not text.startswith("="):
                known.below[text] = source
    for kind, names in clicks.items():
        known.clicks.update({click: named[name]._replace(paid=kind == "ad") for click, name in names.items()})
    return known


def clicks() -> dict[str, Source]:
    """Parameter of a click -> whose it is; `paid` where only ads carry it."""
    return _known().clicks


def by_host(host: str) -> Source | None:
    """The source that a host in lower case belongs to, or None."""
    known, text = _known(), bare(host)
    found = known.alone.get(text) or known.alone.get(_COUNTRY.sub(".*", text))
    while not found and text.count(".") > 1:
        text = text.partition(".")[2]
        found = known.below.get(text) or known.below.get(_COUNTRY.sub(".*", text))
    return found or (Source(host, "email") if _WEBMAIL.search(host) else None)


def by_tag(tag: str) -> Source | None:
    """The source that a utm_source in lower case names, or None."""
    if "." in tag and (found := by_host(tag)):
        return found
    known = _known()
    if found := known.alone.get(tag.translate(_SPACING)):
        return found
    bought = _AD_TAG.search(tag)
    found = known.alone.get((bought[1] or "google").translate(_SPACING)) if bought else None
    return found._replace(paid=True) if found else None


def bare(host: str) -> str:
    """A host without www. or m."""
    return _FRONT.sub("", host)
