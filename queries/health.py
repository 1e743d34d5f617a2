"""Alive, ready, and what is served here: the routes that need no key."""

from typing import TypedDict

from redis.exceptions import RedisError

from ingest_api.stream import InstallMismatch
from queries.errors import NotReady, Refused, StoreUnavailable
from queries.route import Call, Headed, Route
from queries.service import QueryService
from queries.sql import Statement


class Health(TypedDict):
    """One word."""

    status: str


class Index(TypedDict):
    """The main routes of both services."""

    service: str
    send: str
    ask: str


async def healthz(_service: QueryService, _call: Call) -> Health:
    """The process answers."""
    return {"status": "alive"}


async def readyz(service: QueryService, _call: Call) -> Health:
    """A question could be answered now. Raises `NotReady` naming the part that is missing."""
    try:
        await service.store.rows(Statement("SELECT 1"))
        await service.freshness.read()
    except (StoreUnavailable, Refused) as error:
        raise NotReady(f"ClickHouse: {error}") from error
    except (RedisError, OSError, InstallMismatch) as error:
        raise NotReady(f"Redis: {error}") from error
    return {"status": "ready"}


async def index(_service: QueryService, call: Call) -> Headed:
    """Where to go from here: a browser to the page, everybody else is told."""
    told: Index = {"service": "headrace", "send": "POST /v1/events", "ask": "GET /api/v1/stats"}
    if "text/html" in call.headers.get("Accept", ""):
        return Headed(told, {"Location": "/app/", "Vary": "Accept"}, 302)
    return Headed(told, {"Vary": "Accept"})


ROUTES: tuple[Route, ...] = (
    Route("GET", "/healthz", healthz, Health, "Whether the process answers"),
    Route("GET", "/readyz", readyz, Health, "Whether a question could be answered now"),
    Route("GET", "/", index, Index, "The main routes of both services"),
)
