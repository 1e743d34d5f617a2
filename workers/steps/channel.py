"""Where the visit comes from: source and channel, by the rules of Google Analytics' default channel group."""

import re
from functools import lru_cache

from workers.batch import Batch
from workers.reference import Reference
from workers.sources import Source, bare, by_host, by_tag, clicks
from workers.steps.page import plain

#: distinct combinations of clues
_CACHED = 16_384

#: `source` or `ref`, and what a host looks like
_ALIAS = re.compile(r"(?:^|&)(?:source|ref)=([^&]+)")
_HOST = re.compile(r"^[^\s/.]+(?:\.[^\s/.]+)+$")
#: how links write that they say nothing
_NOTHING = frozenset(("direct", "(direct)", "none", "(none)", "(not set)"))

_PAID = re.compile(r"cp|^ppc$|^retargeting$|^paid")
_SHOPPING = re.compile(r"(?:[^a-df-z]|^)shop|shopping")
_MAIL = re.compile(r"e[-_ ]?mail|newsletter")
_NEVER = re.compile(r"(?!)")

#: what was bought: category of the source -> channel
_BOUGHT = {
    "shopping": "Paid Shopping",
    "search": "Paid Search",
    "social": "Paid Social",
    "video": "Paid Video",
    "display": "Display",
}
#: (channel, category of the source, look of the medium): either is enough, the first that fits counts
_GIVEN = (
    ("Display", None, re.compile(r"^(?:display|banner|expandable|interstitial|cpm)$")),
    ("Organic Shopping", "shopping", _NEVER),
    ("Organic Social", "social", re.compile(r"^(?:social|social[- ]network|social[- ]media|sm)$")),
    ("Organic Video", "video", re.compile(r"video")),
    ("Organic Search", "search", re.compile(r"^organic$")),
    ("AI Assistant", "ai", re.compile(r"^ai-assistant$")),
    ("Referral", None, re.compile(r"^(?:referral|app|link)$")),
    ("Email", "email", _MAIL),
    ("Affiliates", "affiliate", re.compile(r"^affiliates?$")),
    ("Audio", None, re.compile(r"^audio$")),
    ("SMS", "sms", re.compile(r"^sms$")),
    ("Mobile Push Notifications", "push", re.compile(r"push$|mobile|notification")),
    ("Display", "display", _NEVER),
)


def channel(batch: Batch, _reference: Reference) -> None:
    """Derive source and channel from what `page` derived. Each distinct combination is judged once."""
    column, tags = batch.column, batch.column("utm_source")
    clues = zip(
        [host or url[:1] for host, url in zip(column("host"), column("url"), strict=True)],
        [host or referrer[:1] for host, referrer in zip(column("referrer_host"), column("referrer"), strict=True)],
        tags,
        [_alias(query) if query and not tag else "" for tag, query in zip(tags, column("query"), strict=True)],
        column("utm_medium"),
        column("utm_campaign"),
        column("click_id"),
        strict=True,
    )
    batch.derived.update(zip(("source", "channel"), zip(*map(_known, clues), strict=True), strict=False))


def _alias(query: str) -> str:
    """What `source` or `ref` says, where it names a source: both are used for much else, too."""
    if "ref=" not in query and "source=" not in query:
        return ""
    found = _ALIAS.search(query)
    value = plain(found[1]).lower() if found else ""
    return value if _HOST.search(value) or by_tag(value) else ""


def _judge(clues: tuple[str, str, str, str, str, str, str]) -> tuple[str, str]:
    """Source and channel. The first two clues are hosts, or the first character of an address that names none."""
    here, came, tag, alias, medium, campaign, click_id = map(str.lower, clues)
    inside = came == "/" or (bool(came) and bare(came) == bare(here))
    referrer = "" if inside or len(came) < 2 else came
    tag = _said(tag) or ("" if inside else alias)
    click = clicks().get(click_id)
    source = _source(tag, referrer, click)
    said = _channel(source, click, _said(medium), campaign)
    if not said and source.name:
        said = "Referral"
    elif not said and here and not inside:
        said = "Direct"
    return source.name, said


def _said(text: str) -> str:
    return "" if text in _NOTHING else text


def _source(tag: str, referrer: str, click: Source | None) -> Source:
    """The tag of the link, else a known referrer, else whose click it is, else the referrer."""
    if tag:
        return by_tag(tag) or Source(tag, "email" if _MAIL.search(tag) else "")
    known = by_host(referrer) if referrer else None
    return known or click or Source(bare(referrer), "")


def _channel(source: Source, click: Source | None, medium: str, campaign: str) -> str:
    """The first rule that fits, in Google's order; empty where neither medium nor source decides."""
    if "cross-network" in campaign:
        return "Cross-network"
    ad = click if click and click.paid else None
    category = source.category or (ad.category if ad else "")
    if _SHOPPING.search(campaign):
        category = "shopping"
    if source.paid or ad or _PAID.search(medium):
        other = "Display" if _GIVEN[0][2].search(medium) else "Paid Other"
        return _BOUGHT.get(category, other)
    fits = (name for name, sender, look in _GIVEN if sender == category or look.search(medium))
    return next(fits, "Unassigned" if medium else "")


_known = lru_cache(maxsize=_CACHED)(_judge)
