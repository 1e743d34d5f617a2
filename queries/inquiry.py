"""Inquiry: the statements that one answer takes, and what they say together of how fresh and complete it is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ingest_api import moment
from ingest_api.progress import ShardProgress
from ingest_api.projects.project import Project
from queries import answer
from queries.answer import Meta
from queries.errors import Refused
from queries.freshness import fresh_through
from queries.questions import select
from queries.questions.dimensions import Dimension
from queries.questions.question import Question
from queries.service import QueryService
from queries.sql import Statement
from queries.store import Rows

_DAY = 86_400_000


class AnswerMeta(Meta):
    """How fresh an answer is, what it took (rows read, seconds), and what one should know of it."""

    rows_read: int
    elapsed: float
    warnings: list[str]


class Inquiry:
    """Lives for one answer. Freshness was read before the first statement: the answer can only be newer."""

    def __init__(self, service: QueryService, shards: list[ShardProgress], now: int) -> None:
        self._service = service
        self._shards = shards
        self._now = now
        self._read = 0
        self._elapsed = 0.0
        self.fresh_through = fresh_through(shards)
        self.warnings: list[str] = []

    async def rows(self, question: Question) -> Rows:
        """Rows of the dimensions' values, then the metrics'."""
        return await self.ask(select.rows(question))

    async def together(self, *questions: Question) -> list[Rows]:
        """Rows of several questions, asked side by side. When one fails the others are ended."""
        asking = [asyncio.ensure_future(self.rows(question)) for question in questions]
        try:
            return await asyncio.gather(*asking)
        finally:
            for one in asking:
                one.cancel()
            await asyncio.wait(asking)

    async def total(self, question: Question) -> int:
        """How many rows there are without a limit."""
        return int((await self.ask(select.total(question)))[0][0])

    async def ask(self, statement: Statement) -> Rows:
        """Rows of any statement; what it read and took is added to the answer's."""
        rows = await self._service.store.rows(statement)
        self._read += rows.read
        self._elapsed += rows.elapsed
        return rows

    def meta(self) -> AnswerMeta:
        """What is told beside the answer."""
        return {
            **answer.meta(self._shards),
            "rows_read": self._read,
            "elapsed": round(self._elapsed, 3),
            "warnings": self.warnings,
        }

    def warn(self, question: Question, project: Project) -> None:
        """Say what a reader may not think of."""
        kept = project.retention_days
        if kept and 0 < question.span.since < self._now - kept * _DAY:
            self.warnings.append(f"Events are kept for {kept} days: what is older is missing.")
        if question.approximate:
            self.warnings.append("Estimates were asked for: numbers of people and percentiles may be a little off.")

    def warn_of_unknown(self, dimensions: Sequence[Dimension], rows: Sequence[Sequence[Any]]) -> None:
        """Name the dimensions that have an empty value in these rows."""
        for index, dimension in enumerate(dimensions):
            if any(row[index] == "" for row in rows):
                self.warnings.append(f"{dimension.name}: '' is where nothing is known of it.")


@asynccontextmanager
async def inquire(service: QueryService, project: Project, site_id: str) -> AsyncIterator[Inquiry]:
    """Hold a place among the questions that run. Raises `Refused` for another project's site, and when none is free."""
    if site_id and site_id not in project.site_ids:
        raise Refused(403, "site_id: does not belong to this key's project.")
    shards = await service.freshness.read()
    async with service.gate.enter(project.id):
        yield Inquiry(service, shards, moment.now_ms())
