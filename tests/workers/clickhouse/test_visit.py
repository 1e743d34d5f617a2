"""A visit to ClickHouse."""

import pytest

from workers.clickhouse.visit import visit

pytestmark = pytest.mark.stack


async def test_a_visitor_is_answered_from_the_database_of_the_url(clickhouse_url: str) -> None:
    async with visit(clickhouse_url, 10) as client:
        assert (await client.query("SELECT currentDatabase()")).result_rows == [("headrace",)]
