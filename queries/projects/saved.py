"""Saved queries over HTTP: named by the people of a project, run as POST /api/v2/query runs them."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ingest_api import moment
from ingest_api.projects.keys import Kind
from ingest_api.projects.project import Invalid
from ingest_api.projects.saved import NAME, QUERIES, Document, written
from ingest_api.projects.shelf import Shelf
from queries import ask, body
from queries.ask import QueryAnswer, QueryToAsk
from queries.management import Answer
from queries.route import Call, Route
from queries.service import QueryService

Description = Annotated[str, Meta(max_length=500)]


class QueryToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /api/v1/queries/{query}"""

    question: Annotated[QueryToAsk, Meta(description="the body of POST /api/v2/query")]
    description: Description = ""


class QuerySaved(msgspec.Struct, frozen=True):
    """A query of the project."""

    name: str
    description: str
    #: counts up with every change
    version: int
    changed_at: datetime
    #: as it was saved, which a later build may not understand any more
    question: dict[str, Any]


class SavedList(msgspec.Struct, frozen=True):
    """By name."""

    queries: list[QuerySaved]


async def list_queries(service: QueryService, call: Call) -> Answer[SavedList]:
    """Of the key's project."""
    found = await Shelf(service.redis, QUERIES).of(call.project.id)
    return Answer(data=SavedList([_shown(name, document) for name, document in found.items()]))


async def show_query(service: QueryService, call: Call) -> Answer[QuerySaved]:
    """One of them."""
    name = call.path["query"]
    return Answer(data=_shown(name, await Shelf(service.redis, QUERIES).get(call.project.id, name)))


async def save_query(service: QueryService, call: Call) -> Answer[QuerySaved]:
    """Made or changed. It is read as if it were asked now, so that what is wrong is told now."""
    asked: QueryToSave = call.body
    name = checked(call.path["query"])
    ask.read(asked.question, call.project.id, moment.now_ms())
    document = await Shelf(service.redis, QUERIES).put(call.project.id, name, written(asked))
    return Answer(data=_shown(name, document))


async def remove_query(service: QueryService, call: Call) -> Answer[QuerySaved]:
    """Shows what it was."""
    name = call.path["query"]
    return Answer(data=_shown(name, await Shelf(service.redis, QUERIES).remove(call.project.id, name)))


async def run_query(service: QueryService, call: Call) -> QueryAnswer:
    """Asked now, by the very function that answers POST /api/v2/query."""
    document = await Shelf(service.redis, QUERIES).get(call.project.id, call.path["query"])
    found = body.read(document.text.encode(), QueryToSave)
    return await ask.query(service, Call(call.access, call.path, call.query, found.question))


def checked(name: str) -> str:
    """A name under which something may be saved. Raises `Invalid`."""
    if not NAME.fullmatch(name):
        raise Invalid("The name: use 1-127 letters, digits, '.', '-' and '_', the first no '.' or '-'.")
    return name


def _shown(name: str, document: Document) -> QuerySaved:
    found = msgspec.json.decode(document.text, type=dict[str, Any])
    changed_at = moment.utc(document.changed_at)
    return QuerySaved(name, found.get("description", ""), document.version, changed_at, found.get("question", {}))


_QUERIES = "/api/v1/queries"
_QUERY = f"{_QUERIES}/{{query}}"
ROUTES: tuple[Route, ...] = (
    Route("GET", _QUERIES, list_queries, Answer[SavedList], "Saved queries", Kind.QUERY),
    Route("GET", _QUERY, show_query, Answer[QuerySaved], "A saved query", Kind.QUERY),
    Route("PUT", _QUERY, save_query, Answer[QuerySaved], "Save a query", Kind.QUERY, QueryToSave),
    Route("DELETE", _QUERY, remove_query, Answer[QuerySaved], "Remove a saved query", Kind.QUERY),
    Route("POST", f"{_QUERY}/run", run_query, QueryAnswer, "Run a saved query", Kind.QUERY, reads=True),
)
