"""The front door's part of the OpenAPI document, made of the dialects' shapes. Nothing here serves it.

Types named below are components: `schemas` has each of them under its own name.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from ingest_api import dialects
from ingest_api.dialect import Dialect, Exchange
from ingest_api.wish import ASKED, LONGEST, SHORTEST, USUAL

Json = dict[str, Any]

JSON, LINES = "application/json", "application/x-ndjson"
_BEARER, _OWN = "write_key", "eventbunker_write_key"
_STATUSES = {
    400: "The request is not valid; the answer says what is wrong.",
    401: "The key is missing, unknown, expired or revoked, or is no write key.",
    403: "The project does not list the page's origin.",
    405: "Another method: `Allow` names those that are taken.",
    408: "The body did not arrive in time.",
    413: "The body is too large, or holds too many events.",
    415: "The Content-Encoding or the charset is not known.",
    429: "The key has used up its rate; send it again after `Retry-After` seconds.",
    500: "A fault of the server.",
    503: "Nothing could be written; send it again after `Retry-After` seconds.",
}
HEADERS: Mapping[str, Json] = {
    "X-Request-Id": {"description": "Names this answer in questions to the operator.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}},
    "X-RateLimit-Limit": {"description": "Events a minute, of a key with a rate.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "Events that could be sent now.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {
        "description": "Unix seconds: when the rate is whole again.",
        "schema": {"type": "integer"},
    },
    "Allow": {"description": "The methods that are taken.", "schema": {"type": "string"}},
}
_PARAMETERS: tuple[Json, ...] = (
    {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Gives events without a key of their own the keys K:0, K:1 and so on.",
        "schema": {"type": "string", "maxLength": 240},
    },
    {
        "name": "Content-Encoding",
        "in": "header",
        "description": "How the body is packed: one complete stream.",
        "schema": {"enum": ["identity", "gzip", "deflate", "br", "zstd"]},
    },
    {
        "name": "validate",
        "in": "query",
        "description": "1 checks everything and stores nothing.",
        "schema": {"enum": ["0", "1"]},
    },
)
_WAITING: tuple[Json, ...] = (
    {
        "name": "ack",
        "in": "query",
        "description": "Answer once the events have come so far, or `timeout` is over.",
        "schema": {"enum": [ack.value for ack in ASKED]},
    },
    {
        "name": "timeout",
        "in": "query",
        "description": f"Seconds to wait for `ack` at the most; {USUAL:g} when it is left out.",
        "schema": {"type": "number", "minimum": SHORTEST, "maximum": LONGEST},
    },
)


class Alive(msgspec.Struct):
    """The process answers."""

    status: Literal["alive"]


class Ready(msgspec.Struct):
    """Its work could be done now."""

    status: Literal["ready"]


class NotReady(msgspec.Struct):
    """A part is missing."""

    status: Literal["not ready"]
    why: str


class PlainError(msgspec.Struct):
    """An error outside of every dialect, such as a method that a path does not take."""

    status: Literal["error"]
    error: str
    message: str


def paths() -> Json:
    """Path -> method -> operation, of everything that the front door answers."""
    found: Json = {"/healthz": {"get": _healthz()}, "/readyz": {"get": _readyz()}}
    for dialect in dialects.load():
        for path in dialect.routes:
            found[path] = {"post": _operation(dialect, path, dialect.shape.exchanges[path])}
    return found


def schemas() -> Json:
    """Every type that `paths` names."""
    types: list[Any] = [Alive, Ready, NotReady, PlainError]
    for dialect in dialects.load():
        types.append(dialect.shape.error)
        for exchange in dialect.shape.exchanges.values():
            types += (*exchange.requests, *exchange.answers)
    return components(types)


def security_schemes() -> Json:
    """The keys of the front door, each in the header where its producers send it."""
    return {
        _BEARER: {"type": "http", "scheme": "bearer", "description": "A write key, hr_write_..."},
        _OWN: {
            "type": "apiKey",
            "in": "header",
            "name": "x-eventbunker-write-key",
            "description": "A write key, hr_write_...",
        },
    }


def components(types: Iterable[Any]) -> Json:
    """Name -> JSON schema of these types and all that they are made of."""
    return msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")[1]


def schema(*types: Any) -> Json:
    """A reference to a type, or to several of which one holds."""
    found = list(msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")[0])
    return found[0] if len(found) == 1 else {"anyOf": found}


def response(description: str, *types: Any, headers: Iterable[str] = ()) -> Json:
    """One response in JSON. Every answer has a request id."""
    named = {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *headers)}
    return {"description": description, "headers": named, "content": {JSON: {"schema": schema(*types)}}}


def method_not_allowed(error: Any) -> Json:
    """What every path answers to another method."""
    return response(_STATUSES[405], error, headers=("Allow",))


def _operation(dialect: Dialect, path: str, exchange: Exchange) -> Json:
    shape = dialect.shape
    body: Json = {JSON: {"schema": schema(*exchange.requests), "example": exchange.example}}
    if exchange.lines:
        line = msgspec.json.encode(exchange.example).decode()
        body[LINES] = {"schema": {"type": "string", "description": "One event a line."}, "example": f"{line}\n"}
    key = _BEARER if shape.key_header == "Authorization" else _OWN
    return {
        "operationId": dialect.name + path.replace("/", "_"),
        "tags": [shape.title],
        "summary": exchange.summary,
        "security": [{key: []}, *([{}] if dialect.public else [])],
        "parameters": [*_PARAMETERS, *(_WAITING if dialect.waits else ())],
        "requestBody": {"required": True, "content": body},
        "responses": _responses(shape.error, exchange),
    }


def _responses(error: Any, exchange: Exchange) -> Json:
    rate = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    more = {400: rate, 429: ("Retry-After", *rate), 503: ("Retry-After",)}
    said = {
        str(status): response(text, error, headers=more.get(status, ()))
        for status, text in _STATUSES.items()
        if status != 405
    }
    taken = response("Taken: the events will be stored.", *exchange.answers, headers=rate)
    return {"200": taken, **said, "405": method_not_allowed(PlainError)}


def _healthz() -> Json:
    return {
        "operationId": "healthz",
        "tags": ["Health"],
        "summary": "Whether the process answers",
        "security": [],
        "responses": {"200": response("Alive.", Alive), "405": method_not_allowed(PlainError)},
    }


def _readyz() -> Json:
    return {
        "operationId": "readyz",
        "tags": ["Health"],
        "summary": "Whether events could be taken now",
        "security": [],
        "responses": {
            "200": response("Ready.", Ready),
            "405": method_not_allowed(PlainError),
            "503": response("Not ready.", NotReady, headers=("Retry-After",)),
        },
    }
