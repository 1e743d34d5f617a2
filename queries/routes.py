"""The table of routes: all that the query service can be asked, each with its key, its types and its summary."""

from ingest_api.keys import Kind
from ingest_api.project import Settings
from queries import admin, catalog, erasures, health, identity, schemas, violations, workbench
from queries.answer import RecentAnswer, StatsAnswer
from queries.catalog import Catalog, EventDescribed
from queries.erasures import ErasureList, ErasureOrder, ErasureShown
from queries.health import Health, Index
from queries.identity import Decision, Identities, User, UserToLink
from queries.ledger import LedgerAnswer
from queries.management import (
    Answer,
    KeyList,
    KeyMade,
    KeyShown,
    KeyToChange,
    KeyToMake,
    KeyToRotate,
    ProjectList,
    ProjectShown,
    ProjectToMake,
    SiteToAdd,
)
from queries.receipts import ReceiptAnswer
from queries.rejected import AllowOrder, Groups, HaltedShard, Redriven, RedriveOrder, Samples
from queries.request import (
    CATALOG_PARAMETERS,
    IDENTITY_PARAMETERS,
    LEDGER_PARAMETERS,
    RECENT_PARAMETERS,
    REJECTED_PARAMETERS,
    SAMPLE_PARAMETERS,
    STATS_PARAMETERS,
    VIOLATIONS_PARAMETERS,
)
from queries.route import Call, Route
from queries.schemas import SchemaList, SchemaShown, SchemaToSet, SchemaToTry, Trial
from queries.service import QueryService
from queries.violations import Violations

_PROJECTS = "/api/v1/projects"
_PROJECT = f"{_PROJECTS}/{{id}}"
_SITES = f"{_PROJECT}/sites"
_KEYS = f"{_PROJECT}/keys"
_KEY = f"{_KEYS}/{{key}}"
_SCHEMAS = f"{_PROJECT}/schemas"
_SCHEMA = f"{_SCHEMAS}/{{name}}"
_CATALOG = "/api/v1/catalog"
_ADMIN = Kind.ADMIN
_REJECTED = "/api/v1/rejected"
_IDENTITIES = "/api/v1/identities"
_ERASURES = "/api/v1/erasures"
_IDENTITY = f"{_IDENTITIES}/{{client_id}}"


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
    Route("GET", "/api/v1/users/{user}", identity.show_user, Answer[User], "One user", Kind.QUERY),
    Route(
        "GET",
        _IDENTITIES,
        identity.list_identities,
        Answer[Identities],
        "Which anonymous ids are whose",
        Kind.QUERY,
        parameters=IDENTITY_PARAMETERS,
    ),
    Route("PUT", _IDENTITY, identity.link_identity, Answer[Decision], "Link by hand", Kind.DELETE, UserToLink),
    Route("DELETE", _IDENTITY, identity.unlink_identity, Answer[Decision], "Undo a link", Kind.DELETE),
    Route("POST", _ERASURES, erasures.order_erasure, Answer[ErasureShown], "Forget", Kind.DELETE, ErasureOrder),
    Route("GET", _ERASURES, erasures.list_erasures, Answer[ErasureList], "All erasures", Kind.DELETE),
    Route("GET", f"{_ERASURES}/{{erasure}}", erasures.show_erasure, Answer[ErasureShown], "A report", Kind.DELETE),
    Route(
        "GET",
        _REJECTED,
        workbench.list_rejected,
        Answer[Groups],
        "Rejected events by their cause",
        Kind.QUERY,
        parameters=REJECTED_PARAMETERS,
        also=(_ADMIN,),
    ),
    Route(
        "GET",
        f"{_REJECTED}/{{fingerprint}}",
        workbench.show_rejected,
        Answer[Samples],
        "Samples of one cause",
        Kind.QUERY,
        parameters=SAMPLE_PARAMETERS,
        also=(_ADMIN,),
    ),
    Route(
        "POST",
        "/api/v1/redrive",
        workbench.redrive_rejected,
        Answer[Redriven],
        "Put rejected events back",
        _ADMIN,
        RedriveOrder,
    ),
    Route(
        "POST",
        "/api/v1/shards/{shard}/allow",
        workbench.allow_shard,
        Answer[HaltedShard],
        "Let a halted shard go on",
        _ADMIN,
        AllowOrder,
    ),
    Route(
        "GET",
        _CATALOG,
        catalog.list_catalog,
        Answer[Catalog],
        "Events that were seen",
        Kind.QUERY,
        parameters=CATALOG_PARAMETERS,
    ),
    Route(
        "GET",
        f"{_CATALOG}/{{name}}",
        catalog.describe_event,
        Answer[EventDescribed],
        "Properties that were seen",
        Kind.QUERY,
        parameters=CATALOG_PARAMETERS,
    ),
    Route(
        "GET",
        "/api/v1/violations",
        violations.list_violations,
        Answer[Violations],
        "Fields that are not as their schemas want them",
        Kind.QUERY,
        parameters=VIOLATIONS_PARAMETERS,
    ),
    Route("GET", _SCHEMAS, schemas.list_schemas, Answer[SchemaList], "The schemas of a project", _ADMIN),
    Route("GET", _SCHEMA, schemas.show_schema, Answer[SchemaShown], "One schema", _ADMIN),
    Route("PUT", _SCHEMA, schemas.set_schema, Answer[SchemaShown], "Set a schema", _ADMIN, SchemaToSet),
    Route("DELETE", _SCHEMA, schemas.remove_schema, Answer[SchemaShown], "Take a schema away", _ADMIN),
    Route(
        "POST",
        f"{_SCHEMA}/check",
        schemas.check_schema,
        Answer[Trial],
        "Try a schema on stored events",
        _ADMIN,
        SchemaToTry,
    ),
    Route("GET", _PROJECTS, admin.list_projects, Answer[ProjectList], "All projects", _ADMIN),
    Route(
        "POST",
        _PROJECTS,
        admin.create_project,
        Answer[ProjectShown],
        "Make a project",
        _ADMIN,
        ProjectToMake,
        status=201,
    ),
    Route("GET", _PROJECT, admin.show_project, Answer[ProjectShown], "One project", _ADMIN),
    Route("PATCH", _PROJECT, admin.change_project, Answer[ProjectShown], "Change settings", _ADMIN, Settings),
    Route("POST", _SITES, admin.add_site, Answer[ProjectShown], "Add a site id", _ADMIN, SiteToAdd, status=201),
    Route("DELETE", f"{_SITES}/{{site}}", admin.remove_site, Answer[ProjectShown], "Let go of a site id", _ADMIN),
    Route("GET", _KEYS, admin.list_keys, Answer[KeyList], "The keys of a project", _ADMIN),
    Route("POST", _KEYS, admin.create_key, Answer[KeyMade], "Make a key", _ADMIN, KeyToMake, status=201),
    Route(
        "POST",
        f"{_KEY}/rotate",
        admin.rotate_key,
        Answer[KeyMade],
        "Replace a key, the old one open for an overlap",
        _ADMIN,
        KeyToRotate,
        status=201,
    ),
    Route("PATCH", _KEY, admin.change_key, Answer[KeyShown], "Change label, rate or end of a key", _ADMIN, KeyToChange),
    Route("DELETE", _KEY, admin.revoke_key, Answer[KeyShown], "Close a key for good", _ADMIN),
    Route("GET", "/healthz", health.healthz, Health, "Whether the process answers"),
    Route("GET", "/readyz", health.readyz, Health, "Whether a question could be answered now"),
    Route("GET", "/", health.index, Index, "The main routes of both services"),
)
