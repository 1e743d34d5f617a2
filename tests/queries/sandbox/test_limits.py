"""Limits as settings, and the second belt as ClickHouse's map."""

from queries.sandbox import limits
from queries.sandbox.views import BASES


def test_the_belt_names_every_base_table_and_escapes_twice() -> None:
    belt = limits.belt("it's\\")
    assert all(f"'{base}': " in belt for base in BASES)
    assert belt.count("'project = \\'it\\\\\\'s\\\\\\\\\\''") == len(BASES)


def test_every_statement_has_costs_meanings_and_the_belt() -> None:
    settings = limits.settings("mine")
    assert settings["additional_table_filters"] == limits.belt("mine")
    for name in ("max_rows_to_read", "max_bytes_to_read", "max_result_rows", "max_memory_usage", "max_threads"):
        assert int(str(settings[name])) > 0
    assert settings["session_timezone"] == "UTC"
    assert (limits.settings("mine", postgres=True)["join_use_nulls"], settings["join_use_nulls"]) == (1, 0)
