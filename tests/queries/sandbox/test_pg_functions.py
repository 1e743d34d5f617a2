"""PostgreSQL's functions, each as ClickHouse's."""

import pytest

from queries.sandbox.errors import Unfit
from queries.sandbox.postgres import translate


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("sum(asn)", "sumOrNull(asn)"),
        ("count(*)", "count(*)"),
        ("date_trunc('week', created_at)", "toDateTime64(dateTrunc('week', created_at), 3, 'UTC')"),
        ("date_part('dow', created_at)", "toDayOfWeek(created_at, 2)"),
        ("to_char(created_at, 'DD.MM.YYYY HH24:MI')", "formatDateTime(created_at, '%d.%m.%Y %H:%i')"),
        ("regexp_replace(name, 'a', 'b', 'gi')", "replaceRegexpAll(name, concat('(?i)', 'a'), 'b')"),
        ("md5(name)", "lower(hex(MD5(name)))"),
        ("lag(name, 1)", "lag(toNullable(name), 1)"),
        ("length(name)", "lengthUTF8(name)"),
        ("jsonb_extract_path_text(properties, 'a')", "JSONExtract(toJSONString(properties), 'a', 'Nullable(String)')"),
        ("now()", "now64(6, 'UTC')"),
    ],
)
def test_a_call_is_translated(call: str, text: str) -> None:
    assert translate(f"SELECT {call} AS x FROM events", None)[0] == f"SELECT {text} AS x FROM events"


@pytest.mark.parametrize("call", ["date_trunc('eon', now())", "date_trunc()", "date_part('eon', now())", "to_char(1)"])
def test_arguments_that_mean_nothing_are_refused(call: str) -> None:
    with pytest.raises(Unfit):
        translate(f"SELECT {call}", None)
