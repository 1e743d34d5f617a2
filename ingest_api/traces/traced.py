"""Traced requests: which of them are, and the span of each. The span is made once it is known who asks.

A share of all requests, by chance. Besides, those whose `traceparent` says that their own trace is sampled, if they
come with a key, and no more of them a second than is set: nobody else decides how much is traced here.
"""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from ingest_api.traces import tracing
from ingest_api.traces.tracing import Context, Span, Tracer


class _Answer(Protocol):
    @property
    def status(self) -> int: ...


_NOTHING: Mapping[str, str] = {}

A = TypeVar("A", bound=_Answer)
Handler = Callable[[Any], Awaitable[A]]


class Story:
    """A request that may be traced, from its arrival to its answer."""

    def __init__(self, choice: "Choice", parent: Context | None, *, chosen: bool) -> None:
        self._choice = choice
        self._parent = parent
        self._chosen = chosen
        self._since = time.time_ns()
        self._span: Span | None = None

    def admit(self, *, keyed: bool) -> None:
        """Somebody asks who may. Without a key his own trace counts for nothing."""
        parent = self._parent if keyed else None
        if self._chosen or (parent is not None and parent.sampled and self._choice.has_room()):
            self._span = self._choice.start(parent, self._since)
            tracing.enter(self._span)

    def end(self, status: int) -> None:
        """It was answered so; a status of 0 is no answer at all."""
        span = self._span
        if span is None:
            if not self._chosen:
                return
            span = self._choice.start(None, self._since)
        if status:
            span.tell({"http.response.status_code": status})
        if status >= 500 or not status:
            span.fail(str(status) if status else "no answer")
        span.end()


class Choice:
    """Which requests of one route are traced."""

    def __init__(self, tracer: Tracer, method: str, route: str, about: Mapping[str, str], watch: "Watch") -> None:
        self._tracer = tracer
        self._name = f"{method} {route}"
        self._attributes = {"http.request.method": method, "http.route": route, "url.scheme": "http", **about}
        self._share = watch.share
        self.has_room = watch.room.take

    def begin(self, traceparent: str | None) -> Story | None:
        """None for a request that is not traced, whoever asks."""
        chosen = random.random() < self._share  # noqa: S311  # chance, not a secret
        parent = tracing.parse(traceparent) if traceparent else None
        if chosen or (parent is not None and parent.sampled):
            return Story(self, parent, chosen=chosen)
        return None

    def start(self, parent: Context | None, since: int) -> Span:
        """The span of a request that came at this time (Unix ns)."""
        return self._tracer.start(self._name, "server", self._attributes, above=parent, since=since)


class Room:
    """So many a second, and as many at once."""

    def __init__(self, per_second: int) -> None:
        self._most = float(per_second)
        self._left = self._most
        self._at = time.monotonic()

    def take(self) -> bool:
        """Whether there is one left."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._most)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Watch:
    """What traces the requests of a process; without tracing it leaves the handlers as they are."""

    def __init__(self, share: float, per_second: int) -> None:
        self._tracer = tracing.process.tracer
        self.share = share
        self.room = Room(per_second)

    def over(self, handler: Handler[A], method: str, route: str, about: Mapping[str, str] = _NOTHING) -> Handler[A]:
        """The handler of a route, watched. `about` is told of each of its spans."""
        if self._tracer is None:
            return handler
        choice = Choice(self._tracer, method, route, about, self)

        async def handle(request: Any) -> A:
            story = choice.begin(request.headers.get("traceparent"))
            return await (handler(request) if story is None else _told(story, handler(request)))

        return handle


_story: ContextVar[Story | None] = ContextVar("headrace_story", default=None)


async def _told(story: Story, answering: Awaitable[A]) -> A:
    told, current = _story.set(story), tracing.enter(None)
    status = 0
    try:
        answer = await answering
        status = answer.status
        return answer
    finally:
        tracing.leave(current)  # the next request on this connection is another's
        _story.reset(told)
        story.end(status)


def admit(*, keyed: bool, events: int = 0) -> None:
    """The request of this task is by somebody who may ask, and brings so many events."""
    story = _story.get()
    if story is not None:
        story.admit(keyed=keyed)
        if events:
            tracing.tell({"headrace.events": events})
