"""Figure: the one number that a question has for an answer, as of what is complete, and that of the span before."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ingest_api.projects.project import Project
from queries import ask, body
from queries.errors import Refused, StoreUnavailable
from queries.inquiry import inquire
from queries.questions import spans
from queries.questions.question import Question
from queries.service import QueryService
from queries.settings import Settings

__all__ = ["Figure", "QueryService", "Refused", "StoreUnavailable", "answering", "figure", "read"]


@dataclass(frozen=True, slots=True)
class Figure:
    """`before` is None where it was not asked for. Both are None where there is nothing to take a mean of."""

    value: float | None
    before: float | None = None


@asynccontextmanager
async def answering(redis_url: str, clickhouse_url: str, seconds: float) -> AsyncIterator[QueryService]:
    """The query service without its HTTP: a question that takes longer than `seconds` is ended."""
    service = QueryService(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url, query_timeout_seconds=seconds))
    try:
        yield service
    finally:
        await service.close()


def read(question: Mapping[str, Any], project: str, now: int) -> Question:
    """The body of POST /api/v2/query, which must have one number for an answer. Raises `Refused`."""
    found = ask.read(body.read(msgspec.json.encode(question), ask.QueryToAsk), project, now)
    if len(found.metrics) != 1 or found.dimensions:
        raise Refused(400, "question: must have one metric and no dimensions.")
    return found


async def figure(
    service: QueryService, project: Project, question: Mapping[str, Any], *, before: bool = False
) -> Figure:
    """Ask. `now` is the moment up to which everything is there: late events make no gap. Raises `Refused`,
    `StoreUnavailable` and redis-py's errors."""
    async with inquire(service, project, str(question.get("site_id", ""))) as inquiry:
        now = inquiry.fresh_through
        asked = read(question, project.id, now)
        span = replace(asked.span, until=asked.span.end(now))
        value = _number((await inquiry.rows(replace(asked, span=span)))[0][0])
        if not before:
            return Figure(value)
        earlier = replace(asked, span=spans.previous(span, now))
        return Figure(value, _number((await inquiry.rows(earlier))[0][0]))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
