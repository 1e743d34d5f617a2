"""PostgreSQL's grammar: functions by their names, -> also in calls, and an end to patience."""

import pytest

from queries.sandbox.compile import compile as checked
from queries.sandbox.errors import Unfit


def test_an_arrow_in_a_call_looks_into_json() -> None:
    text = checked("SELECT jsonb_array_length(properties -> 'tags') FROM events", "postgres").text
    assert text.startswith("SELECT JSONLength(nullIf(JSONExtractRaw(toJSONString(properties), 'tags'), ''))")


@pytest.mark.parametrize("sql", ["SELECT generate_series(1, 3)", "SELECT pg_sleep(1)", "SELECT hostName()"])
def test_a_function_of_no_table_is_refused(sql: str) -> None:
    with pytest.raises(Unfit, match="There is no function"):
        checked(sql, "postgres")
