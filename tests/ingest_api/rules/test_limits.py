"""The limits, and the table that people read."""

import re
from pathlib import Path

from ingest_api.rules.limits import Limits
from ingest_api.settings import Settings

TABLE = Path(__file__).parents[3] / "docs" / "limits.md"


def test_every_limit_on_an_event_is_a_setting_with_a_row_in_the_table() -> None:
    named = set(re.findall(r"`HEADRACE_([A-Z_]+)`", TABLE.read_text()))
    assert {field.upper() for field in Limits.__struct_fields__ if field != "short"} <= named
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_the_shortest_limit_bounds_what_is_plainly_right() -> None:
    assert Limits.of(Settings(max_name_chars=100, max_key_chars=90, max_id_chars=80)).short == 80
