"""Spans on their way to a real collector, and where there is none."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry, Counter

from ingest_api.traces import otlp, tracing
from ingest_api.traces.otlp import Tracer
from ingest_api.traces.tracing import Context
from tests.collector import collecting
from tests.waiting import until

ABOVE = Context(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)


class Tally:
    """What became of spans."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.counter = Counter("spans_total", "Spans", ["outcome"], registry=self._registry)

    def __getitem__(self, outcome: str) -> int:
        return int(self._registry.get_sample_value("spans_total", {"outcome": outcome}) or 0)


@contextlib.asynccontextmanager
async def tracer(url: str, tally: Tally) -> AsyncIterator[Tracer]:
    """The tracer of a process."""
    one = Tracer(url, "tests", tally.counter)
    yield one
    await asyncio.to_thread(one.close, 30)


async def test_a_span_arrives_as_it_was_told() -> None:
    tally = Tally()
    async with collecting() as collector, tracer(collector.url, tally) as one:
        span = one.start("work", "consumer", {"shard": 3, "how": "well"}, above=ABOVE, links=[ABOVE, ABOVE])
        span.tell({"events": 7})
        assert span.lasts
        span.end()
        assert not span.lasts
        failed = one.start("worse", "client", {}, above=None, since=1)
        failed.fail("TimeoutError")
        failed.end()
        await collector.named("worse")
        told, worse = collector.spans
        assert (told.service, told.name, told.kind, told.failed) == ("tests", "work", "consumer", False)
        assert (told.trace, told.parent) == (f"{ABOVE.trace_id:032x}", f"{ABOVE.span_id:016x}")
        assert told.links == [(told.trace, told.parent)] * 2
        assert told.attributes == {"shard": 3, "how": "well", "events": 7}
        assert (worse.parent, worse.failed, worse.attributes) == ("", True, {"error.type": "TimeoutError"})
        assert worse.trace not in {told.trace, "0" * 32}
        assert worse.nanoseconds > 10**18

        async def counted() -> bool:
            return (tally["sent"], tally["dropped"]) == (2, 0)

        await until(counted)


async def test_a_collector_that_asks_for_a_key_is_told_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20abc")
    async with collecting() as collector, tracer(collector.url, Tally()) as one:
        one.start("work", "internal", {}, above=None).end()
        await collector.named("work")
        assert collector.headers["Authorization"] == "Basic abc"


async def test_what_a_collector_does_not_take_is_dropped_and_counted_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    tally = Tally()
    async with collecting() as collector, tracer(collector.url, tally) as one:
        collector.status = 401

        async def twice() -> bool:
            one.start("lost", "internal", {}, above=None).end()
            return tally["dropped"] > first

        first = 0
        await until(twice)
        first = tally["dropped"]
        await until(twice)
        collector.status = 200
        one.start("found", "internal", {}, above=None).end()
        await collector.named("found")
    # the thread that sends has ended: it speaks after the collector has heard
    told = [record for record in caplog.records if record.name.startswith(("ingest_api", "opentelemetry"))]
    assert [record.getMessage() for record in told] == ["traces are dropped", "traces are sent again"]
    assert "401" in str(vars(told[0])["why"])


async def test_more_than_may_wait_is_dropped_at_once() -> None:
    tally = Tally()
    async with collecting() as collector, tracer(collector.url, tally) as one:
        for _ in range(otlp.MAX_WAITING + 10):  # in one turn of the loop, which is the collector's too
            one.start("many", "internal", {}, above=None).end()
        assert tally["dropped"] == 10
        assert len(await collector.named("many", otlp.MAX_WAITING)) == otlp.MAX_WAITING


async def test_a_process_that_stops_sends_what_waits_and_waits_for_no_collector() -> None:
    tally = Tally()
    async with collecting() as collector:
        tracing.set_up(collector.url, "tests", tally.counter)
        for _ in range(3):
            tracer = tracing.process.tracer
            assert tracer is not None
            tracer.start("last", "internal", {}, above=None).end()
        await asyncio.to_thread(tracing.close)
        assert [one.name for one in collector.spans] == ["last"] * 3
        assert tracing.process.tracer is None


async def test_the_current_span_has_children_until_it_ends() -> None:
    tally = Tally()
    async with collecting() as collector:
        tracing.set_up(collector.url, "tests", tally.counter)
        above = tracing.process.tracer
        assert above is not None
        going_on = asyncio.Event()

        async def later() -> str:
            await going_on.wait()
            with tracing.step("too late") as span:
                assert span is None
            return tracing.trace_id()

        with contextlib.suppress(KeyError), tracing.current(above.start("whole", "internal", {}, above=None)):
            begun = asyncio.ensure_future(later())  # by a request, and goes on after it
            assert len(tracing.trace_id()) == 32
            with tracing.step("part", "client", {"rows": 1}) as span:
                assert tracing.headers(span) == {
                    "traceparent": f"00-{tracing.trace_id()}-{span.context.span_id if span else 0:016x}-01"
                }
            await asyncio.to_thread(_part, "in a thread")
            raise KeyError
        going_on.set()
        assert (await begun, tracing.trace_id()) == ("", "")
        await asyncio.to_thread(tracing.close)
        spans = {one.name: one for one in collector.spans}
        assert set(spans) == {"whole", "part", "in a thread"}
        assert {one.parent for one in spans.values()} == {"", spans["whole"].id}
        assert spans["whole"].attributes == {"error.type": "KeyError"}


def _part(name: str) -> None:
    with tracing.step(name):
        logging.getLogger(__name__).debug("at work")


def test_without_a_tracer_there_are_no_spans() -> None:
    with tracing.step("nothing") as span:
        tracing.tell({"x": 1})
        assert (span, tracing.trace_id(), tracing.headers(span), tracing.child("x")) == (None, "", None, None)
