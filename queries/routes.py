"""The table of routes: all that the query service can be asked. Each topic has its own; this is their sum."""

from ingest_api.keys import Kind
from queries import admin, catalog, erasures, health, identity, schemas, violations, workbench
from queries.answer import RecentAnswer, StatsAnswer
from queries.ledger import LedgerAnswer
from queries.receipts import ReceiptAnswer
from queries.request import LEDGER_PARAMETERS, RECENT_PARAMETERS, STATS_PARAMETERS
from queries.route import Call, Route
from queries.service import QueryService


async def stats(service: QueryService, call: Call) -> StatsAnswer:
    """Of the key's project."""
    return await service.stats(call.project, call.query)


async def events(service: QueryService, call: Call) -> RecentAnswer:
    """Of the key's project."""
    return await service.events(call.project, call.query)


async def ledger(service: QueryService, call: Call) -> LedgerAnswer:
    """Of the key's project."""
    return await service.ledger(call.project, call.query)


async def receipt(service: QueryService, call: Call) -> ReceiptAnswer:
    """Of one event of the key's project."""
    return await service.receipt(call.project, call.path["event"])


ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/v1/stats", stats, StatsAnswer, "One number", Kind.QUERY, parameters=STATS_PARAMETERS),
    Route("GET", "/api/v1/events", events, RecentAnswer, "Events as they arrived", Kind.QUERY, None, RECENT_PARAMETERS),
    Route("GET", "/api/v1/ledger", ledger, LedgerAnswer, "What became of all", Kind.QUERY, None, LEDGER_PARAMETERS),
    Route("GET", "/v1/events/{event}", receipt, ReceiptAnswer, "What became of one", Kind.QUERY, also=(Kind.WRITE,)),
    *identity.ROUTES,
    *erasures.ROUTES,
    *workbench.ROUTES,
    *catalog.ROUTES,
    *violations.ROUTES,
    *schemas.ROUTES,
    *admin.ROUTES,
    *health.ROUTES,
)
