"""Traces: the spans of this process, and which of them what happens now belongs to. Off until `set_up` is given a URL.

Off, nothing of OpenTelemetry is imported, `process.tracer` is None and every call here returns at once. An event's way
goes over two processes: the entry of the stream carries the contexts of the spans that appended it, in its field `t`.
"""

import contextlib
import importlib
import re
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar, Token
from typing import Annotated, Any, Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

from prometheus_client import Counter
from pydantic import AfterValidator

Attributes = Mapping[str, str | int]
Kind = Literal["internal", "server", "client", "producer", "consumer"]

#: a frame is made by many requests: so many of their contexts go with it
MOST = 8
#: what a process that stops gives its last spans
CLOSE_SECONDS = 1.0

#: W3C Trace Context: version, trace id, parent's span id, flags; later versions may say more behind
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_ids = struct.Struct(">16s8s")


class Context(NamedTuple):
    """What another process is told of a span."""

    trace_id: int
    span_id: int
    sampled: bool = True


class Span(Protocol):
    """Something that takes time, as the collector is told of it."""

    @property
    def context(self) -> Context:
        """Names it to others."""

    @property
    def lasts(self) -> bool:
        """Whether it has not ended."""

    def tell(self, attributes: Attributes) -> None:
        """Say more of it."""

    def fail(self, kind: str) -> None:
        """Say that it failed, and of which kind the failure was; never its text, which may quote events."""

    def end(self) -> None:
        """It is over; it is sent by and by."""


class Tracer(Protocol):
    """Makes spans and has them sent: `ingest_api/traces/otlp.py`."""

    def start(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        above: Context | None,
        links: Sequence[Context] = (),
        since: int = 0,
    ) -> Span:
        """A span, of a new trace where there is none above; it began at `since` (Unix ns), or now for 0."""

    def close(self, within: float) -> None:
        """Send what waits, for so many seconds at the most."""


class _Process:
    """What holds for the whole process: its tracer, or None where it does not trace."""

    tracer: Tracer | None = None


process = _Process()
_current: ContextVar[Span | None] = ContextVar("headrace_span", default=None)


def _collector(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("not the http or https URL of an OTLP collector, such as http://127.0.0.1:4318/v1/traces")
    if "@" in parts.netloc:
        raise ValueError("may hold no password: put the collector's key into OTEL_EXPORTER_OTLP_HEADERS")
    return url


#: where spans go; empty: nowhere
TracesUrl = Annotated[str, AfterValidator(_collector)]


def set_up(url: str, service: str, spans: Counter) -> None:
    """Trace from now on, where there is a URL. `spans` counts by outcome what became of them.

    Ends the process where OpenTelemetry is not installed.
    """
    if not url:
        return
    try:
        otlp: Any = importlib.import_module("ingest_api.traces.otlp")
    except ModuleNotFoundError as missing:
        sys.exit(f"HEADRACE_TRACES_URL is set, but {missing.name} is not installed: pip install 'headrace[traces]'")
    process.tracer = otlp.Tracer(url, service, spans)


def close() -> None:
    """Send what waits, and trace no more. Blocks for `CLOSE_SECONDS` at the most."""
    if process.tracer is not None:
        process.tracer.close(CLOSE_SECONDS)
        process.tracer = None


def here() -> Span | None:
    """The current span. What a request began, and goes on after it, is not part of it."""
    span = _current.get()
    return span if span is not None and span.lasts else None


def child(name: str, kind: Kind = "internal", attributes: Attributes | None = None) -> Span | None:
    """A span below the current one. None where there is none."""
    above = here()
    if above is None or process.tracer is None:
        return None
    return process.tracer.start(name, kind, attributes or {}, above=above.context)


@contextlib.contextmanager
def step(name: str, kind: Kind = "internal", attributes: Attributes | None = None) -> Iterator[Span | None]:
    """The same, for as long as the context lasts."""
    span = child(name, kind, attributes)
    if span is None:
        yield None
        return
    with _ending(span):
        yield span


@contextlib.contextmanager
def current(span: Span) -> Iterator[None]:
    """It is the current one for as long as the context lasts, and then ends."""
    token = enter(span)
    try:
        with _ending(span):
            yield
    finally:
        leave(token)


@contextlib.contextmanager
def _ending(span: Span) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        span.fail(type(error).__name__)
        raise
    finally:
        span.end()


def enter(span: Span | None) -> Token[Span | None]:
    """Make it the current one of this task, until `leave`."""
    return _current.set(span)


def leave(token: Token[Span | None]) -> None:
    """What was current before is so again."""
    _current.reset(token)


def tell(attributes: Attributes) -> None:
    """Say more of the current span, where there is one."""
    span = here()
    if span is not None:
        span.tell(attributes)


def trace_id() -> str:
    """Of the current span, in hex; empty where there is none."""
    span = here()
    return "" if span is None else f"{span.context.trace_id:032x}"


def headers(span: Span | None) -> dict[str, str] | None:
    """What tells another server of a span; None where there is none."""
    if span is None:
        return None
    context = span.context
    return {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-01"}


def parse(traceparent: str) -> Context | None:
    """What a header says; None where it says nothing that W3C Trace Context knows."""
    said = _TRACEPARENT.fullmatch(traceparent)
    if said is None or (said[1] == "00" and said[5]):
        return None
    return Context(int(said[2], 16), int(said[3], 16), bool(int(said[4], 16) & 1))


def encode(spans: Iterable[Span]) -> bytes:
    """For the entry's field `t`: 24 bytes each, trace id and span id."""
    contexts = [span.context for span, _ in zip(spans, range(MOST), strict=False)]
    return b"".join(_ids.pack(one.trace_id.to_bytes(16), one.span_id.to_bytes(8)) for one in contexts)


def decode(field: bytes) -> list[Context]:
    """Read the entry's field `t`; bytes that are no context are passed over."""
    whole = field[: min(len(field) // _ids.size, MOST) * _ids.size]
    return [Context(int.from_bytes(trace), int.from_bytes(span)) for trace, span in _ids.iter_unpack(whole)]
