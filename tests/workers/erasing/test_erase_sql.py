"""The words of an erasure: what a tombstone means, and that nobody is named in them."""

import pytest

from ingest_api.projects import tombstones
from ingest_api.projects.tombstones import Tombstone
from workers.erasing import erase_sql as sql

SECRET = b"s" * 32


def stone(**meant: object) -> Tombstone:
    return tombstones.stone(SECRET, "shop", 5, **meant)  # type: ignore[arg-type]  # any of its fields


@pytest.mark.parametrize("meant", [{"users": ["ada"]}, {"clients": ["ada"]}, {"events": [b"ada"]}])
def test_what_a_mutation_leaves_on_the_disk_names_nobody_and_no_mark(meant: dict[str, object]) -> None:
    one = stone(**meant)
    marks = one.users + one.clients + one.events
    for table in ("events", "rejected_events", *sql.IDENTITY):
        said = sql.gone(one, table, "erasing_1")
        assert "project = {project:String}" in said
        assert "ada" not in said
        assert marks.hex() not in said
        assert "_key" not in said


def test_only_what_was_ordered_is_looked_for() -> None:
    assert sql.events_meant(stone(time=(1, 2, "")), "t") == ""
    assert "user_id" not in sql.events_meant(stone(clients=["c"]), "t")
    assert "client_id" not in sql.events_meant(stone(users=["u"]), "t")
    assert [kind for kind, _, _ in sql.people_meant(stone(users=["u"], clients=["c"]), "sightings", "t")] == [
        "user",
        "client",
    ]
    assert [kind for kind, _, _ in sql.people_meant(stone(clients=["c"]), "user_traits", "t")] == []


def test_a_stretch_of_time_stands_as_it_is() -> None:
    said = sql.gone(stone(time=(1000, 2000, "buy")), "events", "t")
    assert "occurred_at >= fromUnixTimestamp64Milli(1000) AND occurred_at < fromUnixTimestamp64Milli(2000)" in said
    assert "name = {name:String}" in said
    assert "occurred_at" not in sql.gone(stone(users=["u"]), "events", "t")


def test_rows_are_derived_of_the_projects_events_alone() -> None:
    said = sql.derive("user_traits", "SELECT 1 FROM headrace.events WHERE x", "headrace")
    mine = "(SELECT * FROM events WHERE project = {project:String}) AS events"
    assert said == f"INSERT INTO user_traits SELECT 1 FROM {mine} WHERE x"
