"""Every dialect against its case files, and all of them against garbage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api import dialects, moment
from ingest_api.dialect import Dialect
from ingest_api.errors import Refusal, Refused
from ingest_api.event import Draft
from ingest_api.request import RawRequest
from tests.ingest_api.events import NOW

CASES = Path(__file__).parent / "cases"
SPOKEN = dialects.load()
FILES = [(dialect, file) for dialect in SPOKEN for file in sorted((CASES / dialect.name).glob("*.json"))]

GARBAGE = [
    b"", b" ", b"{", b"[", b"]", b"{}", b"[]", b"null", b"7", b'"x"', b"\x00", b"[[[[", b"{" * 5000, b"[" * 200_000,
    b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}', b'{"event_type":', b'{"events":{}}', b'{"events":[7]}',
    b'[{"event_type":7}]', b"\xef\xbb\xbf{}", b"a=b&c=d",
]  # fmt: skip


def request(body: bytes, **fields: Any) -> RawRequest:
    """A request whose body is whole."""
    known = {"headers": {}, "query": {}, "path": "", "received_at": NOW, "ip": "", "user_agent": ""}
    return RawRequest(**{**known, "body": body, **fields})


def outcome(dialect: Dialect, body: bytes) -> Sequence[Draft | Refusal] | Refused:
    """What a dialect makes of a body."""
    try:
        return dialect.parse(request(body), 10_000).items
    except Refused as refused:
        return refused


def told(item: Draft | Refusal) -> dict[str, Any]:
    """An item as a case file writes it."""
    if isinstance(item, Refusal):
        return {"refused": [detail.field for detail in item.details]}
    known = {field: getattr(item, field) for field in Draft.__struct_fields__ if field not in {"raw", "properties"}}
    known["occurred_at"] = None if item.occurred_at is None else moment.text(item.occurred_at)
    given = {field: value for field, value in known.items() if value and (field, value) != ("kind", "event")}
    return {**given, "properties": orjson.loads(item.properties)}


@pytest.mark.parametrize(("dialect", "file"), FILES, ids=[f"{dialect.name}/{file.stem}" for dialect, file in FILES])
def test_a_case_is_read_as_its_file_says(dialect: Dialect, file: Path) -> None:
    case = orjson.loads(file.read_bytes())
    body = case["body"] if isinstance(case["body"], str) else orjson.dumps(case["body"]).decode()
    raw = request(body.encode(), headers=case.get("headers", {}))
    if isinstance(case["says"], str):
        with pytest.raises(Refused) as refused:
            dialect.parse(raw, 10_000)
        assert refused.value.reason == case["says"]
        return
    parsed = dialect.parse(raw, 10_000)
    assert [told(item) for item in parsed.items] == case["says"]
    assert parsed.single is case["single"]


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_every_dialect_has_cases(dialect: Dialect) -> None:
    assert [file for spoken, file in FILES if spoken is dialect]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_garbage_is_refused_and_never_an_exception(dialect: Dialect, body: bytes) -> None:
    items = outcome(dialect, body)
    if isinstance(items, Refused):
        assert dialect.refuse(items).status == items.status >= 400
    else:
        assert all(isinstance(item, Refusal) for item in items)


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
@given(body=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["event_type", "occurred_at", "data", "events", "idempotency_key", "x"]), inner, max_size=5
    ),
    max_leaves=20,
))  # fmt: skip
def test_any_json_is_read_or_refused_and_twice_the_same(dialect: Dialect, body: Any) -> None:
    try:
        encoded = orjson.dumps(body)
    except TypeError:  # integers beyond 64 bits and lone surrogates are no JSON of orjson's
        return
    first, again = outcome(dialect, encoded), outcome(dialect, encoded)
    if isinstance(first, Refused):
        assert isinstance(again, Refused)
        assert again.reason == first.reason
    else:
        assert not isinstance(again, Refused)
        assert [told(item) for item in again] == [told(item) for item in first]


def test_two_dialects_on_one_path_stop_the_start() -> None:
    assert len({route for dialect in SPOKEN for route in dialect.routes}) == sum(len(one.routes) for one in SPOKEN)
