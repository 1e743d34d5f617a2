"""A realistic mix for the steps: visitors with devices, addresses, pages and sources, as unequal as they are."""

import itertools
import random
from collections.abc import Iterator

import msgspec

from ingest_api.event import Event
from ingest_api.projects.project import Project
from tests.bench import prepared
from workers.batch import Batch, Position
from workers.reference import Reference

_SEED = 11
_BATCH = 10_000
#: distinct user agents, and as many addresses; the n-th visitor comes n times as seldom as the first
_VISITORS = 10_000
_PLAIN, _STRICT = "plain", "strict"
_SYSTEMS = (
    "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64",
    "Linux; Android 10; K", "Linux; Android 14; SM-S918B", "Linux; Android 13; Pixel 7", "X11; CrOS x86_64 14541.0.0",
)  # fmt: skip
_REFERRERS = (
    "", "", "", "https://www.google.com/", "https://www.google.de/", "https://duckduckgo.com/", "https://t.co/Xk2",
    "https://www.facebook.com/", "https://l.instagram.com/", "https://news.ycombinator.com/item?id=1", "https://chatgpt.com/",
    "https://shop.example.com/cart", "https://blog.example.org/post/7", "android-app://com.google.android.gm/",
)  # fmt: skip
_TAGS = (
    "", "", "", "", "?page=2", "?utm_source=newsletter&utm_medium=email&utm_campaign=autumn", "?gclid=Cj0KCQiA",
    "?utm_source=google&utm_medium=cpc&utm_campaign=brand%20de&utm_term=shoes", "?fbclid=IwAR2x",
    "?q=red+shoes&sort=price",
)  # fmt: skip


def reference() -> Reference:
    """What the steps look up: an ordinary project, and one that takes things away."""
    projects = [Project(_PLAIN, ("shop",), 0), Project(_STRICT, (), 0, ip="truncate", drop_properties=("plan",))]
    return Reference(projects={one.id: one for one in projects}, salts=_salts(), secret=b"s" * 32)


def batches(count: int) -> Iterator[Batch]:
    """So many batches of 10,000 events, nine of ten of the ordinary project."""
    choice = random.Random(_SEED)
    agents, addresses = [_agent(choice) for _ in range(_VISITORS)], [_address(choice) for _ in range(_VISITORS)]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, _VISITORS + 1)))
    plain = [entry.event for entry in prepared.stamped(_BATCH, _SEED)]
    positions = [Position(1000, 0, index) for index in range(_BATCH)]
    for number in range(count):
        who = choice.choices(range(_VISITORS), cum_weights=weights, k=_BATCH)
        events = [
            _visit(event, choice, number, agents[visitor], addresses[-visitor])
            for event, visitor in zip(plain, who, strict=True)
        ]
        yield Batch(0, [f"{number + 1}-0"], _BATCH, events, list(positions))


def _visit(event: Event, choice: random.Random, number: int, agent: str, address: str) -> Event:
    path = f"https://shop.example.com/products/{int(3000 * choice.random() ** 3)}{choice.choice(_TAGS)}"
    return msgspec.structs.replace(
        event,
        event_id=number.to_bytes(8, "big") + event.event_id[:8],
        project=_STRICT if choice.random() < 0.1 else _PLAIN,
        user_id="" if choice.random() < 0.7 else event.user_id,
        url=path,
        referrer=choice.choice(_REFERRERS),
        user_agent=agent,
        ip=address,
    )


def _agent(choice: random.Random) -> str:
    version = f"{choice.randrange(90, 140)}.0.{choice.randrange(7000)}.{choice.randrange(200)}"
    system = choice.choice(_SYSTEMS)
    if choice.random() < 0.03:
        return f"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/{version}"
    if choice.random() < 0.15:
        return f"Mozilla/5.0 ({system}; rv:{version[:5]}) Gecko/20100101 Firefox/{version[:5]}.{choice.randrange(40)}"
    mobile = " Mobile" if "Android" in system else ""
    own = choice.choice(("", f" Edg/{version}", f" OPR/{version}"))
    return f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}{mobile} Safari/537.36{own}"


def _address(choice: random.Random) -> str:
    return f"{choice.randrange(11, 126)}.{choice.randrange(256)}.{choice.randrange(256)}.{choice.randrange(1, 255)}"


def _salts() -> dict[int, bytes]:
    """One for every day that an event of the mix may have been received."""
    today = prepared.stamped(1000, _SEED)[0].event.received_at // 86_400_000
    return {day: b"%032d" % day for day in (today - 1, today, today + 1)}
