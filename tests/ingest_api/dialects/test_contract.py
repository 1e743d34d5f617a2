"""Every dialect against its case files, and all of them against garbage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api import dialects, moment
from ingest_api.dialect import Dialect, Outcome, Reply, Result, Verdict
from ingest_api.errors import STATUS, Detail, Reason, Refusal, Refused, Unavailable
from ingest_api.event import Draft
from ingest_api.http.request import RawRequest
from ingest_api.projects.projects import Project
from ingest_api.rules.normalise import Stamped, normalise
from tests.ingest_api.dialects.act import PROPERTIES, SAID, UNSAID, told_as
from tests.ingest_api.events import NOW, context

SITES = Project("demo", ("demo", "site_abc123"), NOW)
CASES = Path(__file__).parent / "cases"
SPOKEN = dialects.load()
ROUTES = [(dialect, path) for dialect in SPOKEN for path in dialect.routes]
FILES = [(dialect, file) for dialect in SPOKEN for file in sorted((CASES / dialect.name).glob("*.json"))]

NAMES = [
    "event_type", "occurred_at", "data", "events", "idempotency_key", "x", "type", "payload", "name", "website", "url",
    "site_id", "timestamp", "session_id", "event_name", "id", "properties", "created_at", "customer_identifier",
]  # fmt: skip
GARBAGE = [
    b"", b" ", b"{", b"[", b"]", b"{}", b"[]", b"null", b"7", b'"x"', b"\x00", b"[[[[", b"{" * 5000, b"[" * 200_000,
    b'{"a":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}', b'{"event_type":', b'{"events":{}}', b'{"events":[7]}',
    b'[{"event_type":7}]', b"\xef\xbb\xbf{}", b"a=b&c=d",
]  # fmt: skip


def request(body: bytes, **fields: Any) -> RawRequest:
    """A request whose body is whole."""
    known = {"headers": {}, "query": {}, "path": "", "received_at": NOW, "ip": "", "user_agent": ""}
    return RawRequest(**{**known, "body": body, **fields})


def outcome(dialect: Dialect, body: bytes, path: str = "") -> Sequence[Draft | Refusal] | Refused:
    """What a dialect makes of a body."""
    try:
        return dialect.parse(request(body, path=path or dialect.routes[0]), 10_000).items
    except Refused as refused:
        return refused


def told(item: Draft | Refusal) -> dict[str, Any]:
    """An item as a case file writes it."""
    if isinstance(item, Refusal):
        return {"refused": [detail.field for detail in item.details]}
    known = {field: getattr(item, field) for field in Draft.__struct_fields__ if field not in {"raw", "properties"}}
    known["occurred_at"] = None if item.occurred_at is None else moment.text(item.occurred_at)
    given = {field: value for field, value in known.items() if value and (field, value) != ("kind", "event")}
    if item.session_id.startswith("d_"):  # derived; its own test looks at it
        given["session_id"] = "d_SELF"
    return {**given, "properties": orjson.loads(item.properties)}


def case_of(dialect: Dialect, file: Path) -> tuple[dict[str, Any], RawRequest]:
    """A case file, and the request that it tells of."""
    case: dict[str, Any] = orjson.loads(file.read_bytes())
    body = case["body"] if isinstance(case["body"], str) else orjson.dumps(case["body"]).decode()
    path = case.get("path", dialect.routes[0])
    return case, request(body.encode(), headers=case.get("headers", {}), path=path)


def answered(dialect: Dialect, raw: RawRequest) -> Reply:
    """The answer when every event that is right was new."""
    try:
        parsed = dialect.parse(raw, 10_000)
    except Refused as refused:
        return dialect.refuse(refused)
    known = context(SITES)
    results: list[Result | Refusal] = []
    for number, item in enumerate(parsed.items):
        stamp = item if isinstance(item, Refusal) else normalise(item, known, number)
        if isinstance(stamp, Refusal):
            results.append(stamp.worded(dialect.words))
        else:
            results.append(Result(bytes(15) + b"\x07", Verdict.NEW))
    return dialect.reply(Outcome(results, parsed.single, NOW))


@pytest.mark.parametrize(("dialect", "file"), FILES, ids=[f"{dialect.name}/{file.stem}" for dialect, file in FILES])
def test_a_case_is_read_as_its_file_says(dialect: Dialect, file: Path) -> None:
    case, raw = case_of(dialect, file)
    if isinstance(case["says"], str):
        with pytest.raises(Refused) as refused:
            dialect.parse(raw, 10_000)
        assert refused.value.reason == case["says"]
        return
    parsed = dialect.parse(raw, 10_000)
    assert [told(item) for item in parsed.items] == case["says"]
    assert parsed.single is case["single"]


@pytest.mark.parametrize(("dialect", "file"), FILES, ids=[f"{dialect.name}/{file.stem}" for dialect, file in FILES])
def test_a_case_is_answered_as_its_file_says(dialect: Dialect, file: Path) -> None:
    case, raw = case_of(dialect, file)
    reply = answered(dialect, raw)
    assert [reply.status, orjson.loads(reply.body)] == case["answer"]


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_every_refusal_has_an_answer_with_its_status(dialect: Dialect, reason: Reason) -> None:
    reply = dialect.refuse(Refused(reason, "Why.", (Detail("field", "is wrong"),)))
    assert reply.status == STATUS[reason]
    assert isinstance(orjson.loads(reply.body), dict)


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_what_could_not_be_written_is_asked_for_again(dialect: Dialect) -> None:
    reply = dialect.unavailable(Unavailable("Later.", retry_after=3))
    assert reply.status == 503
    assert reply.headers == {"Retry-After": "3"}


@pytest.mark.parametrize("verdict", set(Verdict) - {Verdict.UNAVAILABLE})
@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_every_verdict_is_a_200(dialect: Dialect, verdict: Verdict) -> None:
    reply = dialect.reply(Outcome([Result(bytes(16), verdict)], True, NOW))
    assert reply.status == 200
    assert orjson.loads(reply.body)


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_every_dialect_has_cases(dialect: Dialect) -> None:
    assert [file for spoken, file in FILES if spoken is dialect]


@pytest.mark.parametrize("body", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize(("dialect", "path"), ROUTES, ids=[path for _, path in ROUTES])
def test_garbage_is_refused_and_never_an_exception(dialect: Dialect, path: str, body: bytes) -> None:
    items = outcome(dialect, body, path)
    if isinstance(items, Refused):
        assert dialect.refuse(items).status == items.status >= 400
    else:
        assert all(isinstance(item, Refusal) for item in items)


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
@given(body=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(NAMES), inner, max_size=5
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


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_one_act_is_the_same_event_in_every_dialect(dialect: Dialect) -> None:
    (item,) = dialect.parse(request(orjson.dumps(told_as(dialect.name)), path=dialect.routes[0]), 1).items
    assert isinstance(item, Draft)
    stamped = normalise(item, context(SITES), 0)
    assert isinstance(stamped, Stamped)
    event = stamped.event
    expected = {field: value for field, value in SAID.items() if field not in UNSAID[dialect.name]}
    assert {field: getattr(event, field) for field in expected} == expected
    assert all(getattr(event, field) in ("", NOW) for field in UNSAID[dialect.name])
    assert orjson.loads(event.properties) == PROPERTIES
