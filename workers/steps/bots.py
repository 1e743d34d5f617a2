"""Name the crawlers: by the list of crawler-user-agents, else `other` where one says of itself that it is one."""

import re
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
from ua_parser_rs import UserAgentExtractor

from workers.batch import Batch
from workers.reference import Reference
from workers.steps.user_agent import REMEMBERED, is_tool, readable

#: the name of a crawler that stands on no list
OTHER = "other"

#: what crawlers that stand on no list say of themselves. Phones are called "CUBOT J9", "M bot 51" and "XBot Junior";
#: an address counts in what looks like a browser alone, since honest servers sign "shop/2.1 (+https://shop.example)"
_SAYS_SO = (
    r"(?i)(?:^|[^u])bot(?:[/);,:+.-]|$)"
    r"|(?:crawler|crawling|spider|scraper|archiver|validator|fetcher|headless|link ?checker)(?:[/);,:+.-]|$)"
    r"|^mozilla/.*[(;,+] ?https?:"
)
#: patterns of the list that people's browsers, apps and phones match, too
PEOPLE = frozenset(
    (
        *(r"AP3A\.240617\.008", "Butterfly", "Fever", "Sonic", "speedy", r"008\/"),  # phones
        *("Blackboard", "Fluid", "MetaIAB Facebook", "Sogou", "Viber", "coccoc", r"Freespoke\/"),  # browsers
        *(r"Asana\/", r"Code\/1\.", r"Grammarly\/", r"Notion\/", r"PayPal\/", r"Trae\/", r"Tumblr\/"),  # apps
        *("Goodreads", "Podimo", "WhatsApp", r"Instapaper\/", r"Overcast\/", r"PocketCasts\/"),
    )
)


class _Listed(msgspec.Struct):
    """One crawler of the list; `pattern` is a regular expression."""

    pattern: str
    tags: list[str]


def bots(batch: Batch, _: Reference) -> None:
    """Derive bot: the crawler's name; empty for a person, and for a tool, which people send events with."""
    batch.derived["bot"] = list(map(_bot, readable([event.user_agent for event in batch.events])))


@lru_cache(maxsize=REMEMBERED)
def _bot(text: str) -> str:
    if is_tool(text):
        return ""
    found = _crawlers().extract(text)
    return found.family if found else ""


@cache
def _crawlers() -> UserAgentExtractor:
    """All patterns in one matcher, each with its one name: nothing of the user agent's own text becomes a name."""
    return UserAgentExtractor((pattern, name, None, None, None, None) for pattern, name in patterns())


def patterns() -> list[tuple[str, str]]:
    """What crawlers are known by, and the name that each has in the column; the first that matches wins."""
    packed = files("crawleruseragents").joinpath("crawler-user-agents.json").read_bytes()
    listed = [one.pattern for one in msgspec.json.decode(packed, type=list[_Listed]) if "http-library" not in one.tags]
    return [*((pattern, _name(pattern)) for pattern in listed if pattern not in PEOPLE), (_SAYS_SO, OTHER)]


def _name(pattern: str) -> str:
    r"""What a person calls the crawler: `[cC]laude[bB]ot` is ClaudeBot, `Googlebot\/` is Googlebot."""
    text = re.sub(r"\(\^\| \)|\(\[\^-\]\|\$\)|[\^$]|(?:\\d|\[\\s\\S\]).*", "", pattern)
    text = re.sub(r"\[(\w)\w\]", lambda pair: pair[1].upper(), text)
    text = re.sub(r"\(?([\w ]+)\|[\w |]+\)?", r"\1", text)  # the first of several
    return re.sub(r"\\(.)", r"\1", text).strip(" /;(")
