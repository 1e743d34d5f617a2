"""What the load consists of: realistic events, each distinct, built from templates to keep the generator cheap."""

import itertools
import random
from collections.abc import Callable, Iterator

from ingest_api.moment import now_ms, text

Clock = Callable[[], int]

#: 2026-11-01T11:00:00Z; where nothing is sent, what is measured stays the same from day to day
_LONG_AGO = 1_793_530_800_000
_NAMES = ("page_view", "page_view", "page_view", "click", "add_to_cart", "purchase", "user.created", "form_submit")
_PLANS = ("free", "pro", "team", "enterprise")
_AGENTS = 500


def events(seed: int, clock: Clock = lambda: _LONG_AGO, within_ms: int = 3_600_000) -> Iterator[bytes]:
    """Endless JSON objects for POST /v1/events, 350-420 bytes each, every one with its own idempotency key.

    Each tells of something that happened within so many milliseconds before what the clock shows, Unix milliseconds.
    """
    choice = random.Random(seed)
    shapes = [_shape(choice, within_ms) for _ in range(_AGENTS)]
    run = choice.getrandbits(40)
    for number in itertools.count():
        name, ago, head, tail = shapes[number % _AGENTS]
        at = clock() - ago
        yield b"%s%s.%03dZ%s%010x-%010x%s" % (name, text(at)[:-1].encode(), at % 1000, head, run, number, tail)


def requests(host: str, token: str, batch: int, seed: int) -> Iterator[bytes]:
    """Endless HTTP requests with one event each, or with an array of `batch` events, of the last ten seconds."""
    stream = events(seed, now_ms, 10_000)
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nUser-Agent: headrace-bench/1\r\nContent-Length: "
    ).encode()
    while True:
        body = next(stream) if batch == 1 else b"[" + b",".join(itertools.islice(stream, batch)) + b"]"
        yield b"%s%d\r\n\r\n%s" % (head, len(body), body)


def _shape(choice: random.Random, within_ms: int) -> tuple[bytes, int, bytes, bytes]:
    product, user, session = choice.randrange(3000), choice.randrange(200_000), choice.getrandbits(64)
    name = f'{{"event_type":"{choice.choice(_NAMES)}","occurred_at":"'
    head = (
        f'","user_id":"user_{user}","session_id":"{session:016x}",'
        f'"url":"https://shop.example.com/products/{product}?utm_source=mail&page={choice.randrange(9)}",'
        f'"referrer":"https://www.google.com/","idempotency_key":"'
    )
    tail = (
        f'","data":{{"product_id":"SKU-{product:05d}","price":{choice.randrange(100, 90000) / 100},"currency":"EUR",'
        f'"quantity":{choice.randrange(1, 5)},"plan":"{choice.choice(_PLANS)}",'
        f'"experiment":{{"checkout":"b","n":3}}}}}}'
    )
    return name.encode(), choice.randrange(within_ms), head.encode(), tail.encode()
