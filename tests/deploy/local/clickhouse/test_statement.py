"""Requests as statements."""

import uuid

import pytest

from deploy.local.clickhouse.exceptions import StatementError
from deploy.local.clickhouse.statement import Statement, fields_of, parse, query_id_of


def statement(query_string: str = "", body: bytes = b"", **headers: str) -> Statement:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return parse(fields_of(query_string), named, body, "an id")


def test_the_query_is_the_url_then_a_line_break_then_the_body() -> None:
    assert statement("query=SELECT+1", b"").sql == "SELECT 1\n"
    assert statement("", b"SELECT 1").sql == "SELECT 1"
    assert statement("query=SELECT", b"%E2%82%AC").sql == "SELECT\n%E2%82%AC"


def test_rows_may_stand_in_the_body_alone() -> None:
    found = statement("query=INSERT%20INTO%20t%20FORMAT%20RowBinary", b"\n\x01")
    assert (found.sql, found.format, found.inserts) == ("INSERT INTO t ", "RowBinary", True)
    assert found.data is not None
    assert bytes(found.data) == b"\n\x01"


def test_the_format_is_taken_from_sql_then_url_then_header_then_tab_separated() -> None:
    asked = {"query_string": "default_format=CSV", "X_ClickHouse_Format": "XML"}
    assert statement(body=b"SELECT 1 FORMAT JSON", **asked).format == "JSON"
    assert statement(body=b"SELECT 1", **asked).format == "CSV"
    assert statement(body=b"SELECT 1", X_ClickHouse_Format="XML").format == "XML"
    assert statement(body=b"SELECT 1").format == "TabSeparated"


def test_the_database_is_taken_from_url_then_header() -> None:
    assert statement("database=a", b"SELECT 1", X_ClickHouse_Database="b").database == "a"
    assert statement("", b"SELECT 1", X_ClickHouse_Database="b").database == "b"
    assert statement("", b"SELECT 1").database == ""
    with pytest.raises(StatementError, match="printable UTF-8"):
        statement("", b"SELECT 1", X_ClickHouse_Database="\udcff")


def test_fields_are_told_apart_into_settings_and_parameters() -> None:
    found = statement("max_threads=2&param_name=a%5Ctb&session_id=x&log_comment=%26&wait_end_of_query=1", b"SELECT 1")
    assert found.settings == {"max_threads": "2", "log_comment": "&"}
    assert found.parameters == {"name": "a\\tb"}


@pytest.mark.parametrize("field", ["compress=1", "decompress=1", "role=admin"])
def test_what_is_not_served_is_refused_and_not_ignored(field: str) -> None:
    with pytest.raises(StatementError) as raised:
        statement(field, b"SELECT 1")
    assert raised.value.status == 501


def test_asking_for_no_compression_is_fine() -> None:
    assert statement("compress=0&decompress=0", b"SELECT 1").settings == {}


@pytest.mark.parametrize("field", ["a%3D1,readonly=0", "x%20=1", "param_a-b=1", "=1"])
def test_a_name_that_could_end_a_clause_is_no_setting(field: str) -> None:
    with pytest.raises(StatementError) as raised:
        statement(field, b"SELECT 1")
    assert raised.value.code == 115


def test_a_url_or_query_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(StatementError, match="The URL is not UTF-8"):
        fields_of("param_a=%ff")
    with pytest.raises(StatementError, match="not UTF-8 at byte 8"):
        statement("", b"SELECT '\xff'")


def test_a_query_id_is_kept_or_made_and_fits_a_header() -> None:
    assert query_id_of({"query_id": "mine"}) == "mine"
    assert uuid.UUID(query_id_of({}))
    assert uuid.UUID(query_id_of({"query_id": ""}))
    with pytest.raises(StatementError, match="printable ASCII"):
        query_id_of({"query_id": "a\r\nSet-Cookie: b"})
