"""Who may send statements."""

from base64 import b64encode

import pytest

from deploy.local.clickhouse.access import Access
from deploy.local.clickhouse.exceptions import StatementError

ACCESS = Access("ops", "pä:ss")


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def test_the_three_ways_of_clickhouse_are_accepted() -> None:
    ACCESS.check(basic("ops", "pä:ss"), {})
    ACCESS.check({"X-ClickHouse-User": "ops", "X-ClickHouse-Key": "pä:ss"}, {})
    ACCESS.check({}, {"user": "ops", "password": "pä:ss"})


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ({}, {}),
        (basic("ops", "wrong"), {}),
        (basic("other", "pä:ss"), {}),
        ({"Authorization": "Basic !!!"}, {}),
        ({"Authorization": "Bearer pä:ss"}, {}),
        ({"X-ClickHouse-User": "ops"}, {}),
        ({"X-ClickHouse-User": "ops", "X-ClickHouse-Key": "p\udce4:ss"}, {}),
        ({"X-ClickHouse-Key": "pä:ss"}, {}),
        ({}, {"user": "ops"}),
        ({}, {"password": "pä:ss"}),
    ],
)
def test_anything_else_is_an_authentication_failure(headers: dict[str, str], fields: dict[str, str]) -> None:
    with pytest.raises(StatementError) as raised:
        ACCESS.check(headers, fields)
    assert (raised.value.code, raised.value.status) == (516, 403)


def test_two_ways_at_once_are_refused_even_when_both_are_right() -> None:
    with pytest.raises(StatementError, match="two ways at once"):
        ACCESS.check(basic("ops", "pä:ss"), {"user": "ops", "password": "pä:ss"})


def test_the_password_is_not_in_the_text_of_the_account() -> None:
    assert "pä:ss" not in repr(ACCESS)
