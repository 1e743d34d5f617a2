"""Measures: public name -> aggregate in ClickHouse's SQL. A new measure is a new row."""

MEASURES: dict[str, str] = {
    "event_count": "count()",
}
