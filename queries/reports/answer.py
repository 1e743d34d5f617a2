"""Rows of a report -> its answer, with how fresh and how dear it was."""

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any, Generic, Literal, TypeVar

import msgspec

from ingest_api.projects.projects import Project
from queries.inquiry import AnswerMeta, inquire
from queries.service import QueryService
from queries.sql import Statement

T = TypeVar("T")


class ReportAnswer(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """The answer of every report."""

    success: Literal[True] = True
    data: T
    meta: AnswerMeta


async def answered(
    service: QueryService,
    project: Project,
    site_id: str,
    statement: Statement,
    shape: Callable[[Sequence[Sequence[Any]]], T],
    *,
    warnings: Sequence[str] = (),
) -> ReportAnswer[T]:
    """Run the statement of a report. Raises what `inquire` and `Store.rows` raise."""
    async with inquire(service, project, site_id) as inquiry:
        rows = await inquiry.ask(statement)
        inquiry.warnings += warnings
    return ReportAnswer(data=shape(rows), meta=inquiry.meta())


def share(part: int, whole: int) -> float | None:
    """None of nobody."""
    return part / whole if whole else None


def seconds(milliseconds: float) -> float | None:
    """None of NaN, which stands for nothing to take a mean of."""
    return None if isnan(milliseconds) else milliseconds / 1000
