"""Every measure is one that the engine can work out, and stands in the documents."""

from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from queries import sql
from queries.measures import MEASURES
from queries.query import StatsQuery
from queries.store import Store
from tests.queries.stored import event, store

#: without any event, and with one page view of one person
COUNTS = ("event_count", "page_views", "visitors", "unique_users", "new_users", "sessions")
FIGURES: dict[str, tuple[int | None, int]] = dict.fromkeys(COUNTS, (0, 1))
FIGURES |= {"events_per_session": (None, 1), "bounce_rate": (None, 1), "session_duration": (None, 0)}


@pytest.mark.stack
@pytest.mark.parametrize("metric", MEASURES)
async def test_a_measure_says_nothing_without_events_and_something_with_them(
    metric: str, clickhouse_url: str, warehouse: Client
) -> None:
    project = f"measured-{metric}"
    reader = Store(clickhouse_url, 10)
    statement = sql.stats(StatsQuery(project, metric, 0, None, "any"))
    before = await reader.rows(statement)
    store(warehouse, event(project, name="page_view", client_id="c1"))
    after = await reader.rows(statement)
    await reader.close()
    assert (before[0][0], after[0][0]) == FIGURES[metric]


def test_every_measure_stands_in_the_documents_with_its_meaning() -> None:
    written = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    assert [name for name, one in MEASURES.items() if f"| `{name}` | {one.meaning} |" not in written] == []
