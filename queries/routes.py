"""The table of routes: all that the query service can be asked. Each topic has its own; this is their sum."""

from collections.abc import Iterable
from dataclasses import replace

from ingest_api.projects.keys import Kind
from queries import adhoc, ask, catalog, health, identity, stats
from queries.answer import RecentAnswer
from queries.entry import shares, signing
from queries.exports import exports
from queries.pipeline import pipeline
from queries.pipeline.ledger import LedgerAnswer
from queries.pipeline.receipts import ReceiptAnswer
from queries.projects import admin, alerts, erasures, saved, schemas
from queries.rejections import violations, workbench
from queries.reports import explorer, funnel, paths, realtime, retention, timeline, top
from queries.request import LEDGER_PARAMETERS, RECENT_PARAMETERS
from queries.route import Call, Route
from queries.service import QueryService
from queries.tail import live


async def events(service: QueryService, call: Call) -> RecentAnswer:
    """Of the key's project."""
    return await service.events(call.project, call.query)


async def ledger(service: QueryService, call: Call) -> LedgerAnswer:
    """Of the key's project."""
    return await service.ledger(call.project, call.query)


async def receipt(service: QueryService, call: Call) -> ReceiptAnswer:
    """Of one event of the key's project."""
    return await service.receipt(call.project, call.path["event"])


def _shared(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Open to share links too: numbers of many people, never one person's. `entry/sharing.py` sees to the rest."""
    return tuple(replace(route, also=(*route.also, Kind.SHARE)) for route in routes)


ROUTES: tuple[Route, ...] = (
    *_shared(stats.ROUTES),
    *_shared(ask.ROUTES),
    Route("GET", "/api/v1/events", events, RecentAnswer, "Events as they arrived", Kind.QUERY, None, RECENT_PARAMETERS),
    Route("GET", "/api/v1/ledger", ledger, LedgerAnswer, "What became of all", Kind.QUERY, None, LEDGER_PARAMETERS),
    Route("GET", "/v1/events/{event}", receipt, ReceiptAnswer, "What became of one", Kind.QUERY, also=(Kind.WRITE,)),
    *adhoc.ROUTES,
    *exports.ROUTES,
    *saved.ROUTES,
    *alerts.ROUTES,
    *live.ROUTES,
    *pipeline.ROUTES,
    *_shared(realtime.ROUTES),
    *_shared(funnel.ROUTES),
    *_shared(retention.ROUTES),
    *_shared(paths.ROUTES),
    *_shared(top.ROUTES),
    *_shared(explorer.ROUTES),
    *timeline.ROUTES,
    *identity.ROUTES,
    *erasures.ROUTES,
    *workbench.ROUTES,
    *catalog.ROUTES,
    *violations.ROUTES,
    *schemas.ROUTES,
    *admin.ROUTES,
    *shares.ROUTES,
    *signing.ROUTES,
    *health.ROUTES,
)
