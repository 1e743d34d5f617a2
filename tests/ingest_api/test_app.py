"""Which path goes where, and what the log says of it all."""

import io
import logging
import logging.config
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from ingest_api import dialects
from ingest_api.app import routes
from ingest_api.front_door import FrontDoor
from ingest_api.settings import Settings
from tests.house import tree
from tests.ingest_api.conftest import Door
from tests.ingest_api.wire import EVENT, answers, event, post, talk

SENTINEL = "s3nt1nel"
#: what could break a log, or a terminal that shows it
NAUGHTY = [
    "plain", "a\r\nb", "\x1b[31mred\x1b[0m", "\x00", '"}\n{"level":"CRITICAL"', "%s%n", "${jndi:ldap://x}",
    "\u202e\ufeff", "{0.__class__}", "\udcff", "\\u0000", "</script>", "日本語", "🏳️‍🌈", "\x7f\x08",
    "\u2028", "' OR 1=1 --",
]  # fmt: skip


async def test_every_path_of_every_dialect_takes_post_and_health_and_the_tracker_take_get() -> None:
    known = routes(FrontDoor(Settings()))
    assert set(known.pop("/healthz")) == set(known.pop("/readyz")) == set(known.pop("/tracker.js")) == {"GET"}
    assert set(known) == {path for dialect in dialects.load() for path in dialect.routes}
    assert all(set(methods) == {"POST"} for methods in known.values())


@pytest.mark.stack
@pytest.mark.parametrize(
    "path", ["/", "/v1/nothing", "//v1/events", "/v1/events//", "/v1/../v1/events", "/%761/events"]
)
async def test_an_unknown_path_is_a_404_in_json(door: Door, path: str) -> None:
    line = f"POST {path} HTTP/1.1".encode()
    (said,) = answers(await talk(door.port, post(b"Content-Length: 0", b"Connection: close", line=line)))
    assert (said.status, said.json()["error"]) == (404, "not_found")
    assert said.headers["x-request-id"]


@pytest.mark.stack
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "PURGE"])
async def test_another_method_is_a_405_that_names_the_right_ones(door: Door, method: str) -> None:
    async with door.client.request(method, "/v1/events") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST, HEAD, OPTIONS")
        assert (await answer.json())["error"] == "method_not_allowed"
        assert answer.headers["X-Request-Id"]


@pytest.mark.stack
async def test_what_head_asks_for_in_vain_is_told_without_a_body(door: Door) -> None:
    async with door.client.head("/v1/nothing") as answer:
        assert (answer.status, await answer.read()) == (404, b"")
    async with door.client.get("/healthz") as answer:
        assert answer.status == 200


@asynccontextmanager
async def logged() -> AsyncIterator[io.StringIO]:
    """What the process would write as its log, down to the smallest matter."""
    config: dict[str, Any] = orjson.loads((tree.ROOT / "deploy" / "logging.json").read_bytes())
    written, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    made = logging.config.DictConfigurator(config).configure_formatter(config["formatters"]["json"])
    assert isinstance(made, logging.Formatter)
    handler.setFormatter(made)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def requests(text: str, key: str) -> list[bytes]:
    """The text in the path, in headers and in bodies, good and bad, with a good key and a bad one."""
    raw = f"{SENTINEL}{text}".encode("utf-8", "surrogateescape")
    close = b"Connection: close"
    body = orjson.dumps({"event_type": raw.decode("utf-8", "replace"), "occurred_at": "2026-11-20T10:00:00Z"})
    sized = b"Content-Length: %d" % len(body)
    return [
        b"GET /%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (raw, close),
        b"%s / HTTP/1.1\r\n\r\n" % raw,
        post(sized, close, b"User-Agent: " + raw, b"X-Forwarded-For: " + raw, b"X-" + raw, body=body, key=key),
        post(sized, close, b"Idempotency-Key: " + raw, key=key, body=body),
        post(sized, close, b"Content-Encoding: " + raw, key=key, body=body),
        post(sized, close, b"Content-Type: text/plain; charset=" + raw, key=key, body=body),
        post(sized, close, body=body, key=f"hr_write_{SENTINEL}_{SENTINEL}"),
        post(b"Content-Length: %d" % len(raw), close, body=raw, key=key),
        post(b"Transfer-Encoding: chunked", key=key, body=b"zz" + raw),
    ]


@pytest.mark.stack
async def test_no_line_of_the_log_repeats_what_was_sent_and_each_is_json(door: Door) -> None:
    async with logged() as log:
        for text in NAUGHTY:
            for raw in requests(text, door.write_key):
                for said in answers(await talk(door.port, raw)):
                    assert said.status < 500
        (said,) = answers(await talk(door.port, event(door.write_key, b"Connection: close")))
        assert said.status == 200
        (said,) = answers(await talk(door.port, b"x" + EVENT + b"\r\n\r\n"))
        assert said.status == 400
    lines = log.getvalue().splitlines()
    assert all(isinstance(orjson.loads(line), dict) for line in lines)
    assert {"parse"} <= {orjson.loads(line).get("action") for line in lines}
    secret = [SENTINEL, door.write_key, door.query_key, door.write_key.rsplit("_", 1)[1], "\x1b", "told"]
    assert [word for word in secret if word in log.getvalue()] == []
