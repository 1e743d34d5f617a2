"""A question in short, for tests."""

from typing import Any
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.client import Client

from queries.questions import measures, select
from queries.questions.dimensions import DIMENSIONS
from queries.questions.filters import Leaf
from queries.questions.question import Question
from queries.questions.spans import Span


def question(
    project: str, metric: str, since: int = 0, until: int | None = None, *, event_type: str = "", **more: Any
) -> Question:
    """One metric of one stretch of time, Unix ms."""
    if event_type:
        more["filter"] = Leaf("is", DIMENSIONS["event"], (event_type,))
    return Question(project, (measures.find(metric, "metric"),), Span(since, until, "any", ZoneInfo("UTC")), **more)


def rows(warehouse: Client, asked: Question) -> list[list[Any]]:
    """What the engine answers."""
    statement = select.rows(asked)
    return [list(row) for row in warehouse.query(statement.text, parameters=statement.parameters).result_rows]
