"""Demo traffic: what visitors of a small shop do in a day. Pure: equal arguments give equal acts."""

import random
import uuid
from collections.abc import Iterator

import msgspec

#: somewhat less than a day, so that a question for the last 24 hours finds all of it
SPAN_MS = 23 * 3_600_000
_SITE = "https://shop.example.com"
#: most visited first: visits follow Zipf's law
_PAGES = (
    ("/", "Home"),
    ("/products", "All products"),
    ("/products/trail-shoes", "Trail shoes"),
    ("/pricing", "Pricing"),
    ("/products/rain-jacket", "Rain jacket"),
    ("/blog/choosing-a-tent", "Choosing a tent"),
    ("/products/tent-two", "Tent for two"),
    ("/about", "About us"),
    ("/blog/packing-light", "Packing light"),
    ("/help/returns", "Returns"),
)
_PRODUCTS = (("trail-shoes", 129.0), ("rain-jacket", 189.5), ("tent-two", 349.0), ("headlamp", 39.9), ("mug", 12.5))
_PLANS = ("free", "pro", "team")
#: referrer and the utm parameters of its links
_SOURCES = (
    ("", ""),
    ("https://www.google.com/", ""),
    ("https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=autumn_sale"),
    ("https://news.ycombinator.com/", ""),
    ("https://www.facebook.com/", "utm_source=facebook&utm_medium=social&utm_campaign=launch"),
    ("", "utm_source=newsletter&utm_medium=email&utm_campaign=november"),
)
#: user agent, device type, platform
_DEVICES = (
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/141.0.0.0 Safari/537.36",
        "desktop",
        "Windows",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.6 Mobile/15E148 Safari/604.1",
        "mobile",
        "iOS",
    ),
    (
        "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/141.0.0.0 Mobile Safari/537.36",
        "mobile",
        "Android",
    ),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0", "desktop", "macOS"),
    (
        "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.6 Safari/604.1",
        "tablet",
        "iPadOS",
    ),
)
#: country, language
_PLACES = (("US", "en-US"), ("DE", "de-DE"), ("GB", "en-GB"), ("TR", "tr-TR"), ("FR", "fr-FR"), ("BR", "pt-BR"))
_ERRORS = ("TypeError: undefined is not a function", "Payment provider timed out", "404 /products/old-boots")


class Act(msgspec.Struct, frozen=True):
    """One thing that one visitor did, before a route tells it in its own words. Text that is unknown is empty."""

    name: str
    #: Unix milliseconds
    occurred_at: int
    #: unique among all acts of all runs
    key: str
    session_id: str
    #: of the browser, the same in all its sessions
    client_id: str
    #: known after the visitor logged in
    user_id: str
    url: str
    title: str
    referrer: str
    user_agent: str
    device_type: str
    platform: str
    country: str
    language: str
    properties: dict[str, object]


def acts(seed: int, count: int, now_ms: int) -> list[Act]:
    """`count` acts within `SPAN_MS` before `now_ms`, oldest first. A seed also decides the idempotency keys."""
    chance = random.Random(seed)  # noqa: S311  # made-up visitors, no secrets
    visitors = [_Visitor(chance) for _ in range(max(1, count // 12))]
    made: list[Act] = []
    while len(made) < count:
        begin = now_ms - chance.randrange(1, SPAN_MS)
        visitor = visitors[int(chance.random() ** 2 * len(visitors))]  # some come back more often
        made += [act for act in visitor.session(chance, begin) if act.occurred_at < now_ms]
    return sorted(made[:count], key=lambda act: act.occurred_at)


class _Visitor:
    """Somebody with one browser, who comes back with it."""

    def __init__(self, chance: random.Random) -> None:
        self.client_id = str(_uuid(chance))
        self.user_id = f"u_{chance.randrange(10_000, 100_000)}"
        self.device = chance.choices(_DEVICES, (38, 27, 20, 10, 5))[0]
        self.place = chance.choices(_PLACES, (34, 20, 14, 14, 10, 8))[0]

    def session(self, chance: random.Random, begin: int) -> Iterator[Act]:
        """One visit, from a source through some pages to what was done there."""
        session_id, moment, user_id = str(_uuid(chance)), begin, ""
        referrer, utm = chance.choice(_SOURCES)
        query = f"?{utm}" if utm else ""
        for name, (path, title), properties in _visit(chance):
            if name in {"user_login", "user_signup"}:
                user_id = self.user_id
            user_agent, device_type, platform = self.device
            country, language = self.place
            yield Act(
                name=name,
                occurred_at=moment,
                key=str(_uuid(chance)),
                session_id=session_id,
                client_id=self.client_id,
                user_id=user_id,
                url=_SITE + path + query,
                title=title,
                referrer=referrer,
                user_agent=user_agent,
                device_type=device_type,
                platform=platform,
                country=country,
                language=language,
                properties=properties,
            )
            if name == "page_view":
                referrer, query = _SITE + path, ""  # the source is told once, with the page it led to
            moment += chance.randrange(500, 45_000)


def _visit(chance: random.Random) -> Iterator[tuple[str, tuple[str, str], dict[str, object]]]:
    """Name, page and properties of everything that happens in one visit."""
    page = _PAGES[0]
    for _ in range(min(int(chance.expovariate(0.3)) + 1, 12)):
        page = chance.choices(_PAGES, [1 / rank for rank in range(1, len(_PAGES) + 1)])[0]
        yield "page_view", page, {}
        if chance.random() < 0.4:
            yield "click", page, {"element": chance.choice(("nav", "buy-button", "image", "footer-link"))}
        if chance.random() < 0.03:
            yield "error", page, {"message": chance.choice(_ERRORS), "handled": chance.random() < 0.5}
    if chance.random() < 0.1:
        yield "form_submit", page, {"form": "contact", "fields": chance.randrange(3, 8)}
    if chance.random() < 0.25:
        yield "user_login", page, {"method": chance.choice(("password", "google", "passkey"))}
    elif chance.random() < 0.1:
        yield "user_signup", page, {"plan": chance.choice(_PLANS), "team": {"size": chance.randrange(1, 40)}}
    if chance.random() < 0.12:
        yield "purchase", page, _order(chance)


def _order(chance: random.Random) -> dict[str, object]:
    items = [(sku, price, chance.randrange(1, 3)) for sku, price in chance.sample(_PRODUCTS, chance.randrange(1, 4))]
    return {
        "order_id": f"o_{chance.randrange(10**8)}",
        "currency": "EUR",
        "total": round(sum(price * quantity for _, price, quantity in items), 2),
        "items": [{"sku": sku, "price": price, "quantity": quantity} for sku, price, quantity in items],
        "coupon": None,
    }


def _uuid(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)
