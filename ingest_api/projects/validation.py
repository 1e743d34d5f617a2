"""Validation: what is wrong with a schema when it is set, and with the properties of an event that it is asked about.

Leaf, no I/O. What is said of an event is put in the schema's words alone: neither a value nor a name that a producer
made up is ever repeated.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import jsonschema_rs
import msgspec
from jsonschema_rs import Draft202012Validator, ValidationError

from ingest_api.errors import Detail
from ingest_api.projects.project import Invalid
from ingest_api.projects.schema import REJECTED, Schema

MAX_BYTES = 64 * 1024
#: fields that are named of one event, and characters of each
MAX_FIELDS, MAX_FIELD = 10, 200

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
#: each violation costs microseconds to find; of properties with more commas than this one is told
_MOST_COMMAS = 100
#: a schema that refers to itself could name a field by endlessly many paths
_MOST_REFS = 3
_MOST_LIMIT = 60
#: validators that are kept, of all projects
_COMPILED = 1024
#: a linear engine with bounded programs: no pattern can take long, whatever text it meets
_PATTERNS = jsonschema_rs.RegexOptions(size_limit=1024 * 1024, dfa_size_limit=1024 * 1024)
_NO_PATTERN = (
    "is no regular expression, or one that cannot be checked in linear time: there is no look-around, no "
    "back-reference and no huge repetition"
)
#: keyword -> how many parts of an evaluation's path are its own, and what it adds to the field's name
_STEPS: dict[object, tuple[int, str]] = {
    "patternProperties": (2, ".*"),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "propertyNames"), (1, ".*")),
    **dict.fromkeys(("items", "contains", "unevaluatedItems"), (1, "[]")),
    "prefixItems": (2, "[]"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "dependentSchemas"), (2, "")),
    **dict.fromkeys(("if", "then", "else", "not"), (1, "")),
}
_REFS = ("$ref", "$dynamicRef")
_SAID = {
    "required": "is required",
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties"), "is not known"),
    **dict.fromkeys(("falseSchema", "unevaluatedItems"), "is not allowed"),
}
#: what is told of other keywords is their limit, for these, and the keyword alone for the rest
_LIMITS = frozenset(
    (
        *("type", "enum", "const", "format", "pattern", "multipleOf", "minimum", "maximum", "exclusiveMinimum"),
        *("exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    )
)


class Violation(NamedTuple):
    """What is wrong with one field, named by a path of the schema: price, items[].sku, * for any name it leaves open.

    `$` is the properties as a whole.
    """

    field: str
    message: str

    @property
    def reason(self) -> str:
        """Why an event with it is rejected."""
        return f"{REJECTED}{self.field}: {self.message}"


def checked(schema: dict[str, Any]) -> str:
    """A schema as JSON, once it was found good. Raises `Invalid` with the place of what is wrong."""
    text = msgspec.json.encode(schema)
    if len(text) > MAX_BYTES:
        raise _invalid([], f"is larger than {MAX_BYTES} bytes")
    if schema.get("$schema", _DRAFT) != _DRAFT:
        raise _invalid(["$schema"], f"must be {_DRAFT}, or be left out")
    try:
        _compiled(text.decode())
    except ValidationError as error:
        raise _invalid(error.instance_path, _complaint(error)) from error
    except ValueError as error:
        raise _invalid([], f"cannot be used: {error}") from error
    return text.decode()


def violations(schema: Schema, properties: bytes, *, first: bool = False) -> list[Violation]:
    """What is wrong with an event's properties, each field once, in the order of the fields; with `first` one at most.

    The same properties give the same answer. What is no JSON has no violations: others refuse it.
    """
    try:
        read = msgspec.json.decode(properties)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    validator = _compiled(schema.text)
    if validator.is_valid(read):
        return []
    if first or properties.count(b",") > _MOST_COMMAS:
        try:
            validator.validate(read)
        except ValidationError as error:
            return [_violation(error)]
    by_field = {one.field: one for one in sorted(map(_violation, validator.iter_errors(read)), reverse=True)}
    return sorted(by_field.values())[:MAX_FIELDS]


@lru_cache(maxsize=_COMPILED)
def _compiled(text: str) -> Draft202012Validator:
    """References that leave the document are refused here, as are formats that nobody knows."""
    return Draft202012Validator(
        text, validate_formats=True, ignore_unknown_formats=False, pattern_options=_PATTERNS, offline=True
    )


def _violation(error: ValidationError) -> Violation:
    keyword, limit = error.kind.name, ""
    if keyword in _LIMITS:
        limit = " " + msgspec.json.encode(error.kind.value).decode()
    message = _SAID.get(keyword) or f"must satisfy {keyword}{limit[:_MOST_LIMIT]}"
    return Violation(_field(error), message)


def _field(error: ValidationError) -> str:
    path, found, at, refs = error.evaluation_path, "", 0, 0
    while at < len(path):
        word = path[at]
        if word == "properties":
            found += f".{path[at + 1]}"
            at += 2
        elif word in _REFS and refs < _MOST_REFS:
            refs += 1
            at += 1
        elif word in _STEPS:
            own, adds = _STEPS[word]
            found += adds
            at += own
        else:
            break
    if error.kind.name == "required":
        found += f".{error.kind.value}"
    plain = "".join(letter if letter.isprintable() else "?" for letter in found.removeprefix("."))
    return plain.replace(": ", ":")[:MAX_FIELD] or "$"


def _complaint(error: ValidationError) -> str:
    if error.kind.name in {"format", "pattern"} and error.message.endswith('is not a "regex"'):
        return _NO_PATTERN
    if error.kind.name == "$ref":
        return f"a reference must lead to a place in the schema itself: {error.message}"
    return error.message


def _invalid(path: list[str | int], message: str) -> Invalid:
    place = ".".join(["schema", *map(str, path)])[:MAX_FIELD]
    return Invalid.of(Detail(place, message[:MAX_FIELD]))
