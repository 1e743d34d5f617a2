"""The table of views."""

from queries.sandbox.views import BASES, RESERVED, VIEWS


def test_the_documents_columns_come_first() -> None:
    first = [column.name for column in VIEWS["events"].columns[:6]]
    assert first == ["id", "event_name", "hardal_server_request_id", "client_id", "properties", "created_at"]


def test_no_view_has_a_column_twice_or_the_project_or_raw_bytes() -> None:
    for view in VIEWS.values():
        names = [column.name for column in view.columns]
        assert len(set(names)) == len(names)
        assert not {"project", "raw"} & set(names)


def test_every_base_table_has_its_project_bound_in_every_view_that_reads_it() -> None:
    assert {base for view in VIEWS.values() for base in view.bases} == BASES
    for view in VIEWS.values():
        assert "{project:String}" in view.text
        assert RESERVED in view.text
