"""GET /api/v1/live: a project's events as they become queryable, as server-sent events."""

import contextlib
import time
from collections.abc import AsyncGenerator, Mapping

import msgspec
from redis.exceptions import RedisError

from ingest_api.projects.keys import Kind
from queries.errors import Refused, StoreUnavailable
from queries.questions import filters
from queries.questions.binder import Binder
from queries.questions.filters import EVERYTHING, And, Filter
from queries.questions.recent import Cursor
from queries.request import event_type_of, only
from queries.route import Call, Parameter, Route
from queries.service import QueryService
from queries.streamed import Streamed
from queries.tail.feed import Feed, last_word
from queries.tail.reader import Reader

#: a browser that was cut off comes back after so many milliseconds
_RETRY = b"retry: 1000\n"
#: whether the key is still good is asked so often, seconds
_KEY_SECONDS = 2.0
#: proxies must pass each event on at once, as it is
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}

_AWAY = "The events cannot be had now. Go on from the last id in a moment."

LIVE_PARAMETERS = (
    Parameter(
        "after",
        str,
        "only events behind this cursor; the header `Last-Event-ID` wins; what comes from now on without both",
    ),
    Parameter("event_type", str, "only events of this name; all when it is left out"),
    Parameter("filter", str, 'a JSON filter such as `["is","country",["DE"]]`; without `has_done`'),
)


async def follow_live(service: QueryService, call: Call) -> Streamed:
    """Of the key's project, until the client goes."""
    only(call.query, LIVE_PARAMETERS)
    after, wish = _after(call), _wish(call.query)
    return Streamed(
        "text/event-stream",
        _events(service, call, after, wish),
        headers=_HEADERS,
        patience=service.feeds.settings.live_patience_seconds,
    )


async def _events(service: QueryService, call: Call, after: Cursor | None, wish: Filter) -> AsyncGenerator[bytes, None]:
    silence = service.feeds.settings.live_heartbeat_seconds
    async with service.feeds.follow(call.project.id, after, wish) as (feed, reader):
        start = _RETRY + _id(reader.cursor) + b"\n"
        yield start + (await feed.page_of(reader) if feed.behind(reader) else b"")
        said = checked = time.monotonic()
        while not (reader.ended and reader.idle):
            piece = await _next(feed, reader, min(silence, _KEY_SECONDS))
            now = time.monotonic()
            if not piece and now - said >= silence and not reader.ended:
                piece = b":\n" + _id(reader.cursor) + b"\n"
            if now - checked >= _KEY_SECONDS:
                checked, locked = now, await _locked(service, call)
                if locked:
                    yield last_word(locked)
                    return
            if piece:
                said = now
                yield piece


async def _next(feed: Feed, reader: Reader, seconds: float) -> bytes:
    """What comes next: of what waits, else a page for somebody who is behind; nothing after so many seconds."""
    if reader.idle and feed.behind(reader):
        try:
            return await feed.page_of(reader)
        except Refused as refused:
            reader.drop(last_word(refused.message))
        except StoreUnavailable:
            reader.drop(last_word(_AWAY))
    elif reader.idle:
        await reader.news(seconds)
    return reader.take()


async def _locked(service: QueryService, call: Call) -> str:
    """Why the key opens nothing any more, if it does not. While Redis is away nothing is fresh, and nothing is said."""
    with contextlib.suppress(RedisError, OSError):
        try:
            await service.access(call.headers.get("Authorization", ""), Kind.QUERY, session=call.browser.session)
        except Refused as refused:
            return refused.message
    return ""


def _id(cursor: Cursor) -> bytes:
    return f"id: {cursor}\n".encode()


def _after(call: Call) -> Cursor | None:
    """Where to go on. A browser that reconnects sends its last id to the address that it was given first."""
    for name, text in (("Last-Event-ID", call.headers.get("Last-Event-ID")), ("after", call.query.get("after"))):
        if text:
            try:
                return Cursor.parse(text)
            except ValueError as error:
                raise Refused(400, f"{name}: must be {error}.") from error
    return None


def _wish(asked: Mapping[str, str]) -> Filter:
    """Both what is asked for by name and by filter. Raises `Refused`, also for what no single event can be held to."""
    parts: list[Filter] = []
    if name := event_type_of(asked):
        parts.append(filters.parse(["is", "event", [name]], "event_type"))
    if "filter" in asked:
        try:
            parts.append(filters.parse(msgspec.json.decode(asked["filter"]), "filter"))
        except msgspec.DecodeError as error:
            raise Refused(400, f"filter: is not JSON: {error}.") from error
    wish = And(tuple(parts)) if parts else EVERYTHING
    filters.condition(wish, Binder())
    return wish


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/api/v1/live",
        follow_live,
        Streamed,
        "Events as they become queryable",
        Kind.QUERY,
        parameters=LIVE_PARAMETERS,
        media=("text/event-stream",),
    ),
)
