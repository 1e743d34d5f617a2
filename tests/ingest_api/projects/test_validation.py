"""What is refused when one is set, and what is said of properties that are not so."""

import subprocess
import sys
from typing import Any

import jsonschema_rs
import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.projects.project import Invalid
from ingest_api.projects.schema import Schema
from ingest_api.projects.validation import MAX_BYTES, MAX_FIELD, MAX_FIELDS, Violation, checked, violations

ORDER: dict[str, Any] = {
    "$defs": {"money": {"required": ["amount"], "properties": {"amount": {"type": "number", "minimum": 0}}}},
    "type": "object",
    "required": ["plan"],
    "properties": {
        "plan": {"enum": ["free", "pro"]},
        "price": {"$ref": "#/$defs/money"},
        "mail": {"format": "email"},
        "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "items": {
            "items": {"required": ["sku"], "properties": {"sku": {"type": "string"}}, "additionalProperties": False}
        },
        "pair": {"prefixItems": [{"type": "string"}], "items": False},
        "labels": {"additionalProperties": {"type": "integer"}},
        "either": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
        "a: b\n": {"type": "integer"},
    },
    "patternProperties": {"^x_": {"type": "integer"}},
    "dependentRequired": {"mail": ["consent"]},
    "additionalProperties": False,
}


def wrong(schema: dict[str, Any], properties: object, *, first: bool = False) -> list[Violation]:
    return violations(Schema(checked(schema), "warn", 1, 0), orjson.dumps(properties), first=first)


@pytest.mark.parametrize(
    ("properties", "field", "message"),
    [
        ({}, "plan", "is required"),
        ({"plan": "gold"}, "plan", 'must satisfy enum ["free","pro"]'),
        ({"plan": "pro", "price": {}}, "price.amount", "is required"),
        ({"plan": "pro", "price": {"amount": -1}}, "price.amount", "must satisfy minimum 0"),
        ({"plan": "pro", "mail": "x", "consent": 1}, "mail", 'must satisfy format "email"'),
        ({"plan": "pro", "mail": "a@example.com"}, "consent", "is required"),
        ({"plan": "pro", "code": "abc"}, "code", 'must satisfy pattern "^[A-Z]{2}$"'),
        ({"plan": "pro", "items": [{"sku": "a"}, {"sku": 1}]}, "items[].sku", 'must satisfy type ["string"]'),
        ({"plan": "pro", "items": [{"sku": "a", "their own": 1}]}, "items[].*", "is not known"),
        ({"plan": "pro", "pair": ["a", "b"]}, "pair[]", "is not allowed"),
        ({"plan": "pro", "labels": {"their own": "x"}}, "labels.*", 'must satisfy type ["integer"]'),
        ({"plan": "pro", "either": "x"}, "either", "must satisfy anyOf"),
        ({"plan": "pro", "x_their": "x"}, "*", 'must satisfy type ["integer"]'),
        ({"plan": "pro", "their own": "x"}, "*", "is not known"),
        ({"plan": "pro", "a: b\n": "x"}, "a:b?", 'must satisfy type ["integer"]'),
    ],
)
def test_a_violation_names_its_field_in_the_words_of_the_schema(
    properties: dict[str, Any], field: str, message: str
) -> None:
    assert Violation(field, message) in wrong(ORDER, properties)
    assert wrong(ORDER, {"plan": "pro"}) == []


def test_neither_a_value_nor_a_name_of_the_producers_is_repeated() -> None:
    secret = "jane@example.com"
    rest = dict.fromkeys(ORDER["properties"], secret)
    found = wrong(ORDER, {secret: secret, "items": [{secret: secret}], "x_": secret, "labels": {secret: secret}} | rest)
    found += wrong({"propertyNames": {"maxLength": 3}, "not": {"required": [secret[:4]]}, "const": 1}, {secret: secret})
    assert len(found) == 8
    assert secret not in "".join(one.reason for one in found)


def test_what_is_wrong_with_the_whole_has_a_name_too() -> None:
    assert wrong({"minProperties": 1}, {}) == [("$", "must satisfy minProperties 1")]


def test_fields_come_once_each_in_their_order_and_not_more_than_a_few() -> None:
    schema = {"additionalProperties": {"type": "integer"}, "properties": {f"f{n:02}": False for n in range(40)}}
    found = wrong(schema, {f"f{n:02}": 1 for n in range(40)} | {f"x{n}": "s" for n in range(40)})
    assert [one.field for one in found] == ["*", *(f"f{n:02}" for n in range(MAX_FIELDS - 1))]


def test_of_very_many_values_one_violation_is_told_and_always_the_same() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    properties = {"b": 1, "a": 1} | {f"x{n}": n for n in range(200)}
    assert len(wrong(schema, properties)) == 1
    assert wrong(schema, properties) == wrong(schema, properties)
    assert len(wrong(schema, {"b": 1, "a": 1})) == 2
    assert len(wrong({"items": False, "properties": {"n": {"items": False}}}, {"n": list(range(30_000))})) == 1


def test_a_schema_that_refers_to_itself_does_not_make_endless_names() -> None:
    tree = {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "value": {"type": "integer"}}}
    properties: dict[str, Any] = {"value": "x"}
    for side in ("left", "right") * 15:
        properties = {side: properties}
    assert [one.field for one in wrong(tree, properties)] == ["right.left.right.left"]


def test_long_names_are_cut() -> None:
    (found,) = wrong({"properties": {"n" * 999: {"const": "v" * 999}}}, {"n" * 999: 1})
    assert (len(found.field), len(found.message) < 100) == (MAX_FIELD, True)


@pytest.mark.parametrize(
    ("schema", "place", "why"),
    [
        ({"type": "objekt"}, "schema.type", "objekt"),
        ({"properties": {"price": {"minimum": "0"}}}, "schema.properties.price.minimum", "not of type"),
        ({"properties": []}, "schema.properties", "not of type"),
        ({"properties": {"a": {"pattern": "("}}}, "schema.properties.a.pattern", "no regular expression"),
        ({"properties": {"a": {"pattern": "(?=a)"}}}, "schema.properties.a.pattern", "linear time"),
        ({"properties": {"a": {"pattern": r"(a)\1"}}}, "schema.properties.a.pattern", "linear time"),
        ({"properties": {"a": {"pattern": "((a{100}){100}){100}"}}}, "schema.properties.a.pattern", "huge repetition"),
        ({"patternProperties": {"(?<!a)b": True}}, "schema.patternProperties.(?<!a)b", "linear time"),
        ({"properties": {"a": {"format": "emial"}}}, "schema.properties.a.format", "emial"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "schema.$schema", "2020-12"),
        ({"$ref": "#/$defs/nowhere"}, "schema", "in the schema itself"),
        ({"$dynamicRef": "#nowhere"}, "schema", "in the schema itself"),
        ({"description": "x" * MAX_BYTES}, "schema", f"larger than {MAX_BYTES} bytes"),
    ],
)
def test_a_wrong_schema_is_refused_with_the_place(schema: dict[str, Any], place: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(schema)
    (detail,) = refused.value.details
    assert detail.field == place
    assert why in detail.message
    assert len(detail.message) <= MAX_FIELD


@pytest.mark.parametrize(
    "reference", ["https://example.com/x.json", "http://127.0.0.1:1/x", "file:///etc/hostname", "other.json", "//x/y"]
)
@pytest.mark.parametrize("base", [{}, {"$id": "https://example.com/order"}])
def test_a_reference_that_leaves_the_schema_is_refused_and_not_fetched(reference: str, base: dict[str, str]) -> None:
    with pytest.raises(Invalid, match="must lead to a place in the schema itself"):
        checked({**base, "properties": {"a": {"$ref": reference}}})


def test_references_within_the_schema_are_followed() -> None:
    inside = {"$id": "https://example.com/order", "$defs": {"one": {"$id": "one", "type": "integer"}}}
    assert wrong({**inside, "properties": {"a": {"$ref": "one"}}}, {"a": "x"}) == [
        ("a", 'must satisfy type ["integer"]')
    ]


def test_a_schema_that_only_refers_to_itself_ends() -> None:
    assert wrong({"allOf": [{"$ref": "#"}], "$ref": "#"}, {"a": 1}) == []


@pytest.mark.parametrize("depth", [200, 100_000])
def test_a_schema_that_is_nested_too_deep_is_refused(depth: int) -> None:
    text = b'{"not":' * depth + b"{}" + b"}" * depth
    with pytest.raises((Invalid, RecursionError)):  # the reader of the body tells the second apart
        checked(msgspec.json.decode(text))


_SLOW = """
import orjson
from ingest_api.projects.schema import Schema
from ingest_api.projects.validation import checked, violations
for pattern in (r"^(a+)+$", r"^(a|aa)+$", r"^(.*)*x$", r"^([a-z]+)*[0-9]$", r"(x+x+)+y"):
    one = Schema(checked({"properties": {"a": {"pattern": pattern}}}), "warn", 1, 0)
    assert violations(one, orjson.dumps({"a": "a" * 60_000 + "!"})), pattern
    assert violations(one, orjson.dumps({"a": "x" * 60_000 + "!"})), pattern
"""


def test_patterns_that_are_catastrophic_elsewhere_end() -> None:
    """A backtracking engine does not come back from the first of them."""
    done = subprocess.run([sys.executable, "-c", _SLOW], timeout=60, capture_output=True, check=False)
    assert done.stderr == b""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
KNOWN = st.sampled_from([*ORDER["properties"], "x_", "consent"])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KNOWN | st.text(max_size=5), JSON, max_size=8))
def test_every_verdict_is_that_of_the_validator(properties: dict[str, Any]) -> None:
    plain = jsonschema_rs.Draft202012Validator(ORDER, validate_formats=True)
    raw = msgspec.json.encode(properties)
    schema = Schema(checked(ORDER), "warn", 1, 0)
    assert bool(violations(schema, raw)) is not plain.is_valid(msgspec.json.decode(raw))
    assert len(violations(schema, raw, first=True)) == bool(violations(schema, raw))


@given(st.binary(max_size=50) | st.sampled_from([b"[" * 100_000, b'{"a":1e999}', b'{"a":"\\ud800"}', b"\xff"]))
def test_what_is_no_json_is_left_to_others(raw: bytes) -> None:
    violations(Schema(checked({"type": "object"}), "warn", 1, 0), raw)
    assert violations(Schema(checked({"type": "object"}), "warn", 1, 0), b"\xff" + raw) == []
