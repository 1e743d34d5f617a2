"""The rim of OpenTelemetry: spans, and the thread that sends them. Loaded only where traces are asked for.

Ended spans wait in a bounded queue for a thread that sends them. What finds no room there, or is not taken by the
collector, is dropped and counted. Nobody waits for either.
"""

import logging
import os
import socket
import threading
from collections.abc import Sequence
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression, trace_exporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from prometheus_client import Counter

from ingest_api.traces.tracing import Attributes, Context, Kind

log = logging.getLogger(__name__)
_theirs = logging.getLogger(trace_exporter.__name__)

#: spans that wait or are being sent, of a kilobyte each
MAX_WAITING = 4096
_AT_ONCE = 512
_PAUSE_MS = 500
#: a collector that takes longer for what is sent at once does not get it
_SEND_SECONDS = 3.0


class _Span:
    """One of OpenTelemetry's, with what is needed of it."""

    __slots__ = ("_span", "context")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        named = span.get_span_context()
        self.context = Context(named.trace_id, named.span_id)

    @property
    def lasts(self) -> bool:
        return self._span.is_recording()

    def tell(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))

    def fail(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        self._span.end()


class Tracer:
    """Makes the spans of a process and has them sent. One per process: it has a thread."""

    def __init__(self, url: str, service: str, spans: Counter) -> None:
        about = {
            "service.name": service,
            "service.namespace": "headrace",
            "service.version": version("headrace"),
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
        self._provider = TracerProvider(ALWAYS_ON, Resource.create(about), shutdown_on_exit=False)
        self._provider.add_span_processor(_Queue(_Sender(url, spans)))
        self._tracer = self._provider.get_tracer("headrace")

    def start(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        above: Context | None,
        links: Sequence[Context] = (),
        since: int = 0,
    ) -> _Span:
        """As `tracing.Tracer` says."""
        root = trace.set_span_in_context(trace.INVALID_SPAN if above is None else _remote(above))
        linked = [trace.Link(_remote(one).get_span_context()) for one in links]
        which = trace.SpanKind[kind.upper()]
        return _Span(self._tracer.start_span(name, root, which, dict(attributes), linked, since or None))

    def close(self, within: float) -> None:
        """As `tracing.Tracer` says."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(within)


class _Sender(SpanExporter):
    """OpenTelemetry's, counted, and saying once that the collector is away: it logs each try itself."""

    def __init__(self, url: str, spans: Counter) -> None:
        self._inner = trace_exporter.OTLPSpanExporter(url, timeout=_SEND_SECONDS, compression=Compression.Gzip)
        self._counted = {outcome: spans.labels(outcome) for outcome in ("sent", "dropped")}
        self._said: list[str] = []
        _theirs.addFilter(self._hear)
        self._well = True
        self._waiting = 0
        self._lock = threading.Lock()

    def has_room(self) -> bool:
        """Whether one more may wait; it is counted as dropped otherwise. Called in any thread."""
        with self._lock:
            if self._waiting < MAX_WAITING:
                self._waiting += 1
                return True
        self._counted["dropped"].inc()
        return False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Called in the thread that sends."""
        self._said.clear()
        result = self._inner.export(spans)
        well = result is SpanExportResult.SUCCESS
        self._counted["sent" if well else "dropped"].inc(len(spans))
        with self._lock:
            self._waiting -= len(spans)
        if self._well and not well:
            log.warning("traces are dropped", extra={"action": "trace", "why": "".join(self._said[:1])})
        elif well and not self._well:
            log.info("traces are sent again", extra={"action": "trace"})
        self._well = well
        return result

    def shutdown(self) -> None:
        """Let go of the connection; a try that is under way is the last."""
        _theirs.removeFilter(self._hear)
        self._inner.shutdown()  # type: ignore[no-untyped-call]  # OpenTelemetry leaves it untyped

    def _hear(self, record: logging.LogRecord) -> bool:
        self._said.append(record.getMessage())
        return False


class _Queue(BatchSpanProcessor):
    """OpenTelemetry's, bounded by what the sender has room for: its own bound drops without a count."""

    def __init__(self, sender: _Sender) -> None:
        super().__init__(sender, MAX_WAITING, _PAUSE_MS, _AT_ONCE)
        self._sender = sender

    def on_end(self, span: ReadableSpan) -> None:
        """Called wherever a span ends."""
        if self._sender.has_room():
            super().on_end(span)


def _remote(context: Context) -> trace.Span:
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    named = trace.SpanContext(context.trace_id, context.span_id, is_remote=True, trace_flags=flags)
    return trace.NonRecordingSpan(named)
