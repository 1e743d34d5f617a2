"""What a query string asks for."""

from typing import Any

import pytest

from ingest_api.dialect import Ack
from ingest_api.errors import Reason, Refused
from ingest_api.wish import NOTHING, Wish, wish


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({}, NOTHING),
        ({"utm_source": "x"}, NOTHING),
        ({"validate": "1"}, Wish(check_only=True)),
        ({"validate": "0"}, NOTHING),
        ({"ack": "queued"}, Wish(ack=Ack.QUEUED)),
        ({"ack": "stored"}, Wish(ack=Ack.STORED, timeout=10.0)),
        ({"ack": "queryable", "timeout": "0.1"}, Wish(ack=Ack.QUERYABLE, timeout=0.1)),
        ({"ack": "stored", "timeout": "60"}, Wish(ack=Ack.STORED, timeout=60.0)),
    ],
)
def test_what_is_asked_is_understood(query: dict[str, str], asked: Wish) -> None:
    assert wish(query, waits=True) == asked


@pytest.mark.parametrize(
    ("field", "query"),
    [
        *(("ack", {"ack": said}) for said in ("", "STORED", "rejected", "1")),
        *(
            ("timeout", {"ack": "stored", "timeout": said})
            for said in ("", "x", "0", "0.09", "60.1", "-1", "inf", "nan")
        ),
        ("timeout", {"timeout": "never"}),
    ],
)
def test_what_cannot_be_had_is_refused_and_named(field: str, query: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        wish(query, waits=True)
    assert refused.value.reason is Reason.INVALID_FIELD
    assert [detail.field for detail in refused.value.details] == [field]


def test_a_dialect_that_does_not_wait_hears_nothing_of_it() -> None:
    query: Any = {"ack": "stored", "timeout": "x", "validate": "1"}
    assert wish(query, waits=False) == Wish(check_only=True)
