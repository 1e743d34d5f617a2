"""What the management API shows, and that documents can be made of its types."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from ingest_api.projects import keys
from ingest_api.projects.keys import KeyChange, Kind
from ingest_api.projects.project import Project, Settings
from queries import management
from queries.routes import ROUTES


def test_a_project_is_shown_whole() -> None:
    shown = msgspec.to_builtins(management.shown(Project("shop", ("web",), 1_000, past_days=3)))
    assert shown["created_at"] == "1970-01-01T00:00:01Z"
    assert set(shown) == {*Project.__struct_fields__}


@pytest.mark.parametrize(
    ("fields", "state"),
    [({}, "active"), ({"expires_at": 11}, "active"), ({"expires_at": 10}, "expired"), ({"revoked_at": 5}, "revoked")],
)
def test_a_key_is_shown_with_its_state_and_without_its_digest(fields: dict[str, Any], state: str) -> None:
    key, token = keys.make(Kind.WRITE, "shop", 1)
    key = msgspec.structs.replace(key, **fields)
    shown = msgspec.to_builtins(management.shown_key(key, 10))
    assert shown["state"] == state
    assert set(shown) == {*keys.Key.__struct_fields__, "state"} - {"digest"}
    assert management.made_key(key, token, 10).token == token


def test_a_moment_is_kept_to_the_millisecond() -> None:
    assert management.milliseconds(datetime(2098, 12, 31, 23, 59, 59, 999_000, UTC)) == 4_070_908_799_999
    assert management.milliseconds(None) == 0


def test_an_order_may_change_what_the_store_can_change() -> None:
    assert {*management.KeyToChange.__struct_fields__} == {*KeyChange.__struct_fields__}
    assert {*management.ProjectToMake.__struct_fields__} == {*Settings.__struct_fields__, "id", "site_ids"}


def test_a_schema_can_be_made_of_every_type() -> None:
    types = [route.answer for route in ROUTES if not route.media] + [route.request for route in ROUTES if route.request]
    schemas, parts = msgspec.json.schema_components(types)
    assert len(schemas) == len(types)
    assert "digest" not in str(parts)
