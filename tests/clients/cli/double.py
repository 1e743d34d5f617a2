"""A small front door and query service that speak the contract and fail on demand: for faults hard to cause."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

WRITE_KEY = "write-key"
QUERY_KEY = "query-key"


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of the usual answer."""

    status: int = 0
    retry_after: str = ""
    body: bytes = b""
    #: the connection is cut before an answer; with `late`, after the events were taken
    cut: bool = False
    late: bool = False
    #: these positions of the batch are answered with retry
    unavailable: frozenset[int] = frozenset()
    headers: dict[str, str] = field(default_factory=dict)


class Double:
    """Takes events into memory, each idempotency key once. `faults` are used up, one a request, oldest first."""

    def __init__(self) -> None:
        self.url = ""
        self.faults: deque[Fault] = deque()
        #: events taken, in order
        self.events: list[dict[str, Any]] = []
        #: how many of them the ledger misses
        self.lost = 0
        #: why some events are refused
        self.shedding = ""
        self.requests: list[web.Request] = []
        self.batch_sizes: list[int] = []
        self._keys: dict[str, str] = {}
        self._arrival = asyncio.Event()

    def app(self) -> web.Application:
        """The routes of both services on one origin."""
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_post("/v1/events", self._post)
        app.router.add_get("/api/v1/stats", self._stats)
        app.router.add_get("/api/v1/events", self._events)
        app.router.add_get("/api/v1/ledger", self._ledger)
        app.router.add_get("/healthz", self._well)
        app.router.add_get("/readyz", self._well)
        return app

    async def taken(self, count: int) -> None:
        """Wait until so many events are here."""
        async with asyncio.timeout(30):
            while len(self.events) < count:
                self._arrival.clear()
                await self._arrival.wait()

    async def asked(self, count: int) -> None:
        """Wait until so many requests have come."""
        async with asyncio.timeout(30):
            while len(self.requests) < count:
                self._arrival.clear()
                await self._arrival.wait()

    async def _post(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        self._arrival.set()
        body = await request.read()
        fault = self.faults.popleft() if self.faults else Fault()
        if request.headers.get("Authorization") != f"Bearer {WRITE_KEY}":
            return _json(401, {"status": "error", "error": "unauthorized", "message": "This token opens nothing."})
        if request.query.get("validate"):
            return _json(200, {"status": "ok", "valid": True})
        if fault.cut and not fault.late:
            return _cut(request)
        if fault.status:
            headers = {**fault.headers, **({"Retry-After": fault.retry_after} if fault.retry_after else {})}
            return web.Response(status=fault.status, body=fault.body, headers=headers)
        if request.content_type == "application/x-ndjson":
            answer = self._batch(body.split(b"\n"), fault.unavailable)
        else:
            answer = self._single(body)
        return _cut(request) if fault.cut else answer

    def _single(self, body: bytes) -> web.Response:
        result = self._take(body)
        if "error" in result:
            details = [{"field": "event_type", "message": "is required"}]
            told = {
                "status": "error",
                "error": "invalid_field",
                "message": "The event is not valid.",
                "details": details,
            }
            return _json(400, told)
        return _json(200, {"status": "ok", "received_at": "2026-11-21T10:00:00Z", **result})

    def _batch(self, lines: list[bytes], unavailable: frozenset[int]) -> web.Response:
        self.batch_sizes.append(len(lines))
        results: list[dict[str, Any]] = []
        for index, line in enumerate(lines):
            result = {"error": "send it again", "retry": True} if index in unavailable else self._take(line)
            results.append({"index": index, **result})
        rejected = sum("error" in result for result in results)
        repeated = sum("deduplicated" in result for result in results)
        counts = {"accepted": len(results) - rejected - repeated, "deduplicated": repeated, "rejected": rejected}
        if rejected == len(results):
            told = {"status": "error", "error": "bad_request", "message": "No event of the batch was accepted."}
            return _json(400, {**told, **counts, "results": results})
        return _json(200, {"status": "ok", **counts, "results": results})

    def _take(self, line: bytes) -> dict[str, Any]:
        event = orjson.loads(line)
        if "event_type" not in event:
            return {"error": "event_type: is required"}
        key = event.get("idempotency_key") or f"none-{len(self.events)}"
        if key in self._keys:
            return {"event_id": self._keys[key], "deduplicated": True}
        self._keys[key] = event_id = f"evt_{len(self.events):032x}"
        self.events.append(event)
        self._arrival.set()
        return {"event_id": event_id}

    async def _stats(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        if request.query["metric"] != "event_count":
            return _json(400, {"success": False, "error": "Unknown metric. Use event_count.", "status": 400})
        wanted = request.query.get("event_type")
        value = sum(wanted in {None, event["event_type"]} for event in self.events)
        data = {"metric": "event_count", "value": value, "period": request.query.get("period", "")}
        meta = {"fresh_through": "2026-11-21T10:00:00Z", "lag_seconds": 0.25}
        return _json(200, {"success": True, "data": data, "meta": meta})

    async def _ledger(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        count = len(self.events)
        counts = {
            "accepted": count,
            "duplicate": 1,
            "stored": count - self.lost,
            "rejected": 0,
            "repeated": 0,
            "erased": 0,
        }
        account = {**counts, "in_flight": self.lost, "refused": {"invalid_field": 2, "rate_limited": 1500}}
        balanced = {"balanced": not self.lost}
        minute = {"minute": "2026-11-21T10:00:00Z", **account, **balanced}
        meta = {"fresh_through": "2026-11-21T10:05:00Z", "lag_seconds": 0.25}
        data = {"minutes": [minute], "total": account, **balanced}
        return _json(200, {"success": True, "data": data, "meta": meta})

    async def _events(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request):
            return refusal
        limit, after = int(request.query["limit"]), request.query.get("after")
        first = int(after) if after else max(0, len(self.events) - limit)
        shown = self.events[first : first + limit]
        wanted = request.query.get("event_type")
        shown_events = [
            {
                "event_id": str(position),
                "event_type": event["event_type"],
                "occurred_at": event["occurred_at"],
                "user_id": event.get("user_id", ""),
                "properties": event.get("data", {}),
            }
            for position, event in enumerate(shown, first)
            if wanted in {None, event["event_type"]}
        ]
        return _json(200, {"success": True, "data": {"events": shown_events, "cursor": str(first + len(shown))}})

    def _refusal(self, request: web.Request) -> web.Response | None:
        self.requests.append(request)
        self._arrival.set()
        if request.headers.get("Authorization") != f"Bearer {QUERY_KEY}":
            return _json(401, {"success": False, "error": "Invalid key", "status": 401})
        fault = self.faults.popleft() if self.faults else Fault()
        return web.Response(status=fault.status, body=fault.body, headers=fault.headers) if fault.status else None

    async def _well(self, _request: web.Request) -> web.Response:
        return _json(200, {"status": "ok", "shedding": self.shedding})


def _json(status: int, document: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
