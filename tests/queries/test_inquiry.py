"""What an answer says of itself: what it took, and what its reader may not think of."""

import pytest
from clickhouse_connect.driver.client import Client

from ingest_api.projects.project import Project
from ingest_api.stream import Install
from queries.errors import Refused
from queries.inquiry import inquire
from queries.questions import dimensions
from queries.service import QueryService
from queries.settings import Settings
from tests.queries import asked
from tests.queries.stored import event, store

pytestmark = pytest.mark.stack


async def test_an_inquiry_adds_up_what_its_statements_took(
    installed: Install, redis_url: str, clickhouse_url: str, warehouse: Client
) -> None:
    service = QueryService(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url))
    project = Project("inquired", ("web",), 0, retention_days=30)
    by = (dimensions.find("country", "x"), dimensions.find("hour_of_day", "x"))
    store(warehouse, event(project.id, country="DE"), event(project.id))
    async with inquire(service, project, "web") as inquiry:
        question = asked.question(project.id, "event_count", 1, dimensions=by, approximate=True)
        rows = await inquiry.rows(question)
        once = inquiry.meta()
        assert await inquiry.total(question) == len(rows) == 2
        inquiry.warn(question, project)
        inquiry.warn_of_unknown(by, rows)
        twice = inquiry.meta()
    await service.close()
    assert 0 < once["rows_read"] < twice["rows_read"]
    assert 0 < once["elapsed"] < twice["elapsed"]
    assert [text.partition(":")[0] for text in twice["warnings"]] == [
        "Events are kept for 30 days",
        "Estimates were asked for",
        "country",
    ]


async def test_another_projects_site_is_refused_before_anything_is_asked(
    installed: Install, redis_url: str, clickhouse_url: str
) -> None:
    service = QueryService(Settings(redis_url=redis_url, clickhouse_url=clickhouse_url))
    with pytest.raises(Refused, match="site_id") as refused:
        async with inquire(service, Project("inquired", ("web",), 0), "app"):
            pass
    await service.close()
    assert refused.value.status == 403
