"""A collector of traces: OTLP over HTTP, as OpenTelemetry's own clients speak it. What it takes is kept."""

import contextlib
import gzip
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.listening import listening
from tests.waiting import until

_service: Any = pytest.importorskip(
    "opentelemetry.proto.collector.trace.v1.trace_service_pb2", reason="the extra `traces` is not installed"
)
pytest.importorskip("opentelemetry.sdk", reason="the extra `traces` is not installed")

_KINDS = ("", "internal", "server", "client", "producer", "consumer")


@dataclass(frozen=True)
class Told:
    """A span as it was told. Ids are in hex, a parent that there is not is empty."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    #: trace and span of each
    links: Sequence[tuple[str, str]]
    attributes: dict[str, Any]
    failed: bool
    nanoseconds: int


@dataclass
class Collector:
    """Where it listens, and what it was told."""

    url: str = ""
    spans: list[Told] = field(default_factory=list)
    #: of what was sent last
    headers: Mapping[str, str] = field(default_factory=dict)
    #: what it answers; it takes nothing unless this is 200
    status: int = 200

    async def named(self, name: str, count: int = 1) -> list[Told]:
        """So many spans of this name, or more; waits until they are here."""

        async def here() -> list[Told]:
            found = [one for one in self.spans if one.name == name]
            return found if len(found) >= count else []

        return await until(here, within=30)

    async def take(self, request: web.Request) -> web.Response:
        """POST /v1/traces"""
        body = await request.read()
        self.headers = request.headers
        if self.status != 200:
            return web.Response(status=self.status)
        if request.headers.get("Content-Encoding") == "gzip" and body[:2] == b"\x1f\x8b":  # aiohttp may have unpacked
            body = gzip.decompress(body)
        sent = _service.ExportTraceServiceRequest.FromString(body)
        for resource in sent.resource_spans:
            service = _read(resource.resource.attributes)["service.name"]
            self.spans += [_told(service, span) for scope in resource.scope_spans for span in scope.spans]
        return web.Response(
            body=_service.ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf"
        )


@contextlib.asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector that listens until the context ends."""
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with listening(web.AppRunner(app)) as address:
        collector.url = f"{address}/v1/traces"
        yield collector


def _told(service: str, span: Any) -> Told:
    return Told(
        service,
        span.name,
        _KINDS[span.kind],
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        _read(span.attributes),
        span.status.code == 2,
        span.end_time_unix_nano - span.start_time_unix_nano,
    )


def _read(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
