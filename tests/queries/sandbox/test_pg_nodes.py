"""PostgreSQL's operators, casts and aggregates, each as ClickHouse's."""

import pytest

from queries.sandbox.errors import Unfit
from queries.sandbox.postgres import translate

TEXT = "toJSONString(properties)"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("properties->'a'->>'b'", f"JSONExtract({TEXT}, 'a', 'b', 'Nullable(String)')"),
        ("properties->'a'->0", f"nullIf(JSONExtractRaw({TEXT}, 'a', 1), '')"),
        ("properties #>> '{a,1}'", f"JSONExtract({TEXT}, 'a', 2, 'Nullable(String)')"),
        ("properties::text", TEXT),
        ("name::int", "CAST(name, 'Nullable(Int32)')"),
        ("name::numeric", "CAST(name, 'Nullable(Float64)')"),
        ("name::numeric(10, 2)", "CAST(name, 'Nullable(Decimal(10, 2))')"),
        ("'2026-11-20'::timestamptz", "parseDateTime64BestEffort('2026-11-20', 6, 'UTC')"),
        ("'1 day'::interval", "INTERVAL '1 day'"),
        ("created_at AT TIME ZONE 'Asia/Tokyo'", "toTimeZone(created_at, 'Asia/Tokyo')"),
        ("percentile_cont(0.9) WITHIN GROUP (ORDER BY asn)", "quantileExactInclusiveOrNull(0.9)(asn)"),
        ("extract(epoch FROM created_at)", "toFloat64(toDateTime64(created_at, 6, 'UTC'))"),
        ("substring(name FROM 2 FOR 3)", "substringUTF8(name, 2, 3)"),
        ("E'a\\nb'", "'a\nb'"),
        ('name COLLATE "C"', "name"),
        ("2 ^ 3", "power(2, 3)"),
    ],
)
def test_an_operator_is_translated(written: str, text: str) -> None:
    assert translate(f"SELECT {written} AS x FROM events", None)[0] == f"SELECT {text} AS x FROM events"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("name = ANY(ARRAY['a'])", "has(['a'], name)"),
        ("name ~* 'x'", "match(name, concat('(?i)', 'x'))"),
        ("name IS NOT NULL", "NOT (name IS NULL)"),
        ("properties ? 'a'", f"JSONHas({TEXT}, 'a')"),
        ("created_at > '2026-11-20T00:00Z'", "created_at > parseDateTime64BestEffort('2026-11-20T00:00Z', 6, 'UTC')"),
    ],
)
def test_a_condition_is_translated(written: str, text: str) -> None:
    assert translate(f"SELECT 1 AS x FROM events WHERE {written}", None)[0] == f"SELECT 1 AS x FROM events WHERE {text}"


@pytest.mark.parametrize(
    "written", ["'events'::regclass", "1::money", "string_agg(name, ',' ORDER BY name)", "$a$ $b$"]
)
def test_what_has_no_counterpart_is_refused(written: str) -> None:
    with pytest.raises(Unfit):
        translate(f"SELECT {written} FROM events", None)
