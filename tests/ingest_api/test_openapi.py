"""The front door's part of the document against the truth: the cases of every dialect, and every refusal."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema_rs import Draft202012Validator

from ingest_api import openapi
from ingest_api.dialect import Ack, Acked, Dialect, Outcome, Result, Verdict
from ingest_api.dialects.intake import DIALECT
from ingest_api.durability import Level
from ingest_api.errors import STATUS, Detail, Reason, Refused, Unavailable
from ingest_api.event import Draft
from tests.ingest_api.dialects.test_contract import FILES, SPOKEN, case_of, request
from tests.ingest_api.events import NOW

PATHS = openapi.paths()
SCHEMAS = openapi.schemas()
TAKEN = [(dialect, file) for dialect, file in FILES if orjson.loads(file.read_bytes())["answer"][0] == 200]


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    """What of a value is not as its schema says."""
    validator = Draft202012Validator({**schema, "components": {"schemas": SCHEMAS}}, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


def body_schema(path: str) -> dict[str, Any]:
    found: dict[str, Any] = PATHS[path.rstrip("/")]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return found


def answer_schema(path: str, status: int) -> dict[str, Any]:
    found: dict[str, Any] = PATHS[path.rstrip("/")]["post"]["responses"][str(status)]["content"]["application/json"][
        "schema"
    ]
    return found


def right(body: Any, says: list[dict[str, Any]]) -> Any:
    """A body without the items that were refused."""
    if isinstance(body, dict) and isinstance(body.get("events"), list) and len(body) == 1:
        return {"events": right(body["events"], says)}
    if isinstance(body, list):
        return [item for item, said in zip(body, says, strict=True) if "refused" not in said]
    return body


def ids(files: list[tuple[Dialect, Path]]) -> list[str]:
    return [f"{dialect.name}/{file.stem}" for dialect, file in files]


@pytest.mark.parametrize(("dialect", "file"), TAKEN, ids=ids(TAKEN))
def test_a_request_that_is_taken_is_as_the_document_says(dialect: Dialect, file: Path) -> None:
    case, raw = case_of(dialect, file)
    if raw.content_type == openapi.LINES:
        lines = [line for line in raw.body.split(b"\n") if line.strip()]
        taken = [orjson.loads(line) for line in right(lines, case["says"])]
        assert problems(body_schema(raw.path), taken) == []
        assert openapi.LINES in PATHS[raw.path]["post"]["requestBody"]["content"]
    else:
        assert problems(body_schema(raw.path), right(orjson.loads(raw.body), case["says"])) == []


@pytest.mark.parametrize(("dialect", "file"), FILES, ids=ids(FILES))
def test_an_answer_is_as_the_document_says(dialect: Dialect, file: Path) -> None:
    case, raw = case_of(dialect, file)
    status, answer = case["answer"]
    assert problems(answer_schema(raw.path, status), answer) == []


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.UNAVAILABLE])
@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_every_verdict_is_answered_as_the_document_says(dialect: Dialect, verdict: Verdict) -> None:
    schema = {"anyOf": [answer_schema(path, 200) for path in dialect.routes]}
    one, unavailable = Result(bytes(16), verdict), Result(bytes(16), Verdict.UNAVAILABLE)
    for outcome in (Outcome([one], True, NOW), Outcome([one, unavailable], False, NOW)):
        assert problems(schema, orjson.loads(dialect.reply(outcome).body)) == []


@pytest.mark.parametrize("ack", list(Ack))
@pytest.mark.parametrize("level", list(Level))
def test_a_producer_who_waited_is_answered_as_the_document_says(ack: Ack, level: Level) -> None:
    one, other = Result(bytes(16), Verdict.NEW), Result(b"\x01" * 16, Verdict.DUPLICATE)
    acked = Acked(ack, {one.event_id: 'a "reason"'})
    single = orjson.loads(DIALECT.reply(Outcome([one], True, NOW, level.value, acked)).body)
    batch = orjson.loads(DIALECT.reply(Outcome([one, other], False, NOW, level.value, acked)).body)
    assert problems(answer_schema("/v1/events", 200), single) == []
    assert problems(answer_schema("/v1/events", 200), batch) == []
    assert (single["durability"], single["ack"], single["rejection"]) == (level, ack, 'a "reason"')
    assert (batch["durability"], batch["ack"]) == (level, ack)
    assert [result.get("rejection") for result in batch["results"]] == ['a "reason"', None]


def test_waiting_is_offered_where_it_is_heard() -> None:
    for dialect in SPOKEN:
        for path in dialect.routes:
            named = {parameter["name"] for parameter in PATHS[path]["post"]["parameters"]}
            assert ({"ack", "timeout"} <= named) is dialect.waits


@pytest.mark.parametrize("reason", [one for one in Reason if one is not Reason.UNAVAILABLE])
@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_every_refusal_is_as_the_document_says(dialect: Dialect, reason: Reason) -> None:
    for details in ((), (Detail("field", "is wrong"),)):
        reply = dialect.refuse(Refused(reason, "Why.", details))
        for path in dialect.routes:
            assert problems(answer_schema(path, STATUS[reason]), orjson.loads(reply.body)) == []


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_what_could_not_be_written_is_as_the_document_says(dialect: Dialect) -> None:
    reply = dialect.unavailable(Unavailable("Later."))
    for path in dialect.routes:
        assert problems(answer_schema(path, 503), orjson.loads(reply.body)) == []
        assert (reply.headers or {}).keys() <= PATHS[path]["post"]["responses"]["503"]["headers"].keys()


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_the_example_of_a_route_is_right_and_is_taken(dialect: Dialect) -> None:
    assert dialect.shape.exchanges.keys() == set(dialect.routes)
    for path, exchange in dialect.shape.exchanges.items():
        assert problems(body_schema(path), exchange.example) == []
        parsed = dialect.parse(request(orjson.dumps(exchange.example), path=path), 1)
        assert [isinstance(item, Draft) for item in parsed.items] == [True]


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_what_no_schema_allows_is_seen(dialect: Dialect) -> None:
    for path in dialect.routes:
        assert problems(body_schema(path), {})
        assert problems(answer_schema(path, 200), {"ok": False})
        assert problems(answer_schema(path, 400), {"ok": True})


@pytest.mark.parametrize("dialect", SPOKEN, ids=lambda dialect: dialect.name)
def test_a_key_is_asked_for_where_the_dialect_looks_for_it(dialect: Dialect) -> None:
    schemes = openapi.security_schemes()
    sent = {"Authorization": "Bearer K", dialect.shape.key_header: "Bearer K"}
    assert dialect.token(sent).removeprefix("Bearer ") == "K"
    for path in dialect.routes:
        first, *others = PATHS[path]["post"]["security"]
        (name,) = first
        assert schemes[name].get("name", "Authorization") == dialect.shape.key_header
        assert others == ([{}] if dialect.public else [])


def test_every_status_of_a_refusal_is_in_the_document() -> None:
    for methods in (PATHS[path] for dialect in SPOKEN for path in dialect.routes):
        assert methods["post"]["responses"].keys() >= {str(status) for status in STATUS.values()}
